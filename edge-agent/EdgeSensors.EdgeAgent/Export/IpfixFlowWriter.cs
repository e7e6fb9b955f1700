using EdgeSensors.Metering.Export;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Sends flows to a collector, or writes them to a file, as IPFIX.</summary>
/// <param name="settings">How.</param>
/// <param name="transport">Where to; disposed of.</param>
/// <param name="clock">The clock.</param>
internal sealed class IpfixFlowWriter(ExportSettings settings, IExportTransport transport, TimeProvider clock) : IFlowWriter
{
    private readonly IpfixExporter _exporter = new(settings.Records, transport, clock);

    /// <summary>What was sent.</summary>
    public ExportTotals Totals => _exporter.Totals;

    /// <summary>What a person should know though the run succeeded, or null.</summary>
    public string? Complaint =>
        transport is UdpTransport { RefusedCount: > 0 } ? $"{settings.Destination}: nothing listens there; start the collector and send again"
        : Totals.NotSentFlowCount > 0 ? $"{settings.Destination}: {Totals.NotSentFlowCount} flow records did not leave; check the network and send again"
        : null;

    /// <inheritdoc/>
    public void OnBiflow(ref readonly BiflowRecord record) => _exporter.OnBiflow(in record);

    /// <inheritdoc/>
    public void Flush()
    {
        _exporter.End();
        transport.Complete();
    }

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();
}
