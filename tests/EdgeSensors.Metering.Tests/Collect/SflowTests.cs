using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>sFlow version 5.</summary>
public sealed class SflowTests
{
    private static readonly byte[] Frame =
    [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
        0x12, 0x34, 0, 53, 0, 40, 0, 0, .. "SECRET!!"u8, 0, 0,
    ];

    private static void RawHeader(ExportMessage sample) =>
        sample.Record(1, record => record.U32(1).U32(78).U32(4).U32((uint)Frame.Length).Bytes(Frame));

    private static ExportMessage FlowSample(ExportMessage message, uint rate, uint drops, uint records, Action<ExportMessage> content, uint output = 4) =>
        message.Record(1, sample =>
        {
            sample.U32(1).U32(3).U32(rate).U32(99).U32(drops).U32(3).U32(output).U32(records);
            content(sample);
        });

    [Fact]
    public void A_sampled_header_makes_a_flow_of_one_packet_and_its_payload_is_blanked()
    {
        var rig = new CollectorRig();
        var datagram = FlowSample(ExportMessage.Sflow(1, 1000, 1), 1024, 0, 2, sample =>
        {
            RawHeader(sample);
            sample.Record(1005, url => url.U32(1).U32(8).Bytes("/secret/"u8));
        }).ToArray();
        Assert.Equal(CollectStatus.Ok, rig.Add(datagram));
        var flow = Assert.Single(rig.Flows);
        Assert.Equal(("192.0.2.1", "192.0.2.2", 0x1234, 53), (flow.Source.ToString(), flow.Destination.ToString(), flow.SourcePort, flow.DestinationPort));
        Assert.Equal((1, 60, 3u, 4u), (flow.PacketCount, flow.OctetCount, flow.IngressInterface, flow.EgressInterface));
        Assert.Equal((1024.0, SamplingSource.Sample), (flow.Sampling.OneIn, flow.Sampling.Source));
        Assert.Equal((-1, -1), (datagram.AsSpan().IndexOf("SECRET"u8), datagram.AsSpan().IndexOf("secret"u8)));
        Assert.Equal((1, 1024.0), (rig.Totals.PacketCount, rig.Totals.ScaledPacketCount));
    }

    [Fact]
    public void An_expanded_sample_reads_the_same()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Sflow(1, 1000, 1).Record(3, sample =>
        {
            sample.U32(1).U32(0).U32(3).U32(512).U32(99).U32(0).U32(0).U32(70_000).U32(0).U32(80_000).U32(1);
            RawHeader(sample);
        }));
        var flow = Assert.Single(rig.Flows);
        Assert.Equal((512.0, 70_000u, 80_000u, 53), (flow.Sampling.OneIn, flow.IngressInterface, flow.EgressInterface, flow.DestinationPort));
    }

    [Fact]
    public void A_rate_of_0_is_unknown()
    {
        var rig = new CollectorRig();
        rig.Add(FlowSample(ExportMessage.Sflow(1, 1000, 1), 0, 0, 1, RawHeader));
        Assert.False(Assert.Single(rig.Flows).Sampling.IsKnown);
    }

    [Fact]
    public void Parsed_fields_serve_where_there_is_no_header()
    {
        var rig = new CollectorRig();
        rig.Add(FlowSample(ExportMessage.Sflow(1, 1000, 1), 10, 0, 2, sample => sample
            .Record(3, record => record.U32(52).U32(6).U32(0x01020304).U32(0x05060708).U32(1000).U32(80).U32(2).U32(0))
            .Record(1001, record => record.U32(42).U32(0).U32(43).U32(0))));
        var flow = Assert.Single(rig.Flows);
        Assert.Equal(("1.2.3.4", 80, TcpControlBits.Syn, 42), (flow.Source.ToString(), flow.DestinationPort, flow.TcpFlags, flow.VlanId));
    }

    [Fact]
    public void Interface_counters_go_to_health()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Sflow(1, 1000, 1).Record(2, sample => sample.U32(1).U32(3).U32(2)
            .Record(9999, record => record.U32(1))
            .Record(1, record => record.U32(3).U32(6).U64(10_000_000_000).U32(1).U32(3).U64(5000).U32(10).U32(20).U32(uint.MaxValue).U32(7).U32(8).U32(0)
                .U64(6000).U32(1).U32(2).U32(3).U32(9).U32(11).U32(0))));
        var counters = Assert.Single(rig.List.Counters);
        Assert.Equal((3u, 10_000_000_000ul, true, 5000ul, 30ul, 7u, 8u), (counters.Interface, counters.SpeedBitsPerSecond, counters.IsUp, counters.InOctets, counters.InPackets, counters.InDiscards, counters.InErrors));
        Assert.Equal((6000ul, 6ul, 9u, 11u), (counters.OutOctets, counters.OutPackets, counters.OutDiscards, counters.OutErrors));
        Assert.Empty(rig.Flows);
    }

    [Fact]
    public void What_the_agent_failed_to_sample_adds_up_from_its_running_count()
    {
        var rig = new CollectorRig();
        rig.Add(FlowSample(ExportMessage.Sflow(1, 1000, 1), 10, 500, 1, RawHeader));
        rig.Add(FlowSample(ExportMessage.Sflow(2, 2000, 1), 10, 530, 1, RawHeader));
        Assert.Equal(30, rig.Report().SampleDropCount);
    }

    [Fact]
    public void A_gap_a_late_datagram_and_a_restart_are_told_apart_by_sequence_and_uptime()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Sflow(1, 1_000_000, 0));
        rig.Add(ExportMessage.Sflow(4, 1_003_000, 0));
        rig.Add(ExportMessage.Sflow(3, 1_002_000, 0));
        var report = rig.Report();
        Assert.Equal((1, 1, 0), (report.MissingCount, report.LateCount, report.RestartCount));
        rig.Now += 120;
        rig.Add(ExportMessage.Sflow(1, 5_000, 0));
        rig.Add(ExportMessage.Sflow(2, 6_000, 0));
        report = rig.Report();
        Assert.Equal((1, 1), (report.MissingCount, report.RestartCount));
    }

    [Fact]
    public void A_frame_that_is_no_IP_is_no_flow_and_counted()
    {
        var rig = new CollectorRig();
        rig.Add(FlowSample(ExportMessage.Sflow(1, 1000, 1), 10, 0, 1, sample => sample.Record(1, record => record.U32(1).U32(64).U32(4).U32(16).Bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 6, 0, 1]))));
        Assert.Equal((0, 1L), (rig.Flows.Count, rig.Report().NotIpSampleCount));
    }

    [Fact]
    public void A_length_beyond_the_datagram_is_a_typed_error_and_the_rest_is_blanked()
    {
        var rig = new CollectorRig();
        var datagram = FlowSample(ExportMessage.Sflow(1, 1000, 2), 10, 0, 1, RawHeader).U32(1).U32(4000).Bytes("SECRET!!"u8).ToArray();
        Assert.Equal(CollectStatus.Truncated, rig.Add(datagram));
        Assert.Single(rig.Flows);
        Assert.Equal(-1, datagram.AsSpan().IndexOf("SECRET"u8));
    }
}
