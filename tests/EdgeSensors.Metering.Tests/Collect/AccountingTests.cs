using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>Sampling, sequence, restarts, clocks: what could make a figure wrong is counted, and nothing is guessed.</summary>
public sealed class AccountingTests
{
    private static ExportMessage Template(ExportMessage message) => message.Set(2, set => set.Template(256, (8, 4), (2, 4), (1, 4), (302, 4)));

    private static ExportMessage Records(ExportMessage message, int count, uint selector = 1) => message.Set(256, set =>
    {
        for (var index = 0; index < count; index++)
            set.U32(1).U32(10).U32(1000).U32(selector);
    });

    private static ExportMessage Sampler(ExportMessage message, uint selector, uint size, uint population) => message
        .Set(3, set => set.U16(300).U16(3).U16(1).U16(302).U16(4).U16(309).U16(4).U16(310).U16(4))
        .Set(300, set => set.U32(selector).U32(size).U32(population));

    [Fact]
    public void A_rate_that_nobody_stated_is_unknown_and_never_1()
    {
        var rig = new CollectorRig();
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000, 0)), 2));
        Assert.All(rig.Flows, flow => Assert.False(flow.Sampling.IsKnown));
        Assert.Equal((20, 2, 20, 0.0), (rig.Totals.PacketCount, rig.Totals.UnknownSamplingFlowCount, rig.Totals.UnknownSamplingPacketCount, rig.Totals.ScaledPacketCount));
    }

    [Fact]
    public void A_stated_rate_of_0_is_unknown()
    {
        var rig = new CollectorRig();
        rig.Add(Sampler(ExportMessage.Ipfix(1_000_000, 0), 1, 1, 0));
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_001, 1)), 1));
        rig.Add(ExportMessage.NetFlow5(1, 1000, 1_000_000, 0, sampling: 0).Bytes(new byte[48]));
        Assert.All(rig.Flows, flow => Assert.False(flow.Sampling.IsKnown));
    }

    [Fact]
    public void The_selector_named_by_the_record_gives_its_rate()
    {
        var rig = new CollectorRig();
        rig.Add(Sampler(Sampler(ExportMessage.Ipfix(1_000_000, 0), 1, 1, 256), 2, 2, 4096));
        rig.Add(Records(Records(Template(ExportMessage.Ipfix(1_000_001, 2)), 1, selector: 2), 1, selector: 1));
        Assert.Equal([2048.0, 256.0], rig.Flows.Select(flow => flow.Sampling.OneIn));
        Assert.Equal(SamplingSource.Sampler, rig.Flows[0].Sampling.Source);
        Assert.Equal((20L, (10.0 * 2048) + (10 * 256)), (rig.Totals.PacketCount, rig.Totals.ScaledPacketCount));
    }

    [Fact]
    public void A_configured_rate_wins_over_what_the_exporter_says()
    {
        var rig = new CollectorRig(new CollectorOptions { ConfiguredSampling = _ => 512 });
        rig.Add(Sampler(ExportMessage.Ipfix(1_000_000, 0), 1, 1, 256));
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_001, 1)), 1));
        Assert.Equal((512.0, SamplingSource.Configuration), (rig.Flows[0].Sampling.OneIn, rig.Flows[0].Sampling.Source));
    }

    [Fact]
    public void Lost_messages_are_counted_in_records()
    {
        var rig = new CollectorRig();
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000, 100)), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 112), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 117), 5));
        var report = rig.Report();
        Assert.Equal((7, 1, 0, 15), (report.MissingCount, report.GapCount, report.RestartCount, report.FlowCount));
    }

    [Fact]
    public void An_exporter_that_numbers_messages_by_what_ends_with_them_misses_nothing_and_has_not_restarted()
    {
        // As softflowd does.
        var rig = new CollectorRig();
        rig.Add(Template(ExportMessage.Ipfix(1_000_000, 0)));
        uint sequence = 0;
        foreach (var count in new[] { 18, 23, 5, 23, 1, 7, 7, 20 })
        {
            rig.Now += 1;
            sequence += (uint)count;
            rig.Add(Records(ExportMessage.Ipfix((uint)rig.Now, sequence), count));
        }

        var report = rig.Report();
        Assert.Equal((104, 0, 0, 0, 0), (report.FlowCount, report.MissingCount, report.GapCount, report.RestartCount, report.DiscontinuityCount));

        // And what it does lose is still found.
        sequence += 30 + 4;
        rig.Now += 1;
        rig.Add(Records(ExportMessage.Ipfix((uint)rig.Now, sequence), 4));
        Assert.Equal((30, 1), (rig.Report().MissingCount, rig.Report().GapCount));
    }

    [Fact]
    public void Loss_that_looks_like_another_way_of_counting_is_charged_once_it_is_known_to_be_none()
    {
        var rig = new CollectorRig();
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000, 100)), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 120), 20));
        Assert.Equal(0, rig.Report().MissingCount);
        rig.Add(Records(ExportMessage.Ipfix(1_000_002, 140), 3));
        Assert.Equal((15, 1), (rig.Report().MissingCount, rig.Report().GapCount));
    }

    [Fact]
    public void A_late_message_takes_back_what_its_absence_was_charged_with()
    {
        var rig = new CollectorRig();
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000, 0)), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 10), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_000, 5), 5));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 15), 5));
        var report = rig.Report();
        Assert.Equal((0, 1, 1, 20), (report.MissingCount, report.LateCount, report.GapCount, report.FlowCount));
    }

    [Fact]
    public void A_duplicate_is_not_counted_twice()
    {
        var rig = new CollectorRig();
        var message = Records(Template(ExportMessage.Ipfix(1_000_000, 0)), 5).ToArray();
        rig.Add((byte[])message.Clone());
        Assert.Equal(CollectStatus.Duplicate, rig.Add((byte[])message.Clone()));
        Assert.Equal((5, 1L), (rig.Flows.Count, rig.Report().DuplicateCount));
    }

    [Fact]
    public void Records_before_their_template_are_held_and_taken_off_the_missing()
    {
        var rig = new CollectorRig();
        rig.Add(Records(ExportMessage.Ipfix(1_000_000, 0), 5));
        Assert.Empty(rig.Flows);
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 5), 5));
        Assert.Equal(5, rig.Report().MissingCount);
        rig.Add(Template(ExportMessage.Ipfix(1_000_002, 10)));
        Assert.Equal((10, 0L, 2L), (rig.Flows.Count, rig.Report().MissingCount, rig.Totals.ReleasedSetCount));
        Assert.Equal(0, rig.Collector.HeldOctets);
        Assert.Equal(1_000_000_000_000_000, rig.Flows[0].ExportNs);
    }

    [Fact]
    public void Records_and_then_their_template_in_one_message_are_missed_by_nobody()
    {
        var rig = new CollectorRig();
        rig.Add(Template(Records(ExportMessage.Ipfix(1_000_000, 0), 5)));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 5), 1));
        Assert.Equal((6, 0L), (rig.Flows.Count, rig.Report().MissingCount));
    }

    [Fact]
    public void What_is_held_too_long_is_dropped_and_counted()
    {
        var rig = new CollectorRig(new CollectorOptions { HoldTime = TimeSpan.FromSeconds(30) });
        rig.Add(Records(ExportMessage.Ipfix(1_000_000, 0), 5));
        rig.Now += 31;
        rig.Add(Template(ExportMessage.Ipfix(1_000_031, 5)));
        Assert.Equal((0, 1L, 0L), (rig.Flows.Count, rig.Totals.DroppedSetCount, rig.Collector.HeldOctets));
        Assert.Equal(5, rig.Report().MissingCount);
    }

    [Fact]
    public void A_restart_of_a_NetFlow9_exporter_is_seen_by_its_uptime_and_its_old_templates_wait_to_be_confirmed()
    {
        var rig = new CollectorRig();
        static ExportMessage Set(ExportMessage message) => message.Set(256, set => set.U32(1).U32(10).U32(1000));
        static ExportMessage Old(ExportMessage message) => message.Set(0, set => set.Template(256, (8, 4), (2, 4), (1, 4)));
        rig.Add(Set(Old(ExportMessage.NetFlow9(5_000_000, 1_000_000, 700))));
        rig.Now += 60;
        rig.Add(Set(ExportMessage.NetFlow9(20_000, 1_000_060, 0)));
        Assert.Single(rig.Flows);
        rig.Add(ExportMessage.NetFlow9(20_001, 1_000_060, 1).Set(0, set => set.Template(256, (8, 4), (1, 4), (2, 4))));
        Assert.Equal((10L, 1000L), (rig.Flows[0].PacketCount, rig.Flows[0].OctetCount));
        Assert.Equal((1000L, 10L), (rig.Flows[1].PacketCount, rig.Flows[1].OctetCount));
        var report = rig.Report();
        Assert.Equal((1, 0), (report.RestartCount, report.MissingCount));
    }

    [Fact]
    public void A_wrap_of_the_uptime_is_no_restart()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.NetFlow9(uint.MaxValue - 1000, 1_000_000, 1).Set(0, set => set.Template(256, (8, 4), (2, 4))));
        rig.Now += 10;
        rig.Add(ExportMessage.NetFlow9(9_000, 1_000_010, 2).Set(256, set => set.U32(1).U32(2)));
        Assert.Equal((0, 1), (rig.Report().RestartCount, rig.Flows.Count));
    }

    [Fact]
    public void Two_exporters_at_one_address_are_noticed_and_a_contested_template_gives_nothing()
    {
        var rig = new CollectorRig();
        for (uint round = 0; round < 6; round++)
        {
            rig.Now += 1;
            rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000 + round, 4_000_000_000 + round)), 1));
            rig.Add(ExportMessage.Ipfix(1_000_000 + round, 1_000_000_000 + round)
                .Set(2, set => set.Template(256, (2, 4), (8, 4), (1, 4), (302, 4))).Set(256, set => set.U32(10).U32(1).U32(1000).U32(1)));
        }

        Assert.True(rig.Report().IsConflicting);
        Assert.True(rig.Totals.ContestedRecordCount > 0);
        Assert.All(rig.Flows, flow => Assert.Equal(10, flow.PacketCount));
        Assert.Equal(0, rig.Report().MissingCount);
    }

    [Fact]
    public void Line_cards_of_one_exporter_share_templates_while_both_are_alive()
    {
        var rig = new CollectorRig();
        var card = new ExporterEndpoint(CollectorRig.Router.Address, 50001);
        rig.Add(Template(ExportMessage.Ipfix(1_000_000, 0)));
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 0), 1), card);
        rig.Now += 1;
        rig.Add(Records(ExportMessage.Ipfix(1_000_002, 1), 1), card);
        Assert.Empty(rig.Flows);
        rig.Add(Records(ExportMessage.Ipfix(1_000_002, 0), 1));
        rig.Add(Records(ExportMessage.Ipfix(1_000_003, 2), 1), card);
        Assert.Equal((4, 1L), (rig.Flows.Count, rig.Totals.BorrowedTemplateCount));
    }

    [Fact]
    public void Clock_skew_is_the_least_difference_of_arrival_and_export()
    {
        var rig = new CollectorRig();
        rig.Now = 1_000_060.5;
        rig.Add(Template(ExportMessage.Ipfix(1_000_000, 0)));
        rig.Now = 1_000_063.1;
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 0), 1));
        var report = rig.Report();
        Assert.Equal(60.5, report.LeastClockOffset.TotalSeconds, 3);
        Assert.Equal(62.1, report.ClockOffset.TotalSeconds, 3);
    }

    [Fact]
    public void A_flood_of_templates_stays_within_its_bounds_and_used_ones_survive_it()
    {
        var rig = new CollectorRig(new CollectorOptions { MaxTemplates = 100, MaxTemplatesPerDomain = 20, MaxTemplateFields = 1000, MaxDomains = 50 });
        rig.Add(Records(Template(ExportMessage.Ipfix(1_000_000, 0)), 1));
        for (var port = 1; port < 2000; port++)
        {
            var message = ExportMessage.Ipfix(1_000_000, 0).Set(2, set =>
            {
                for (var id = 256; id < 300; id++)
                    set.Template(id, (8, 4), (12, 4), (1, 8));
            });
            rig.Add(message, new ExporterEndpoint(HostAddress.FromIPv4((uint)port), (ushort)port));
            Assert.True(rig.Collector.TemplateCount <= 100);
            Assert.True(rig.Collector.TemplateFieldCount <= 1000);
            Assert.True(rig.Collector.DomainCount <= 50);
        }

        Assert.True(rig.Totals.EvictedTemplateCount > 0 && rig.Totals.EvictedDomainCount > 0);
        rig.Add(Records(ExportMessage.Ipfix(1_000_001, 1), 1));
        Assert.Equal(2, rig.Flows.Count);
    }

    [Fact]
    public void Held_sets_stay_within_their_bounds()
    {
        var rig = new CollectorRig(new CollectorOptions { MaxHeldOctets = 10_000, MaxHeldOctetsPerDomain = 4_000 });
        for (uint index = 0; index < 500; index++)
        {
            rig.Add(Records(ExportMessage.Ipfix(1_000_000, index), 20), new ExporterEndpoint(HostAddress.FromIPv4(index % 7), 1));
            Assert.InRange(rig.Collector.HeldOctets, 0, 10_000);
        }

        Assert.True(rig.Totals.DroppedSetCount > 400);
    }

    [Fact]
    public void An_exporter_that_is_not_on_the_list_is_not_heard()
    {
        var rig = new CollectorRig(new CollectorOptions { Accepts = address => address != CollectorRig.Router.Address });
        Assert.Equal(CollectStatus.NotAccepted, rig.Add(Template(ExportMessage.Ipfix(1_000_000, 0))));
        Assert.Equal(0, rig.Collector.DomainCount);
    }
}
