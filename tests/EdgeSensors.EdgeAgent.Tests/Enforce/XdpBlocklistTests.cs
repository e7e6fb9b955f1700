using System.Buffers.Binary;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Metering.Ebpf;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using static EdgeSensors.EdgeAgent.Tests.Enforce.SampleSections;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>The blocklist in the kernel, by runs of the program on trial; skipped, saying why, where bpf(2) is not allowed.</summary>
public sealed class XdpBlocklistTests
{
    [Fact]
    public void Addresses_and_prefixes_of_both_families_are_dropped_at_either_end_and_counted_by_category()
    {
        using var filter = FilterOrSkip();
        Apply(
            filter, Section("c2", "198.51.100.7", "198.51.100.9"), Section("c2", "2001:db8:1::7"), Section("bogon", "203.0.113.0/28"), Section("bogon", "2001:db8:2::/48"),
            Section("spam", [Prefix.Parse("198.51.100.20")], direction: SlpfDirection.Ingress), Section("exfil", [Prefix.Parse("198.51.100.30")], direction: SlpfDirection.Egress));
        foreach (var (source, destination, dropped) in ((string, string, bool)[])
        [
            ("198.51.100.7", "192.0.2.1", true), ("192.0.2.1", "198.51.100.7", true), ("198.51.100.8", "192.0.2.1", false), ("2001:db8:1::7", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8:1::7", true), ("2001:db8::1", "2001:db8:1::8", false), ("203.0.113.15", "192.0.2.1", true), ("203.0.113.16", "192.0.2.1", false),
            ("2001:db8:2:ff::1", "2001:db8::1", true), ("198.51.100.20", "192.0.2.1", true), ("192.0.2.1", "198.51.100.20", false), ("198.51.100.30", "192.0.2.1", false),
            ("192.0.2.1", "198.51.100.30", true),
        ])
        {
            Assert.Equal((source, destination, dropped ? XdpProgram.Drop : XdpProgram.Pass), (source, destination, Judge(filter, Frame(source, destination))));
        }

        Assert.Equal([("bogon", 2ul), ("c2", 4ul), ("exfil", 1ul), ("spam", 1ul)], Hits(filter));
        Apply(filter);
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7", "192.0.2.1")));
        Assert.Equal([("bogon", 2ul), ("c2", 4ul), ("exfil", 1ul), ("spam", 1ul)], Hits(filter));
    }

    [Fact]
    public void What_is_observed_is_counted_and_passes_and_a_step_is_changed_without_an_entry()
    {
        using var filter = FilterOrSkip();
        var watched = Section("c2", [Prefix.Parse("198.51.100.7")], MitigationStep.Observe);
        Apply(filter, watched);
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7", "192.0.2.1"), 3));
        Apply(filter, watched with { Step = MitigationStep.Drop });
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.7", "192.0.2.1"), 2));
        Assert.Equal([("c2", 5ul)], Hits(filter));
    }

    [Fact]
    public void An_address_of_two_sections_stands_while_either_does_and_by_the_harder()
    {
        using var filter = FilterOrSkip();
        var (watch, drop) = (Section("scan", [Prefix.Parse("198.51.100.7")], MitigationStep.Observe), Section("c2", "198.51.100.7", "198.51.100.8"));
        var frame = Frame("198.51.100.7", "192.0.2.1");
        Apply(filter, drop, watch);
        Assert.Equal(XdpProgram.Drop, Judge(filter, frame));
        Apply(filter, watch);
        Assert.Equal(XdpProgram.Pass, Judge(filter, frame));
        Apply(filter, watch, drop);
        Assert.Equal(XdpProgram.Drop, Judge(filter, frame));
        Apply(filter, watch with { Step = MitigationStep.Drop, EndsAt = new(watch.EndsAt.Value + 1) }, drop with { Step = MitigationStep.Observe });
        Assert.Equal((XdpProgram.Drop, XdpProgram.Pass), (Judge(filter, frame), Judge(filter, Frame("198.51.100.8", "192.0.2.1"))));
        Assert.Equal([("c2", 3ul), ("scan", 2ul)], Hits(filter));
    }

    [Fact]
    public void A_section_lapses_by_the_kernels_clock_with_nobody_looking_after_it()
    {
        using var filter = FilterOrSkip();
        Assert.Null(filter.Blocklist.Apply([Section("c2", "198.51.100.7")], _ => BootClock.Nanoseconds + 300_000_000));
        Assert.True(SpinWait.SpinUntil(() => Judge(filter, Frame("198.51.100.7", "192.0.2.1")) == XdpProgram.Pass, 10_000));
        Assert.Null(filter.Blocklist.Apply([Section("c2", "198.51.100.7")], _ => ulong.MaxValue));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.7", "192.0.2.1")));
    }

    [Fact]
    public void The_owners_prefixes_win_at_either_end_and_a_rules_drop_is_the_rules()
    {
        using var filter = FilterOrSkip();
        Apply(filter, Section("c2", "198.51.100.7", "198.51.100.8"));
        Assert.Null(filter.Allow([Prefix.Parse("198.51.100.7")]));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7", "198.51.100.8")));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("192.0.2.1", "198.51.100.7")));
        Assert.Null(filter.Change([new XdpEntry(Prefix.Parse("198.51.100.8"), ulong.MaxValue)], [], out _));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.8", "192.0.2.1")));
        Assert.Equal([("c2", 0ul)], Hits(filter));
        Assert.Null(filter.Change([new XdpEntry(Prefix.Parse("198.51.100.8"), 1)], [], out _)); // the rule has ended, the list has not
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.8", "192.0.2.1")));
        Assert.Equal([("c2", 1ul)], Hits(filter));
    }

    [Fact]
    public void After_any_changes_each_address_is_judged_as_the_last_list_says()
    {
        using var filter = FilterOrSkip(4096);
        var random = new Random(11);
        Prefix Address() => Prefix.Of([198, 51, 100, (byte)random.Next(64)], random.Next(4) == 0 ? 30 : 32);
        for (var round = 0; round < 40; round++)
        {
            var sections = Enumerable.Range(0, random.Next(5)).SelectMany(number =>
            {
                var (step, direction) = ((MitigationStep)(random.Next(2) * 2), (SlpfDirection)random.Next(3));
                return Enumerable.Range(0, random.Next(1, 30)).Select(_ => Address()).GroupBy(prefix => prefix.Length)
                    .Select(group => Section($"c{number}", group, step, direction, new(Later.Value + number)));
            }).ToArray();
            Apply(filter, sections);
            for (var host = 0; host < 64; host++)
            {
                var address = Prefix.Of([198, 51, 100, (byte)host]);
                foreach (var source in (bool[])[true, false])
                {
                    // A single address goes before the prefix around it, and in each the harder and longer-lived section.
                    var holder = new[] { 32, 30 }.Select(length => sections.Where(s => s.Shape.PrefixLength == length && Holds(s, address)).Aggregate((EnforcedSection?)null, (best, s) => best is null || s.GoesBefore(best) ? s : best))
                        .FirstOrDefault(s => s is not null);
                    var expected = holder is { Step: MitigationStep.Drop } && holder.Direction != (source ? SlpfDirection.Egress : SlpfDirection.Ingress) ? XdpProgram.Drop : XdpProgram.Pass;
                    Assert.Equal(expected, Judge(filter, source ? Frame(address.ToString(), "192.0.2.1") : Frame("192.0.2.1", address.ToString())));
                }
            }
        }
    }

    [Fact]
    public void A_list_without_room_is_not_enforced_by_half()
    {
        using var filter = FilterOrSkip(capacity: 2);
        Apply(filter, Section("c2", "198.51.100.7"));
        var error = filter.Blocklist.Apply([Section("c2", "198.51.100.7", "198.51.100.8", "198.51.100.9")], _ => ulong.MaxValue);
        Assert.NotNull(error);
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7", "192.0.2.1")));
        Apply(filter, Section("c2", "198.51.100.9"));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.9", "192.0.2.1")));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.8", "192.0.2.1")));
    }

    [Theory]
    [InlineData("198.51.100.7 198.51.100.8", "198.51.100.8 198.51.100.9", "198.51.100.7", "198.51.100.9")]
    [InlineData("2001:db8:1::7 2001:db8:1::8", "2001:db8:1::8 2001:db8:1::9", "2001:db8:1::7", "2001:db8:1::9")]
    [InlineData("198.51.100.0/24 198.51.101.0/24", "198.51.101.0/24 203.0.113.0/28", "198.51.100.7", "203.0.113.9")]
    [InlineData("2001:db8:1::/48 2001:db8:2::/48", "2001:db8:2::/48 2001:db8:3::/64", "2001:db8:1::7", "2001:db8:3::9")]
    public void A_list_that_fills_the_room_takes_the_place_of_another_that_did(string before, string next, string gone, string come)
    {
        using var filter = FilterOrSkip(capacity: 2);
        var far = gone.Contains(':', StringComparison.Ordinal) ? "2001:db8::1" : "192.0.2.1";
        foreach (var _ in Enumerable.Range(0, 3))
        {
            Apply(filter, SectionsOf(before));
            Assert.Equal((XdpProgram.Drop, XdpProgram.Pass), (Judge(filter, Frame(gone, far)), Judge(filter, Frame(come, far))));
            Apply(filter, SectionsOf(next));
            Assert.Equal((XdpProgram.Pass, XdpProgram.Drop), (Judge(filter, Frame(gone, far)), Judge(filter, Frame(come, far))));
        }

        // And in each the step and the section may be others.
        Apply(filter, [.. SectionsOf(next).Select((section, i) => section with { Key = section.Key with { Category = DocumentId.Parse($"other{i}") } })]);
        Assert.Equal((XdpProgram.Pass, XdpProgram.Drop), (Judge(filter, Frame(gone, far)), Judge(filter, Frame(come, far))));
    }

    [Fact]
    public void Nothing_of_a_list_that_failed_takes_room_or_is_found_under_a_later_ones_number()
    {
        using var filter = FilterOrSkip(capacity: 2);
        Apply(filter, Section("c2", "198.51.100.7"), Section("c2", "203.0.113.0/28"));
        Assert.NotNull(filter.Blocklist.Apply([Section("c2", "198.51.100.8", "198.51.100.9", "198.51.100.10"), Section("c2", "203.0.113.16/28")], _ => ulong.MaxValue));
        Apply(filter, Section("c2", "198.51.100.20", "198.51.100.21"), Section("c2", "203.0.113.32/28", "203.0.113.48/28"));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.21", "192.0.2.1")));
        Apply(filter);

        // By now every number has been another section's.
        for (var i = 0; i < XdpBlocklist.MaxSections; i++)
        {
            Apply(filter, Section($"later{i}", "198.51.100.30"));
            string[] old = ["198.51.100.7", "198.51.100.8", "198.51.100.9", "198.51.100.10", "203.0.113.1", "203.0.113.17"];
            Assert.All(old, address => Assert.Equal(XdpProgram.Pass, Judge(filter, Frame(address, "192.0.2.1"))));
            Apply(filter);
        }
    }

    private static EnforcedSection[] SectionsOf(string prefixes) =>
        [.. prefixes.Split(' ').Select(Prefix.Parse).GroupBy(prefix => prefix.Length).Select(group => Section("c2", group))];

    private static bool Holds(EnforcedSection section, Prefix address) => Enumerable.Range(0, section.Count).Any(i => section[i].Contains(address));

    private static XdpFilter FilterOrSkip(int capacity = 64)
    {
        if (XdpFilter.TryCreate(64, out var filter, out var error, capacity))
        {
            return filter;
        }

        Assert.SkipWhen(error.Fault is EbpfFault.NotSupported or EbpfFault.NotPermitted, error.Message);
        Assert.Fail(error.Message + error.VerifierLog);
        return null!;
    }

    private static void Apply(XdpFilter filter, params EnforcedSection[] sections) => Assert.Null(filter.Blocklist.Apply(sections, _ => ulong.MaxValue)?.Message);

    private static (string, ulong)[] Hits(XdpFilter filter)
    {
        var hits = new Dictionary<DocumentId, XdpHits>();
        Assert.Null(filter.Blocklist.ReadHits(hits));
        return [.. hits.Select(hit => (hit.Key.Text, hit.Value.Packets)).Order()];
    }

    private static uint Judge(XdpFilter filter, ReadOnlySpan<byte> frame, int repeat = 1)
    {
        Assert.Null(filter.Program.TestRun(frame, repeat, out var result, out _));
        return result;
    }

    /// <summary>60 octets of IP behind Ethernet.</summary>
    private static byte[] Frame(string source, string destination)
    {
        var (from, to) = (Prefix.Parse(source), Prefix.Parse(destination));
        var frame = new byte[14 + 60];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(from.IsIPv4 ? 0x0800 : 0x86DD));
        var ip = frame.AsSpan(14);
        ip[0] = (byte)(from.IsIPv4 ? 0x45 : 0x60);
        BinaryPrimitives.WriteUInt16BigEndian(ip[(from.IsIPv4 ? 2 : 4)..], (ushort)(from.IsIPv4 ? 60 : 20));
        from.CopyAddress(ip[(from.IsIPv4 ? 12 : 8)..]);
        to.CopyAddress(ip[(from.IsIPv4 ? 16 : 24)..]);
        return frame;
    }
}
