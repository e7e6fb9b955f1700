using System.Buffers.Binary;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Ebpf;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>The kernel's judgement of single frames, by runs of the program on trial; skipped, saying why, where bpf(2) is not allowed.</summary>
public sealed class XdpFilterTests
{
    private const ulong Never = ulong.MaxValue;

    [Theory]
    [InlineData("198.51.100.7", new ushort[0])]
    [InlineData("2001:db8:1::7", new ushort[0])]
    [InlineData("198.51.100.7", new ushort[] { 0x8100 })]
    [InlineData("2001:db8:1::7", new ushort[] { 0x8100 })]
    [InlineData("198.51.100.7", new ushort[] { 0x88A8, 0x8100 })]
    [InlineData("2001:db8:1::7", new ushort[] { 0x88A8, 0x8100 })]
    public void A_listed_source_is_dropped_and_counted_behind_up_to_two_tags_and_others_pass(string source, ushort[] tags)
    {
        using var filter = FilterOrSkip();
        Put(filter, Never, source);
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame(source, tags), 3));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.8", tags)));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("2001:db8:1::8", tags)));
        Assert.Equal(new XdpHits(3, 3 * 60), Hits(filter)[source]);
    }

    [Fact]
    public void What_is_not_understood_or_cut_short_passes()
    {
        using var filter = FilterOrSkip();
        Put(filter, Never, "198.51.100.7", "2001:db8:1::7");
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7", [0x88A8, 0x8100, 0x8100])));
        foreach (var source in (string[])["198.51.100.7", "2001:db8:1::7"])
        {
            foreach (var tags in (ushort[][])[[], [0x8100], [0x88A8, 0x8100]])
            {
                var frame = Frame(source, tags);
                var needed = 14 + (4 * tags.Length) + (source.Contains(':', StringComparison.Ordinal) ? 40 : 20);
                for (var length = 14; length < frame.Length; length++)
                {
                    Assert.Equal(length < needed ? XdpProgram.Pass : XdpProgram.Drop, Judge(filter, frame.AsSpan(0, length)));
                }
            }
        }
    }

    [Fact]
    public void Any_frame_is_judged_as_a_plain_reading_of_it_says()
    {
        using var filter = FilterOrSkip();
        Prefix[] listed = [.. from p in (string[])["0.0.0.0/1", "10.0.0.0/8", "192.0.2.0/24", "8000::/1", "2001:db8::/32"] select Prefix.Parse(p)];
        Prefix[] allowed = [Prefix.Parse("10.128.0.0/9"), Prefix.Parse("2001:db8:8000::/33")];
        Assert.Null(filter.Allow(allowed));
        Assert.Null(filter.Change([.. listed.Select(prefix => new XdpEntry(prefix, Never))], [], out _));
        var random = new Random(7);
        ushort[] kinds = [0x0800, 0x86DD, 0x8100, 0x88A8];
        for (var i = 0; i < 5000; i++)
        {
            var frame = new byte[random.Next(14, 96)];
            random.NextBytes(frame);
            for (var at = 12; at < 26 && at + 6 <= frame.Length && random.Next(8) > 0; at += 4)
            {
                var kind = kinds[random.Next(kinds.Length)];
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), kind);
                if (kind is 0x0800 or 0x86DD)
                {
                    frame[at + 2] = (byte)(random.Next(4) == 0 ? random.Next(256) : kind == 0x0800 ? 0x45 : 0x60);
                    break;
                }
            }

            var source = SourceOf(frame).ToArray();
            var expected = listed.Any(p => p.Contains(source)) && !allowed.Any(p => p.Contains(source)) ? XdpProgram.Drop : XdpProgram.Pass;
            Assert.True(expected == Judge(filter, frame), $"{expected} {Convert.ToHexString(frame)}");
        }
    }

    [Fact]
    public void The_owners_prefixes_win_and_are_taken_back()
    {
        using var filter = FilterOrSkip();
        Put(filter, Never, "198.51.100.0/24", "198.51.100.7", "2001:db8:1::/48");
        Assert.Null(filter.Allow([Prefix.Parse("198.51.100.0/29"), Prefix.Parse("2001:db8:1::/64")]));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7")));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("2001:db8:1::7")));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.8")));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("2001:db8:1:1::7")));
        Assert.Null(filter.Allow([]));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.7")));
    }

    [Fact]
    public void An_entry_lapses_by_the_kernels_clock_with_nobody_looking_after_it()
    {
        using var filter = FilterOrSkip();
        Put(filter, BootClock.Nanoseconds - 1, "198.51.100.7");
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7")));
        Put(filter, BootClock.Nanoseconds + 60_000_000_000, "198.51.100.7");
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.7")));
        Put(filter, BootClock.Nanoseconds + 200_000_000, "198.51.100.7");
        Assert.True(SpinWait.SpinUntil(() => Judge(filter, Frame("198.51.100.7")) == XdpProgram.Pass, 10_000));
    }

    [Fact]
    public void A_change_loses_no_hit_and_a_place_used_again_begins_at_nothing()
    {
        using var filter = FilterOrSkip(capacity: 2);
        Put(filter, Never - 1, "198.51.100.7", "198.51.100.8");
        Judge(filter, Frame("198.51.100.7"), 5);
        Put(filter, Never, "198.51.100.7");
        Judge(filter, Frame("198.51.100.7"), 2);
        Assert.Equal(7ul, Hits(filter)["198.51.100.7"].Packets);

        Assert.Null(filter.Change([new XdpEntry(Prefix.Parse("2001:db8:1::7"), Never)], [Prefix.Parse("198.51.100.7")], out var last));
        Assert.Equal([(Prefix.Parse("198.51.100.7"), new XdpHits(7, 420))], last);
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.7")));
        Assert.Equal(0ul, Hits(filter)["2001:db8:1::7"].Packets);
        Judge(filter, Frame("2001:db8:1::7"), 4);
        Assert.Equal(4ul, Hits(filter)["2001:db8:1::7"].Packets);
        Assert.Equal(0ul, Hits(filter)["198.51.100.8"].Packets);
    }

    [Fact]
    public void A_full_list_says_so_and_keeps_what_it_holds()
    {
        using var filter = FilterOrSkip(capacity: 2);
        Put(filter, Never, "198.51.100.7");
        var error = filter.Change([.. ((string[])["198.51.100.8", "198.51.100.9"]).Select(p => new XdpEntry(Prefix.Parse(p), Never))], [], out _);
        Assert.Equal(EbpfFault.NoRoom, error?.Fault);
        Assert.Equal(2, filter.Count);
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.8")));
        Assert.Equal(XdpProgram.Pass, Judge(filter, Frame("198.51.100.9")));
        Assert.Null(filter.Change([new XdpEntry(Prefix.Parse("198.51.100.9"), Never)], [Prefix.Parse("198.51.100.7")], out _));
        Assert.Equal(XdpProgram.Drop, Judge(filter, Frame("198.51.100.9")));
    }

    internal static XdpFilter FilterOrSkip(int capacity = 64)
    {
        if (XdpFilter.TryCreate(capacity, out var filter, out var error))
        {
            return filter;
        }

        Assert.SkipWhen(error.Fault is EbpfFault.NotSupported or EbpfFault.NotPermitted, error.Message);
        Assert.Fail(error.Message + error.VerifierLog);
        return null!;
    }

    private static void Put(XdpFilter filter, ulong expiresAt, params string[] prefixes) =>
        Assert.Null(filter.Change([.. prefixes.Select(p => new XdpEntry(Prefix.Parse(p), expiresAt))], [], out _));

    private static Dictionary<string, XdpHits> Hits(XdpFilter filter)
    {
        var hits = new Dictionary<string, XdpHits>();
        Assert.Null(filter.ReadHits((prefix, found) => hits.Add(prefix.ToString(), found)));
        return hits;
    }

    private static uint Judge(XdpFilter filter, ReadOnlySpan<byte> frame, int repeat = 1)
    {
        Assert.Null(filter.Program.TestRun(frame, repeat, out var result, out _));
        return result;
    }

    /// <summary>60 octets of IP behind Ethernet and tags.</summary>
    private static byte[] Frame(string source, params ushort[] tags)
    {
        var address = Prefix.Parse(source);
        var frame = new byte[14 + (4 * tags.Length) + 60];
        var at = 12;
        foreach (var tag in tags)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), tag);
            at += 4;
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), (ushort)(address.IsIPv4 ? 0x0800 : 0x86DD));
        var ip = frame.AsSpan(at + 2);
        ip[0] = (byte)(address.IsIPv4 ? 0x45 : 0x60);
        BinaryPrimitives.WriteUInt16BigEndian(ip[(address.IsIPv4 ? 2 : 4)..], (ushort)(address.IsIPv4 ? 60 : 20));
        address.CopyAddress(ip[(address.IsIPv4 ? 12 : 8)..]);
        return frame;
    }

    /// <summary>The source address, or nothing where there is none to be read.</summary>
    private static ReadOnlySpan<byte> SourceOf(ReadOnlySpan<byte> frame)
    {
        var at = 12;
        for (var tags = 0; tags <= 2; tags++, at += 4)
        {
            if (frame.Length < at + 2)
            {
                return default;
            }

            var ip = frame[(at + 2)..];
            switch (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]))
            {
                case 0x0800:
                    return ip.Length >= 20 && ip[0] >> 4 == 4 ? ip.Slice(12, 4) : default;
                case 0x86DD:
                    return ip.Length >= 40 && ip[0] >> 4 == 6 ? ip.Slice(8, 16) : default;
                case 0x8100 or 0x88A8:
                    break;
                default:
                    return default;
            }
        }

        return default;
    }
}
