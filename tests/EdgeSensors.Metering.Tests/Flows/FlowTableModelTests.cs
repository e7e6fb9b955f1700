using CsCheck;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using static EdgeSensors.Metering.Tests.Flows.Packets;

namespace EdgeSensors.Metering.Tests.Flows;

/// <summary>The table against a model that keeps every packet of every flow in a list and divides them by the definition, afterwards.</summary>
public class FlowTableModelTests
{
    private static readonly FlowTableOptions Options = new()
    {
        IdleTimeout = TimeSpan.FromMilliseconds(400), ActiveTimeout = TimeSpan.FromMilliseconds(2_000), ClosedTimeout = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>Time since the packet before, which flow, which way, which flags (TCP) and how much payload.</summary>
    private static readonly Gen<(int Step, int Flow, bool FromClient, byte Flags, int Payload)[]> Traffic = Gen.Select(
        Gen.OneOf(Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 900]),
        Gen.Int[0, 5],
        Gen.Bool,
        Gen.OneOf(Gen.Const((byte)0x10), Gen.Const((byte)0x02), Gen.Const((byte)0x11), Gen.Const((byte)0x04)),
        Gen.Int[0, 3]).Array[0, 300];

    [Fact]
    public void Any_traffic_is_divided_as_the_definition_says() => Traffic.Sample(
        traffic =>
        {
            var packets = Build(traffic);
            var list = new RecordList();
            var table = new FlowTable(Options, list);
            foreach (var packet in packets)
                table.Add(in packet);
            table.Flush();
            Assert.Equal(Divide(packets), list.Records.Select(Describe).Order(StringComparer.Ordinal));
        },
        iter: 2_000);

    [Fact]
    public void No_packet_is_lost_or_counted_twice_however_small_the_table() => Gen.Select(Traffic, Gen.Int[1, 4]).Sample(
        (traffic, maxFlows) =>
        {
            var packets = Build(traffic);
            var list = new RecordList();
            var table = new FlowTable(Options with { MaxFlows = maxFlows }, list);
            foreach (var packet in packets)
            {
                table.Add(in packet);
                Assert.InRange(table.Count, 1, maxFlows);
            }

            table.Flush();
            Assert.Equal(packets.Length, list.Records.Sum(record => record.PacketCount));
            Assert.Equal(packets.Sum(packet => (long)packet.IpLength), list.Records.Sum(record => record.OctetCount));
            Assert.Equal((list.Records.Count, list.Records.Count(record => record.EndReason == FlowEndReason.LackOfResources)), (table.ExportedCount, table.EvictedCount));
        },
        iter: 2_000);

    private static PacketHeader[] Build((int Step, int Flow, bool FromClient, byte Flags, int Payload)[] traffic)
    {
        var ms = 0;
        return [.. traffic.Select(packet =>
        {
            ms += packet.Step;
            return packet.Flow < 4
                ? Tcp(ms, packet.FromClient, (TcpControlBits)packet.Flags, packet.Payload, port: 1000 + packet.Flow)
                : Udp(ms, packet.FromClient, packet.Payload, port: 1000 + packet.Flow);
        })];
    }

    private static IEnumerable<string> Divide(PacketHeader[] packets)
    {
        var records = new List<string>();
        foreach (var flow in packets.GroupBy(packet => (packet.Protocol, Math.Max(packet.SourcePort, packet.DestinationPort))))
        {
            var current = new List<PacketHeader>();
            var initiator = flow.First().Source;
            foreach (var packet in flow)
            {
                if (current.Count > 0)
                {
                    var reason = packet.TimestampNs > SilentAt(current) || packet.TimestampNs > ActiveAt(current) ? EndOf(current, packet.TimestampNs)
                        : IsClosed(current) && packet.TcpFlags == TcpControlBits.Syn ? FlowEndReason.EndOfFlow : FlowEndReason.None;
                    if (reason != FlowEndReason.None)
                    {
                        records.Add(Describe(current, initiator, reason));
                        // A flow goes on from an active timeout in its old direction, unless it then fell silent.
                        if (reason != FlowEndReason.ActiveTimeout || packet.TimestampNs > SilentAt(current))
                            initiator = packet.Source;
                        current = [];
                    }
                }

                current.Add(packet);
            }

            records.Add(Describe(current, initiator, EndOf(current, packets[^1].TimestampNs) is var last and not FlowEndReason.None ? last : FlowEndReason.ForcedEnd));
        }

        return records.Order(StringComparer.Ordinal);
    }

    private static long SilentAt(List<PacketHeader> record) =>
        record[^1].TimestampNs + ((IsClosed(record) ? Options.ClosedTimeout : Options.IdleTimeout).Ticks * 100);

    private static long ActiveAt(List<PacketHeader> record) => record[0].TimestampNs + (Options.ActiveTimeout.Ticks * 100);

    /// <summary>Why a record has ended by a time; None while it has not, or only a flush ends it.</summary>
    private static FlowEndReason EndOf(List<PacketHeader> record, long now) =>
        IsClosed(record) ? FlowEndReason.EndOfFlow
        : now <= Math.Min(SilentAt(record), ActiveAt(record)) ? FlowEndReason.None
        : ActiveAt(record) < SilentAt(record) ? FlowEndReason.ActiveTimeout : FlowEndReason.IdleTimeout;

    private static bool IsClosed(List<PacketHeader> packets) =>
        packets.Any(packet => packet.TcpFlags.HasFlag(TcpControlBits.Rst))
        || packets.Where(packet => packet.TcpFlags.HasFlag(TcpControlBits.Fin)).Select(packet => packet.Source).Distinct().Count() == 2;

    private static string Describe(List<PacketHeader> packets, HostAddress initiator, FlowEndReason reason)
    {
        var forward = packets.Where(packet => packet.Source == initiator).ToList();
        var reverse = packets.Where(packet => packet.Source != initiator).ToList();
        return $"{initiator} {packets[0].Protocol} {Math.Max(packets[0].SourcePort, packets[0].DestinationPort)} {packets[0].TimestampNs}-{packets[^1].TimestampNs} "
            + $"{One(forward)} {One(reverse)} {reason}";

        static string One(List<PacketHeader> direction) =>
            $"{direction.Count}/{direction.Sum(packet => packet.IpLength)}/{direction.Count(packet => packet.PayloadLength > 0)}/"
            + $"{direction.Aggregate(TcpControlBits.None, (flags, packet) => flags | packet.TcpFlags)}";
    }

    private static string Describe(BiflowRecord record)
    {
        return $"{record.Source} {record.Protocol} {Math.Max(record.SourcePort, record.DestinationPort)} {record.FirstNs}-{record.LastNs} "
            + $"{One(record.Forward)} {One(record.Reverse)} {record.EndReason}";

        static string One(DirectionCounters direction) =>
            $"{direction.PacketCount}/{direction.OctetCount}/{direction.PayloadPacketCount}/{direction.TcpFlags}";
    }
}
