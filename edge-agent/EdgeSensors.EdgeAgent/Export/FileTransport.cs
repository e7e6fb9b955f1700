using EdgeSensors.Metering.Export;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>An IPFIX file: messages one after the other (RFC 5655 §4).</summary>
/// <param name="file">Where to; disposed of.</param>
internal sealed class FileTransport(Stream file) : IExportTransport
{
    /// <inheritdoc/>
    public bool IsLossy => false;

    /// <inheritdoc/>
    public int MaxMessageLength => IpfixExporterOptions.LongestMessage;

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> message)
    {
        file.Write(message);
        return true;
    }

    /// <inheritdoc/>
    public void Complete() => file.Flush();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
