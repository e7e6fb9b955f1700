using CsCheck;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Export;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Collect;

namespace EdgeSensors.Metering.Tests.Export;

/// <summary>What the exporter writes, the collector reads: field by field, and no sequence number is missing.</summary>
public class RoundTripTests
{
    [Fact]
    public void A_biflow_comes_back_field_by_field() => Gen.Select(AnyTraffic.Records, Gen.Int[512, 1400]).Sample(
        (records, length) => Assert.Equal(records.SelectMany(Biflow), Collected(records, length, biflows: true).Select(Describe)), iter: 300);

    [Fact]
    public void A_biflow_comes_back_as_two_flows() => Gen.Select(AnyTraffic.Records, Gen.Int[512, 1400]).Sample(
        (records, length) => Assert.Equal(records.SelectMany(Uniflows), Collected(records, length, biflows: false).Select(Describe)), iter: 300);

    private static List<ExportedFlow> Collected(List<BiflowRecord> records, int length, bool biflows)
    {
        var sent = new MessageList { MaxMessageLength = length };
        var exporter = new IpfixExporter(new IpfixExporterOptions { Biflows = biflows, ObservationDomainId = 77 }, sent, TimeProvider.System);
        foreach (var record in records)
            exporter.OnBiflow(in record);
        exporter.End();

        var rig = new CollectorRig { Now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() };
        Assert.All(sent.Messages, message => Assert.Equal(CollectStatus.Ok, rig.Add((byte[])message.Clone())));
        Assert.Equal((0, 0), (rig.Totals.HeldSetCount, rig.Totals.UnknownSamplingFlowCount));
        Assert.All(rig.Collector.Reports((long)(rig.Now * 1e9)), report => Assert.Equal(0, report.MissingCount));
        Assert.Equal(sent.Messages.Count, exporter.Totals.MessageCount);
        Assert.Equal(sent.Messages.Sum(message => message.Length), exporter.Totals.OctetCount);
        Assert.Equal(rig.Flows.Count, exporter.Totals.FlowRecordCount);
        Assert.Equal(records.Sum(record => record.PacketCount), rig.Totals.PacketCount);
        Assert.Equal(records.Sum(record => record.OctetCount), rig.Totals.OctetCount);
        Assert.All(rig.Flows, flow => Assert.Equal((77u, 1.0), (flow.ObservationDomainId, flow.Sampling.OneIn)));
        return rig.Flows;
    }

    private static IEnumerable<string> Biflow(BiflowRecord record)
    {
        if (record.Forward.PacketCount == 0 || record.Reverse.PacketCount == 0)
            return Uniflows(record);
        var (forward, reverse) = (record.Forward, record.Reverse);
        return
        [
            Text(record, record.Source, record.SourcePort, record.Destination, record.DestinationPort, 1, record.FirstNs, record.LastNs, forward)
                + $" back {reverse.PacketCount}/{reverse.OctetCount}{Tcp(record.Protocol, reverse.TcpFlags)}{Icmp(record, reverse)}",
        ];
    }

    private static IEnumerable<string> Uniflows(BiflowRecord record)
    {
        if (record.Forward is { PacketCount: > 0 } forward)
            yield return Text(record, record.Source, record.SourcePort, record.Destination, record.DestinationPort, 1, forward.FirstNs, forward.LastNs, forward);
        if (record.Reverse is { PacketCount: > 0 } reverse)
            yield return Text(record, record.Destination, record.DestinationPort, record.Source, record.SourcePort, 2, reverse.FirstNs, reverse.LastNs, reverse);
    }

    private static string Text(BiflowRecord record, HostAddress source, int sourcePort, HostAddress destination, int destinationPort, int biflowDirection, long firstNs, long lastNs, DirectionCounters counters) =>
        $"{record.IpVersion} {source}:{sourcePort} {destination}:{destinationPort} {record.Protocol} {record.VlanId}/{record.CustomerVlanId} {biflowDirection} {record.EndReason} "
        + $"{firstNs / 1_000_000}-{lastNs / 1_000_000} {counters.PacketCount}/{counters.OctetCount}{Tcp(record.Protocol, counters.TcpFlags)}{Icmp(record, counters)}";

    private static string Describe(ExportedFlow flow) =>
        $"{flow.IpVersion} {flow.Source}:{flow.SourcePort} {flow.Destination}:{flow.DestinationPort} {flow.Protocol} {flow.VlanId}/{flow.CustomerVlanId} {flow.BiflowDirection} {flow.EndReason} "
        + $"{flow.StartNs / 1_000_000}-{flow.EndNs / 1_000_000} {flow.PacketCount}/{flow.OctetCount}{(flow.Has(FlowFields.TcpFlags) ? $" {flow.TcpFlags}" : "")}{(flow.Has(FlowFields.Icmp) ? $" {flow.IcmpTypeCode}" : "")}"
        + (!flow.IsBiflow ? ""
            : $" back {flow.ReversePacketCount}/{flow.ReverseOctetCount}{(flow.Has(FlowFields.ReverseTcpFlags) ? $" {flow.ReverseTcpFlags}" : "")}{(flow.Has(FlowFields.ReverseIcmp) ? $" {flow.ReverseIcmpTypeCode}" : "")}");

    private static string Tcp(IpProtocol protocol, TcpControlBits flags) => protocol == IpProtocol.Tcp ? $" {flags}" : "";

    private static string Icmp(BiflowRecord record, DirectionCounters counters) => record.Forward.HasIcmp || record.Reverse.HasIcmp ? $" {counters.IcmpTypeCode}" : "";
}
