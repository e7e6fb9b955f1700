using EdgeSensors.Metering.Export;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>A way out that is open.</summary>
internal interface IExportTransport : IMessageTransport, IDisposable
{
    /// <summary>Sees that what was sent has left this process and ends the transport in good order.</summary>
    /// <exception cref="IOException">It did not leave.</exception>
    void Complete();
}
