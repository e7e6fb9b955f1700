using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>Keeps what a collector hands on.</summary>
internal sealed class FlowList : IExportedFlowConsumer
{
    public List<ExportedFlow> Flows { get; } = [];

    public List<InterfaceCounters> Counters { get; } = [];

    public void OnFlow(ref readonly ExportedFlow flow) => Flows.Add(flow);

    public void OnCounters(in InterfaceCounters counters) => Counters.Add(counters);
}

/// <summary>A collector with its list and its clock.</summary>
internal sealed class CollectorRig
{
    public static readonly ExporterEndpoint Router = new(HostAddress.FromIPv4(0xC0000264), 50000);

    public CollectorRig(CollectorOptions? options = null) => Collector = new FlowCollector(options ?? new CollectorOptions(), List);

    public FlowList List { get; } = new();

    public FlowCollector Collector { get; }

    public List<ExportedFlow> Flows => List.Flows;

    public CollectorTotals Totals => Collector.Totals;

    /// <summary>Seconds since the Unix epoch.</summary>
    public double Now { get; set; } = 1_000_000;

    public CollectStatus Add(ExportMessage message, ExporterEndpoint? from = null) => Add(message.ToArray(), from);

    public CollectStatus Add(byte[] datagram, ExporterEndpoint? from = null) => Collector.Add(from ?? Router, (long)(Now * 1e9), datagram);

    public EdgeSensors.Metering.Collect.Accounting.ExporterReport Report() => Assert.Single(Collector.Reports((long)(Now * 1e9)));
}
