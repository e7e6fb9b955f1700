using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using static EdgeSensors.Metering.Tests.Flows.Packets;

namespace EdgeSensors.Metering.Tests.Flows;

public class FlowTableTests
{
    private const TcpControlBits Syn = TcpControlBits.Syn;
    private const TcpControlBits Ack = TcpControlBits.Ack;
    private const TcpControlBits Fin = TcpControlBits.Fin;
    private const TcpControlBits Rst = TcpControlBits.Rst;

    private static readonly FlowTableOptions Options = new()
    {
        IdleTimeout = TimeSpan.FromSeconds(10), ActiveTimeout = TimeSpan.FromSeconds(60), ClosedTimeout = TimeSpan.FromSeconds(2),
    };

    [Fact]
    public void Both_directions_are_one_biflow_and_the_first_sender_is_the_initiator()
    {
        var record = Assert.Single(Meter(Udp(0, fromClient: false, 100), Udp(1, fromClient: true, 20), Udp(2, fromClient: false, 0)));
        Assert.Equal((Server, 53, Client, 40000), (record.Source.ToString(), record.SourcePort, record.Destination.ToString(), record.DestinationPort));
        Assert.Equal((2, 128 + 28, 1), (record.Forward.PacketCount, record.Forward.OctetCount, record.Forward.PayloadPacketCount));
        Assert.Equal((1, 48, 1), (record.Reverse.PacketCount, record.Reverse.OctetCount, record.Reverse.PayloadPacketCount));
        Assert.Equal((StartNs, StartNs + 2_000_000), (record.FirstNs, record.LastNs));
        Assert.Equal((StartNs + 1_000_000, StartNs + 1_000_000), (record.Reverse.FirstNs, record.Reverse.LastNs));
        Assert.Equal(FlowEndReason.ForcedEnd, record.EndReason);
    }

    [Fact]
    public void A_silence_longer_than_the_idle_timeout_divides_and_the_next_sender_initiates()
    {
        var records = Meter(Udp(0, true), Udp(10_000, false), Udp(20_001, false));
        Assert.Equal([FlowEndReason.IdleTimeout, FlowEndReason.ForcedEnd], records.Select(record => record.EndReason));
        Assert.Equal([Client, Server], records.Select(record => record.Source.ToString()));
        Assert.Equal([2, 1], records.Select(record => record.PacketCount));
    }

    [Fact]
    public void A_long_flow_is_exported_at_the_active_timeout_and_continued_in_the_same_direction()
    {
        var records = Meter([.. Enumerable.Range(0, 28).Select(i => Udp(i * 5_000, fromClient: i % 2 == 0))]);
        Assert.Equal([FlowEndReason.ActiveTimeout, FlowEndReason.ActiveTimeout, FlowEndReason.ForcedEnd], records.Select(record => record.EndReason));
        Assert.Equal([false, true, true], records.Select(record => record.Continued));
        Assert.All(records, record => Assert.Equal(Client, record.Source.ToString()));
        Assert.Equal(28, records.Sum(record => record.PacketCount));
    }

    [Fact]
    public void A_continued_flow_without_another_packet_leaves_no_empty_record()
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        for (var i = 0; i <= 12; i++)
            table.Add(Udp(i * 5_000, true));
        table.AdvanceTo(StartNs + 61_000_000_000);
        Assert.Equal(FlowEndReason.ActiveTimeout, Assert.Single(list.Records).EndReason);
        table.AdvanceTo(StartNs + 200_000_000_000);
        table.Flush();
        Assert.Single(list.Records);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Silent_flows_leave_by_time_alone()
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        for (var port = 1; port <= 1000; port++)
            table.Add(Udp(port, true, port: port));
        table.AdvanceTo(StartNs + 10_000_000_000);
        Assert.Equal(1000, table.Count);
        table.AdvanceTo(StartNs + 11_200_000_000);
        Assert.Equal((0, 1000), (table.Count, list.Records.Count));
        Assert.All(list.Records, record => Assert.Equal(FlowEndReason.IdleTimeout, record.EndReason));
    }

    [Fact]
    public void FIN_from_both_sides_or_RST_closes_and_the_stragglers_still_belong_to_it()
    {
        var fin = Assert.Single(Meter(Tcp(0, true, Syn), Tcp(1, false, Fin | Ack), Tcp(2, true, Fin | Ack), Tcp(3, false, Ack)));
        Assert.Equal((FlowEndReason.EndOfFlow, true, 4), (fin.EndReason, fin.Closed, fin.PacketCount));
        var half = Assert.Single(Meter(Tcp(0, true, Syn), Tcp(1, false, Fin | Ack), Tcp(2, true, Ack)));
        Assert.Equal((FlowEndReason.ForcedEnd, false), (half.EndReason, half.Closed));
        var reset = Assert.Single(Meter(Tcp(0, true, Syn), Tcp(1, false, Rst | Ack)));
        Assert.Equal((FlowEndReason.EndOfFlow, Syn, Rst | Ack), (reset.EndReason, reset.Forward.TcpFlags, reset.Reverse.TcpFlags));
    }

    [Fact]
    public void A_SYN_after_the_close_begins_a_new_flow_and_so_does_anything_after_the_closed_timeout()
    {
        Assert.Equal([2, 1], Meter(Tcp(0, true, Syn), Tcp(1, false, Rst), Tcp(2, true, Syn)).Select(record => record.PacketCount));
        Assert.Equal([2, 1], Meter(Tcp(0, true, Syn), Tcp(1, false, Rst), Tcp(2_002, true, Ack)).Select(record => record.PacketCount));
        Assert.Single(Meter(Tcp(0, true, Syn), Tcp(1, false, Syn | Ack), Tcp(2, true, Syn)));
    }

    [Fact]
    public void A_handshake_is_complete_only_when_the_initiator_acknowledges_what_the_responder_chose()
    {
        PacketHeader[] opening = [Tcp(0, true, Syn, sequence: 5), Tcp(1, false, Syn | Ack, sequence: 0xFFFFFFFF, acknowledgement: 6)];
        Assert.True(Assert.Single(Meter([.. opening, Tcp(2, true, Ack, acknowledgement: 0)])).HandshakeCompleted);
        Assert.False(Assert.Single(Meter([.. opening, Tcp(2, true, Ack, acknowledgement: 0x80000000)])).HandshakeCompleted);
        Assert.False(Assert.Single(Meter([.. opening, Tcp(2, true, Rst | Ack, acknowledgement: 0)])).HandshakeCompleted);
        Assert.False(Assert.Single(Meter(opening)).HandshakeCompleted);
        Assert.False(Assert.Single(Meter(Tcp(0, true, Syn), Tcp(1, true, Ack, acknowledgement: 1))).HandshakeCompleted);
    }

    [Fact]
    public void An_ICMP_error_marks_the_flow_that_it_refuses()
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        var probe = Udp(0, true);
        table.Add(in probe);
        Assert.True(table.MarkRefused(in probe));
        Assert.False(table.MarkRefused(Udp(0, true, port: 9)));
        table.Add(Udp(1, false, port: 77));
        Assert.True(table.MarkRefused(Udp(1, true, port: 77))); // the responder's packets are not the initiator's attempt
        table.Flush();
        Assert.Equal([true, false], list.Records.Select(record => record.RefusedByIcmp));
    }

    [Fact]
    public void An_echo_request_and_its_reply_are_one_biflow_and_another_identifier_is_another()
    {
        var records = Meter(Icmp(0, true, 8, 0, 1), Icmp(1, false, 0, 0, 1), Icmp(2, true, 8, 0, 2), Icmp(3, false, 3, 1, 0));
        Assert.Equal([2, 1, 1], records.Select(record => record.PacketCount));
        Assert.Equal((0x0800, 0x0000, true), (records[0].Forward.IcmpTypeCode, records[0].Reverse.IcmpTypeCode, records[0].Reverse.HasIcmp));
        Assert.Equal((0x0301, false), (records[2].Forward.IcmpTypeCode, records[2].Reverse.HasIcmp));
    }

    [Fact]
    public void Later_fragments_are_metered_with_their_first_one()
    {
        var first = Udp(0, true, 100) with { Fragment = FragmentKind.First, FragmentKey = 9 };
        var later = Udp(1, true, 100) with { Fragment = FragmentKind.Later, FragmentKey = 9, SourcePort = 0, DestinationPort = 0, HasPorts = false };
        var record = Assert.Single(Meter(first, later));
        Assert.Equal((2L, (ushort)53), (record.Forward.PacketCount, record.DestinationPort));
        Assert.Equal([53, 0], Meter(first, later with { FragmentKey = 10 }).Select(lost => lost.DestinationPort));
        Assert.Equal([53, 0], Meter(first, later with { TimestampNs = later.TimestampNs + 31_000_000_000 }).Select(lost => lost.DestinationPort));
    }

    [Fact]
    public void VLANs_keep_flows_apart_unless_told_otherwise()
    {
        PacketHeader[] packets = [Udp(0, true) with { VlanId = 1 }, Udp(1, false) with { VlanId = 2 }, Udp(1, false) with { VlanId = 1, CustomerVlanId = 3 }];
        Assert.Equal(3, Meter(packets).Count);
        var list = new RecordList();
        var table = new FlowTable(Options with { SeparateVlans = false }, list);
        foreach (var packet in packets)
            table.Add(in packet);
        table.Flush();
        Assert.Equal(1, Assert.Single(list.Records).VlanId);
    }

    [Fact]
    public void A_full_table_lets_the_longest_silent_go_and_counts_them()
    {
        var list = new RecordList();
        var table = new FlowTable(Options with { MaxFlows = 4 }, list);
        for (var port = 1; port <= 6; port++)
            table.Add(Udp(port, true, port: port));
        Assert.Equal((4, 2L), (table.Count, table.EvictedCount));
        Assert.Equal([1, 2], list.Records.Select(record => (int)record.SourcePort));
        Assert.All(list.Records, record => Assert.Equal(FlowEndReason.LackOfResources, record.EndReason));
    }

    [Fact]
    public void A_clock_set_back_neither_ends_flows_nor_stops_expiry()
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        table.Add(Udp(1_000_000, true, port: 1));
        table.Add(Udp(0, true, port: 2));
        Assert.Empty(list.Records);
        table.AdvanceTo(StartNs + 11_500_000_000);
        Assert.Equal(2, Assert.Single(list.Records).SourcePort);
    }

    [Fact]
    public void A_record_takes_160_octets_and_a_keyed_packet_88()
    {
        Assert.Equal(160, System.Runtime.CompilerServices.Unsafe.SizeOf<BiflowRecord>());
        Assert.Equal(88, System.Runtime.CompilerServices.Unsafe.SizeOf<KeyedPacket>());
    }

    [Fact]
    public void Means_and_variances_are_those_of_the_packets()
    {
        PacketHeader[] packets = [Udp(0, true, 72), Udp(10, true, 172), Udp(40, true, 1_172), Udp(41, false, 72), Udp(45, true, 72)];
        var record = Assert.Single(Meter(packets));
        Assert.Equal((400.0, 215_000.0), (record.Forward.SizeMean, record.Forward.SizeVariance)); // 100, 200, 1200, 100
        Assert.Equal(15e6, record.Forward.GapMeanNs); // 10, 30, 5 ms
        Assert.Equal(((25 + 225 + 100) / 3.0) * 1e12, record.Forward.GapVariance, 1e6);
        Assert.Equal((100.0, 0.0, 0.0, 0.0), (record.Reverse.SizeMean, record.Reverse.SizeVariance, record.Reverse.GapMeanNs, record.Reverse.GapVariance));
    }

    [Fact]
    public void The_outcome_says_how_far_a_connection_got()
    {
        PacketHeader[] opening = [Tcp(0, true, Syn, sequence: 5), Tcp(1, false, Syn | Ack, sequence: 9, acknowledgement: 6)];
        PacketHeader[] standing = [.. opening, Tcp(2, true, Ack, sequence: 6, acknowledgement: 10)];
        Assert.Equal(FlowOutcome.Attempted, Of(Tcp(0, true, Syn)));
        Assert.Equal(FlowOutcome.Refused, Of(Tcp(0, true, Syn), Tcp(1, false, Rst | Ack)));
        Assert.Equal(FlowOutcome.HalfOpen, Of(opening));
        Assert.Equal(FlowOutcome.ResetByInitiator, Of([.. opening, Tcp(2, true, Rst)]));
        Assert.Equal(FlowOutcome.Established, Of(standing));
        Assert.Equal(FlowOutcome.ResetByResponder, Of([.. standing, Tcp(3, false, Rst)]));
        Assert.Equal(FlowOutcome.HalfClosed, Of([.. standing, Tcp(3, false, Fin | Ack)]));
        Assert.Equal(FlowOutcome.Closed, Of([.. standing, Tcp(3, false, Fin | Ack), Tcp(4, true, Fin | Ack)]));
        Assert.Equal(FlowOutcome.Unknown, Of(Tcp(0, true, Ack, 10), Tcp(1, false, Ack)));
        Assert.Equal((FlowOutcome.Attempted, FlowOutcome.Established), (Of(Udp(0, true)), Of(Udp(0, true), Udp(1, false))));

        static FlowOutcome Of(params PacketHeader[] packets) => Assert.Single(Meter(packets)).Outcome;
    }

    [Fact]
    public void Details_are_kept_where_they_are_asked_for()
    {
        var kept = new DetailList();
        var table = new FlowTable(Options with { Detail = true }, kept);
        PacketHeader[] packets =
        [
            Tcp(0, true, Syn, sequence: 5) with { HopLimit = 60, TcpWindow = 9 },
            Tcp(3, false, Syn | Ack, sequence: 9, acknowledgement: 6) with { HopLimit = 50, TcpWindow = 9 },
            Tcp(4, true, Ack, 100, sequence: 6, acknowledgement: 10) with { HopLimit = 64, TcpWindow = 9 },
            Tcp(5, true, Ack, 100, sequence: 6, acknowledgement: 10) with { HopLimit = 62, TcpWindow = 9 }, // again
            Tcp(6, true, Ack, 1, sequence: 105, acknowledgement: 10) with { HopLimit = 62, TcpWindow = 9 }, // a keep-alive
            Tcp(7, false, Ack, sequence: 10, acknowledgement: 106) with { HopLimit = 50 }, // a window of 0
        ];
        foreach (var packet in packets)
            table.Add(in packet);
        table.Flush();
        var detail = Assert.Single(kept.Details);
        Assert.Equal((40, 140, 60, 64, 62.0), (detail.Forward.MinIpLength, detail.Forward.MaxIpLength, detail.Forward.MinTtl, detail.Forward.MaxTtl, detail.Forward.TtlMean));
        Assert.Equal((1u, 0u, 0u, 1u), (detail.Forward.RetransmissionCount, detail.Reverse.RetransmissionCount, detail.Forward.ZeroWindowCount, detail.Reverse.ZeroWindowCount));
        Assert.Equal(3_000_000, detail.HandshakeNs);
        Assert.Equal(
            [new FirstPacket(0, 40, true), new FirstPacket(3_000, 40, false), new FirstPacket(1_000, 140, true), new FirstPacket(1_000, 140, true), new FirstPacket(1_000, 41, true), new FirstPacket(1_000, 40, false)],
            detail.First.ToArray());
    }

    [Fact]
    public void The_steady_state_allocates_nothing_per_packet()
    {
        var table = new FlowTable(Options with { MaxFlows = 5_000 }, new Discard());
        Run(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(1);
        // one object a packet would be over a million octets; what the runtime itself allocates while it recompiles a method is a few thousand, once
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
        Assert.True(table.ExportedCount > 100_000 && table.EvictedCount > 0);

        void Run(int round)
        {
            for (var i = 0; i < 100_000; i++)
                table.Add(Udp((round * 100_000) + i, i % 3 != 0, port: (i * 7919) & 0xFFFF));
        }
    }

    private static List<BiflowRecord> Meter(params PacketHeader[] packets)
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        foreach (var packet in packets)
            table.Add(in packet);
        table.Flush();
        return list.Records;
    }

    private sealed class Discard : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }
    }

    private sealed class DetailList : IBiflowConsumer
    {
        public List<BiflowDetail> Details { get; } = [];

        public void OnBiflow(ref readonly BiflowRecord record) => Assert.Fail("without its detail");

        public void OnBiflow(ref readonly BiflowRecord record, ref readonly BiflowDetail detail) => Details.Add(detail);
    }
}
