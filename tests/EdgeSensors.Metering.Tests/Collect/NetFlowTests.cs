using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>NetFlow v5 and v9 (RFC 3954).</summary>
public sealed class NetFlowTests
{
    private static ExportMessage Record5(ExportMessage message, int protocol = 6, int destinationPort = 443) => message
        .U32(0x0A000001).U32(0xC6336401).U32(0x0A0000FE).U16(3).U16(4).U32(12).U32(3456).U32(90_000).U32(95_000)
        .U16(40000).U16(destinationPort).U8(0).U8(0x1B).U8(protocol).U8(0xB8).U16(64500).U16(64501).U8(24).U8(16).U16(0);

    [Fact]
    public void A_version_5_record_is_read_whole()
    {
        var rig = new CollectorRig();
        Assert.Equal(CollectStatus.Ok, rig.Add(Record5(ExportMessage.NetFlow5(1, 100_000, 1_000_000, 7, sampling: 0x4000 | 100))));
        var flow = Assert.Single(rig.Flows);
        Assert.Equal(("10.0.0.1", "198.51.100.1", "10.0.0.254"), (flow.Source.ToString(), flow.Destination.ToString(), flow.NextHop.ToString()));
        Assert.Equal((40000, 443, IpProtocol.Tcp, 0x1B, 0xB8), (flow.SourcePort, flow.DestinationPort, flow.Protocol, (int)flow.TcpFlags, flow.TrafficClass));
        Assert.Equal((12, 3456, 3u, 4u), (flow.PacketCount, flow.OctetCount, flow.IngressInterface, flow.EgressInterface));
        Assert.Equal((64500u, 64501u, 24, 16), (flow.SourceAs, flow.DestinationAs, flow.SourcePrefixLength, flow.DestinationPrefixLength));
        Assert.Equal((999_990_000_000_000, 999_995_000_000_000), (flow.StartNs, flow.EndNs));
        Assert.Equal((100.0, SamplingSource.Header), (flow.Sampling.OneIn, flow.Sampling.Source));
    }

    [Fact]
    public void Type_and_code_of_ICMP_stand_in_the_destination_port()
    {
        var rig = new CollectorRig();
        rig.Add(Record5(ExportMessage.NetFlow5(1, 100_000, 1_000_000, 7), protocol: 1, destinationPort: 0x0301));
        rig.Add(ExportMessage.NetFlow9(1, 1_000_000, 0)
            .Set(0, set => set.Template(256, (8, 4), (11, 2), (7, 2), (4, 1))).Set(256, set => set.U32(1).U16(0x0800).U16(0).U8(1)));
        Assert.Equal([0x0301, 0x0800], rig.Flows.Select(flow => (int)flow.IcmpTypeCode));
        Assert.All(rig.Flows, flow => Assert.False(flow.Has(FlowFields.Ports)));
    }

    [Fact]
    public void A_version_5_packet_with_fewer_records_than_it_says_gives_those_it_has()
    {
        var rig = new CollectorRig();
        Assert.Equal(CollectStatus.Truncated, rig.Add(Record5(Record5(ExportMessage.NetFlow5(3, 1, 1_000_000, 0)))));
        Assert.Equal(2, rig.Flows.Count);
    }

    [Fact]
    public void Version_5_counts_records_and_version_9_packets()
    {
        var five = new CollectorRig();
        five.Add(Record5(Record5(ExportMessage.NetFlow5(2, 100_000, 1_000_000, 10))));
        five.Add(Record5(ExportMessage.NetFlow5(1, 101_000, 1_000_001, 15)));
        Assert.Equal(3, five.Report().MissingCount);
        var nine = new CollectorRig();
        nine.Add(ExportMessage.NetFlow9(100_000, 1_000_000, 10));
        nine.Add(ExportMessage.NetFlow9(101_000, 1_000_001, 13));
        Assert.Equal(2, nine.Report().MissingCount);
    }

    [Fact]
    public void Options_of_version_9_state_a_rate_for_a_sampler_an_interface_or_all()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.NetFlow9(1000, 1_000_000, 0)
            .Set(1, set => set.U16(300).U16(4).U16(8).U16(1).U16(4).U16(48).U16(1).U16(50).U16(4).U16(0))
            .Set(300, set => set.U32(0).U8(5).U32(1000))
            .Set(1, set => set.U16(301).U16(4).U16(4).U16(2).U16(4).U16(34).U16(4).U16(0))
            .Set(301, set => set.U32(77).U32(200))
            .Set(1, set => set.U16(302).U16(4).U16(4).U16(1).U16(4).U16(34).U16(4).U16(0))
            .Set(302, set => set.U32(0).U32(50))
            .Set(0, set => set.Template(256, (8, 4), (2, 4), (48, 1), (10, 2)))
            .Set(256, set => set.U32(1).U32(1).U8(5).U16(77).U32(1).U32(1).U8(9).U16(77).U32(1).U32(1).U8(9).U16(78)));
        Assert.Equal([(1000.0, SamplingSource.Sampler), (200.0, SamplingSource.Interface), (50.0, SamplingSource.Domain)],
            rig.Flows.Select(flow => (flow.Sampling.OneIn, flow.Sampling.Source)));
        Assert.Equal(3, rig.Totals.OptionsRecordCount);
    }

    [Fact]
    public void Zeros_behind_the_last_flow_set_are_no_error()
    {
        var rig = new CollectorRig();
        var message = ExportMessage.NetFlow9(1000, 1_000_000, 0).Set(0, set => set.Template(256, (8, 4), (2, 4))).Set(256, set => set.U32(1).U32(2)).Bytes(new byte[500]);
        Assert.Equal((CollectStatus.Ok, 1), (rig.Add(message), rig.Flows.Count));
    }

    [Fact]
    public void Both_address_families_in_one_template_give_the_one_that_is_filled()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.NetFlow9(1000, 1_000_000, 0).Set(0, set => set.Template(256, (27, 16), (28, 16), (8, 4), (12, 4)))
            .Set(256, set => set.Bytes(new byte[32]).U32(0x01020304).U32(5))
            .Set(256, set => set.U64(0x20010DB8_00000000).U64(1).U64(0x20010DB8_00000000).U64(2).U32(0).U32(0)));
        Assert.Equal(["1.2.3.4", "2001:db8::1"], rig.Flows.Select(flow => flow.Source.ToString()));
    }
}
