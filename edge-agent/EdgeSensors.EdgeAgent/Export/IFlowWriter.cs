using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Prints biflows as they end.</summary>
internal interface IFlowWriter : IBiflowConsumer, IDisposable
{
    /// <summary>Writes what is still held back.</summary>
    void Flush();
}

/// <summary>Prints none.</summary>
internal sealed class NoFlowWriter : IFlowWriter
{
    public void OnBiflow(ref readonly BiflowRecord record)
    {
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }
}
