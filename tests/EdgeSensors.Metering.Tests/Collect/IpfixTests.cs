using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>RFC 7011 and RFC 5103, promise by promise.</summary>
public sealed class IpfixTests
{
    private static readonly (int, int)[] Basic = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 8), (1, 4)];

    private static void BasicRecord(ExportMessage set) =>
        set.U32(0x0A000001).U32(0xC6336401).U16(40000).U16(443).U8(6).U64(7).U32(900);

    [Fact]
    public void A_record_is_read_by_its_template()
    {
        var rig = new CollectorRig();
        var status = rig.Add(ExportMessage.Ipfix(1_000_000, 0, domain: 9)
            .Set(2, set => set.Template(256, [.. Basic, (152, 8), (153, 8), (6, 2), (136, 1), (10, 4), (61, 1)]))
            .Set(256, set =>
            {
                BasicRecord(set);
                set.U64(999_990_000).U64(999_991_500).U16(0x1B).U8(3).U32(17).U8(1);
            }));
        Assert.Equal(CollectStatus.Ok, status);
        var flow = Assert.Single(rig.Flows);
        Assert.Equal("10.0.0.1", flow.Source.ToString());
        Assert.Equal("198.51.100.1", flow.Destination.ToString());
        Assert.Equal((40000, 443), (flow.SourcePort, flow.DestinationPort));
        Assert.Equal(IpProtocol.Tcp, flow.Protocol);
        Assert.Equal((7, 900), (flow.PacketCount, flow.OctetCount));
        Assert.Equal((999_990_000_000_000, 999_991_500_000_000), (flow.StartNs, flow.EndNs));
        Assert.Equal((TcpControlBits)0x1B, flow.TcpFlags);
        Assert.Equal(FlowEndReason.EndOfFlow, flow.EndReason);
        Assert.Equal((17u, 1, 9u), (flow.IngressInterface, flow.Direction, flow.ObservationDomainId));
        Assert.False(flow.IsBiflow);
        Assert.False(flow.Has(FlowFields.EgressInterface));
    }

    [Fact]
    public void Reverse_elements_make_a_biflow()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0)
            .Set(2, set => set.U16(256).U16(11)
                .U16(8).U16(4).U16(12).U16(4).U16(7).U16(2).U16(11).U16(2).U16(4).U16(1).U16(2).U16(8).U16(1).U16(4)
                .U16(0x8000 | 2).U16(4).U32(29305).U16(0x8000 | 1).U16(4).U32(29305).U16(0x8000 | 6).U16(1).U32(29305).U16(239).U16(1))
            .Set(256, set =>
            {
                BasicRecord(set);
                set.U32(5).U32(4321).U8(0x12).U8(1);
            }));
        var flow = Assert.Single(rig.Flows);
        Assert.True(flow.IsBiflow);
        Assert.Equal((5, 4321), (flow.ReversePacketCount, flow.ReverseOctetCount));
        Assert.Equal(TcpControlBits.Syn | TcpControlBits.Ack, flow.ReverseTcpFlags);
        Assert.Equal(1, flow.BiflowDirection);
    }

    [Fact]
    public void Variable_length_and_enterprise_elements_are_skipped_by_their_length()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0)
            .Set(2, set => set.U16(300).U16(5).U16(8).U16(4).U16(82).U16(0xFFFF).U16(0x8000 | 40).U16(0xFFFF).U32(6871).U16(12).U16(4).U16(1).U16(4))
            .Set(300, set =>
            {
                set.U32(1).U8(3).Bytes("ge0"u8).U8(255).U16(300).Bytes(new byte[300]).U32(2).U32(77);
                set.U32(3).U8(0).U8(0).U32(4).U32(78);
            }));
        Assert.Equal([77L, 78L], rig.Flows.Select(flow => flow.OctetCount));
        Assert.Equal("0.0.0.4", rig.Flows[1].Destination.ToString());
    }

    [Fact]
    public void Padding_ends_a_set()
    {
        var rig = new CollectorRig();
        var status = rig.Add(ExportMessage.Ipfix(1_000_000, 0)
            .Set(2, set => set.Template(256, Basic))
            .Set(256, set =>
            {
                BasicRecord(set);
                set.Bytes(0, 0, 0);
            }));
        Assert.Equal((CollectStatus.Ok, 1), (status, rig.Flows.Count));
    }

    [Fact]
    public void Two_observation_domains_may_use_one_template_id_differently()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0, domain: 1).Set(2, set => set.Template(256, (8, 4), (2, 4))));
        rig.Add(ExportMessage.Ipfix(1_000_000, 0, domain: 2).Set(2, set => set.Template(256, (2, 4), (8, 4))));
        rig.Add(ExportMessage.Ipfix(1_000_000, 0, domain: 2).Set(256, set => set.U32(5).U32(0x01020304)));
        rig.Add(ExportMessage.Ipfix(1_000_000, 0, domain: 1).Set(256, set => set.U32(0x01020304).U32(6)));
        Assert.Equal([5L, 6L], rig.Flows.Select(flow => flow.PacketCount));
        Assert.All(rig.Flows, flow => Assert.Equal("1.2.3.4", flow.Source.ToString()));
        Assert.Equal(2, rig.Collector.DomainCount);
    }

    [Fact]
    public void A_withdrawal_counts_over_a_stream_and_not_over_datagrams()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0).Set(2, set => set.Template(256, Basic).Template(257, Basic)));
        rig.Add(ExportMessage.Ipfix(1_000_001, 0).Set(2, set => set.U16(256).U16(0)));
        Assert.Equal((2, 1L), (rig.Collector.TemplateCount, rig.Totals.IgnoredWithdrawalCount));
        rig.Collector.AddMessage(CollectorRig.Router, 1, ExportMessage.Ipfix(1_000_002, 0).Set(2, set => set.U16(256).U16(0)).ToArray());
        Assert.Equal(1, rig.Collector.TemplateCount);
        rig.Collector.AddMessage(CollectorRig.Router, 1, ExportMessage.Ipfix(1_000_003, 0).Set(2, set => set.U16(2).U16(0)).ToArray());
        Assert.Equal((0, 2L), (rig.Collector.TemplateCount, rig.Totals.WithdrawnTemplateCount));
    }

    [Fact]
    public void The_outer_of_two_equal_elements_counts()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0)
            .Set(2, set => set.Template(256, (8, 4), (12, 4), (2, 4), (8, 4), (12, 4)))
            .Set(256, set => set.U32(1).U32(2).U32(1).U32(3).U32(4)));
        Assert.Equal("0.0.0.1", Assert.Single(rig.Flows).Source.ToString());
    }

    [Fact]
    public void A_sampled_frame_is_read_and_its_payload_blanked()
    {
        var rig = new CollectorRig();
        byte[] frame =
        [
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45, 0, 0, 36, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
            0x12, 0x34, 0, 53, 0, 16, 0, 0, .. "SECRET!!"u8,
        ];
        var datagram = ExportMessage.Ipfix(1_000_000, 0)
            .Set(2, set => set.Template(384, (10, 4), (312, 2), (315, 0xFFFF)))
            .Set(384, set => set.U32(7).U16(frame.Length).U8(frame.Length).Bytes(frame)).ToArray();
        rig.Add(datagram);
        var flow = Assert.Single(rig.Flows);
        Assert.Equal(("192.0.2.1", 53, 1L, 36L), (flow.Source.ToString(), flow.DestinationPort, flow.PacketCount, flow.OctetCount));
        Assert.Equal(-1, datagram.AsSpan().IndexOf("SECRET"u8));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(3)]
    [InlineData(0)]
    public void A_datagram_without_a_whole_header_is_a_typed_error(int length)
    {
        var rig = new CollectorRig();
        Assert.Equal(CollectStatus.HeaderTruncated, rig.Add(ExportMessage.Ipfix(1, 0).ToArray()[..length]));
        Assert.Equal(1, rig.Totals.Count(CollectStatus.HeaderTruncated));
    }

    [Fact]
    public void A_cut_message_gives_its_whole_sets()
    {
        var rig = new CollectorRig();
        var whole = ExportMessage.Ipfix(1_000_000, 0).Set(2, set => set.Template(256, Basic)).Set(256, BasicRecord).Set(256, BasicRecord).ToArray();
        Assert.Equal(CollectStatus.Truncated, rig.Add(whole[..^1]));
        Assert.Single(rig.Flows);
    }

    [Fact]
    public void A_template_that_describes_nothing_is_refused()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0).Set(2, set => set.Template(256, (8, 0)).Template(255, (8, 4))));
        rig.Add(ExportMessage.Ipfix(1_000_000, 0).Set(3, set => set.U16(257).U16(1).U16(0).U16(8).U16(4)));
        Assert.Equal((0, 3L), (rig.Collector.TemplateCount, rig.Totals.InvalidTemplateCount));
    }

    [Fact]
    public void Times_since_start_need_the_start_and_say_when_it_is_unknown()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 0).Set(2, set => set.Template(256, (8, 4), (22, 4), (21, 4))));
        rig.Add(ExportMessage.Ipfix(1_000_000, 0).Set(256, set => set.U32(1).U32(1000).U32(2000)));
        Assert.False(rig.Flows[0].Has(FlowFields.Times));
        Assert.Equal(1_000_000_000_000_000, rig.Flows[0].StartNs);
        rig.Add(ExportMessage.Ipfix(1_000_001, 1)
            .Set(3, set => set.U16(258).U16(2).U16(1).U16(149).U16(4).U16(160).U16(8))
            .Set(258, set => set.U32(1).U64(999_000_000)));
        rig.Add(ExportMessage.Ipfix(1_000_002, 2).Set(256, set => set.U32(1).U32(1000).U32(2000)));
        Assert.True(rig.Flows[1].Has(FlowFields.Times));
        Assert.Equal((999_001_000_000_000, 999_002_000_000_000), (rig.Flows[1].StartNs, rig.Flows[1].EndNs));
    }
}
