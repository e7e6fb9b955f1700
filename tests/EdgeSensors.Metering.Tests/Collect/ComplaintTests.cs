using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>What users of other collectors complained of, each named by its report: here it does not happen.</summary>
public sealed class ComplaintTests
{
    private static ExportMessage Template(ExportMessage message) => message.Set(2, set => set.Template(256, (8, 4), (2, 4), (1, 4)));

    private static ExportMessage Data(ExportMessage message, int records = 1) => message.Set(256, set =>
    {
        for (var index = 0; index < records; index++)
            set.U32(0xC0000201).U32(10).U32(1000);
    });

    /// <summary>netsampler/goflow2 #330: templates are lost when the collector is restarted, and data is dropped until the router sends them again.</summary>
    [Fact]
    public void Goflow2_330_templates_outlive_a_restart_of_the_collector_and_data_waits_for_those_that_do_not()
    {
        var path = Path.GetTempFileName();
        var first = new CollectorRig();
        first.Add(Data(Template(ExportMessage.Ipfix(1_000_000, 0)), 3));
        Assert.True(TemplateFile.TrySave(path, first.Collector, out _));

        var second = new CollectorRig();
        Assert.True(TemplateFile.TryLoad(path, second.Collector, out _));
        second.Now += 5;
        second.Add(Data(ExportMessage.Ipfix(1_000_005, 3), 4));
        Assert.Equal((4, 0L, 0L), (second.Flows.Count, second.Totals.HeldSetCount, second.Report().MissingCount));

        // And without the file nothing is dropped either: it waits.
        var third = new CollectorRig();
        third.Add(Data(ExportMessage.Ipfix(1_000_000, 0), 4));
        Assert.Empty(third.Flows);
        third.Now += 60;
        third.Add(Template(ExportMessage.Ipfix(1_000_060, 4)));
        Assert.Equal((4, 0L), (third.Flows.Count, third.Totals.DroppedSetCount));
        File.Delete(path);
    }

    /// <summary>netsampler/goflow2 #206: the sampling rate is 0, as the options come in a record with other fields before the rate, or from another port than the data.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Goflow2_206_the_sampling_rate_is_found_behind_other_options_fields_and_from_another_port(bool otherPort)
    {
        var rig = new CollectorRig();
        var options = ExportMessage.NetFlow9(500_000, 1_000_000, 7, source: 9)
            .Set(1, set => set.U16(300).U16(4).U16(16).U16(1).U16(4).U16(48).U16(1).U16(84).U16(8).U16(49).U16(1).U16(50).U16(4).U16(0))
            .Set(300, set => set.U32(0).U8(2).Bytes("sampler1"u8).U8(2).U32(1000).U16(0));
        var port = otherPort ? new ExporterEndpoint(CollectorRig.Router.Address, 50_009) : CollectorRig.Router;
        var data = ExportMessage.NetFlow9(500_000, 1_000_000, 8, source: 9).Set(0, set => set.Template(256, (8, 4), (2, 4), (1, 4), (48, 1)));
        rig.Add(data);
        rig.Now += 1;
        rig.Add(options, port);
        rig.Now += 1;
        rig.Add(ExportMessage.NetFlow9(502_000, 1_000_002, 9, source: 9).Set(256, set => set.U32(1).U32(10).U32(1000).U8(2).U8(0).U16(0)));
        Assert.Equal((1000.0, SamplingSource.Sampler), (Assert.Single(rig.Flows).Sampling.OneIn, rig.Flows[0].Sampling.Source));
        Assert.Equal((10L, 10_000.0), (rig.Totals.PacketCount, rig.Totals.ScaledPacketCount));
    }

    [Fact]
    public void Goflow2_206_two_sessions_that_state_different_rates_make_it_unknown_and_not_either()
    {
        var rig = new CollectorRig();
        rig.Add(Template(ExportMessage.Ipfix(1_000_000, 0)));
        foreach (var (port, rate) in new[] { (50_001, 100U), (50_002, 200U) })
        {
            rig.Now += 1;
            rig.Add(
                ExportMessage.Ipfix(1_000_000, 0).Set(3, set => set.U16(300).U16(2).U16(1).U16(149).U16(4).U16(34).U16(4)).Set(300, set => set.U32(1).U32(rate)),
                new ExporterEndpoint(CollectorRig.Router.Address, (ushort)port));
        }

        rig.Now += 1;
        rig.Add(Data(ExportMessage.Ipfix(1_000_003, 0)));
        Assert.False(Assert.Single(rig.Flows).Sampling.IsKnown);
        Assert.Equal((1L, 0.0), (rig.Totals.UnknownSamplingFlowCount, rig.Totals.ScaledPacketCount));
    }

    /// <summary>phaag/nfdump #231: samplingInterval (34) in IPFIX options is not taken, and counts are as if every packet had been looked at.</summary>
    [Fact]
    public void Nfdump_231_samplingInterval_in_IPFIX_options_scales_and_without_it_the_rate_is_unknown_not_1()
    {
        var rig = new CollectorRig();
        rig.Add(Data(Template(ExportMessage.Ipfix(1_000_000, 0))));
        Assert.False(rig.Flows[0].Sampling.IsKnown);
        rig.Add(ExportMessage.Ipfix(1_000_001, 1).Set(3, set => set.U16(512).U16(3).U16(1).U16(144).U16(4).U16(41).U16(8).U16(34).U16(4)).Set(512, set => set.U32(1).U64(99).U32(1000)));
        rig.Add(Data(ExportMessage.Ipfix(1_000_002, 2)));
        Assert.Equal(1000.0, rig.Flows[1].Sampling.OneIn);
        Assert.Equal((20L, 10_000.0, 10L), (rig.Totals.PacketCount, rig.Totals.ScaledPacketCount, rig.Totals.UnknownSamplingPacketCount));
    }

    /// <summary>netsampler/goflow2 #105: flows are missing from the output, and nothing says so.</summary>
    [Fact]
    public void Goflow2_105_every_record_sent_is_a_flow_or_is_counted_as_missing_held_or_unreadable()
    {
        var rig = new CollectorRig(new CollectorOptions { HoldTime = TimeSpan.FromSeconds(30) });
        var random = new Random(105);
        uint sequence = 0;
        long sent = 0;
        for (var message = 0; message < 2000; message++)
        {
            rig.Now += 0.1;
            var records = random.Next(1, 25);
            var datagram = Data(message % 100 == 0 ? Template(ExportMessage.Ipfix((uint)rig.Now, sequence)) : ExportMessage.Ipfix((uint)rig.Now, sequence), records);
            sequence += (uint)records;
            sent += records;
            // One in ten is lost on its way, the first template among them.
            if (message != 0 && random.Next(10) != 0)
                rig.Add(datagram);
        }

        rig.Add(ExportMessage.Ipfix((uint)rig.Now + 1, sequence));
        // The stream began before it was heard: what was lost before the first message that came is known to nobody.
        var report = rig.Report();
        Assert.True(report.MissingCount > 0);
        Assert.InRange(rig.Flows.Count + report.MissingCount, sent - 24, sent);
    }
}
