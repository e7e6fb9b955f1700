using System.Net;
using CsCheck;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Tests.Report;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Selecting;

public sealed class BlocklistMatcherTests
{
    private static readonly DocumentId[] s_categories = [DocumentId.Parse("c2"), DocumentId.Parse("scanner")];

    /// <summary>Few distinct addresses, so that entries meet in all ways: length, category, end, family.</summary>
    private static readonly Gen<(byte High, byte Low, int Length, int Category, int End, bool IPv6)[]> s_entries = Gen.Select(
        Gen.Byte[0, 3], Gen.Byte[0, 7], Gen.OneOf(Gen.Const(0), Gen.Int[0, 20]), Gen.Int[0, 1], Gen.Int[1, 3], Gen.Bool).Array[0, 60];

    [Fact]
    public void A_match_is_what_reading_the_whole_list_says() => Gen.Select(s_entries, Gen.Int[0, 3]).Sample(
        (entries, now) =>
        {
            var builder = new BlocklistBuilder();
            foreach (var entry in entries)
            {
                var octets = Address(entry.High, entry.Low, entry.IPv6);
                builder.Add(Prefix.Of(octets, (8 * octets.Length) - entry.Length), s_categories[entry.Category], new UnixMilliseconds(entry.End));
            }

            var list = builder.Build(1);
            var matcher = new BlocklistMatcher(list);
            foreach (var ipv6 in new[] { false, true })
            {
                for (var high = 0; high < 4; high++)
                {
                    for (var low = 0; low < 16; low++)
                    {
                        var octets = Address((byte)high, (byte)low, ipv6);
                        var expected = list.Sections.Where(section => section.Key.NotAfter.Value > now)
                            .Where(section => Enumerable.Range(0, section.Count).Any(place => section[place].Contains(octets))).Select(section => section.Key.Category).ToList();
                        Assert.Equal(expected.Count > 0, matcher.TryMatch(HostAddress.From(new IPAddress(octets)), new UnixMilliseconds(now), out var category));
                        Assert.True(expected.Count == 0 || expected.Contains(category));
                    }
                }
            }
        },
        iter: 400);

    /// <summary>A whole /16 of single addresses, each in two categories of which one has ended: the bucket is searched by halves.</summary>
    [Fact]
    public void A_crowded_bucket_is_searched_right()
    {
        var builder = new BlocklistBuilder();
        for (var low = 0; low < 1 << 16; low += 3)
        {
            builder.Add(Prefix.Of([198, 51, (byte)(low >> 8), (byte)low]), s_categories[0], new UnixMilliseconds(5));
            builder.Add(Prefix.Of([198, 51, (byte)(low >> 8), (byte)low]), s_categories[1], new UnixMilliseconds(9));
        }

        var matcher = new BlocklistMatcher(builder.Build(1));
        for (var low = 0; low < 1 << 16; low++)
        {
            var address = HostAddress.FromIPv4(0xC6330000u | (uint)low);
            Assert.Equal(low % 3 == 0, matcher.TryMatch(address, new UnixMilliseconds(4), out _));
            Assert.Equal(low % 3 == 0, matcher.TryMatch(address, new UnixMilliseconds(8), out var category));
            Assert.True(low % 3 != 0 || category == s_categories[1]);
            Assert.False(matcher.TryMatch(address, new UnixMilliseconds(9), out _));
        }
    }

    /// <summary>The sensor's own never-list wins over what is signed: root name servers, its own network, what its owner allows.</summary>
    [Fact]
    public void Nothing_of_the_never_list_is_listed_at_the_sensor()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000)); // within the document's time
        var later = new UnixMilliseconds(UnixMilliseconds.Now(clock).Value + 60_000);
        var builder = new BlocklistBuilder();
        foreach (var text in new[] { "198.41.0.0/24", "2001:7fd::1", "192.0.2.9", "203.0.113.7", "203.0.113.8" })
        {
            builder.Add(Prefix.Parse(text), s_categories[0], later);
        }

        var holder = new AuthorityHolder(Station.Sensor, clock, [Prefix.Parse("203.0.113.7")]);
        holder.Replace(new TrustedState
        {
            Authorization = Station.Document("192.0.2.0/24"), PseudonymKey = Station.Key, Expires = DateTimeOffset.MaxValue, Blocklist = new BlocklistMatcher(builder.Build(1)),
        });
        var listed = holder.InForce?.Listed;
        Assert.NotNull(listed);
        Assert.All(["198.41.0.4", "2001:7fd::1", "192.0.2.9", "203.0.113.7"], text => Assert.False(listed.Contains(HostAddress.From(IPAddress.Parse(text))), text));
        Assert.All(["198.41.0.5", "203.0.113.8"], text => Assert.True(listed.Contains(HostAddress.From(IPAddress.Parse(text))), text));
    }

    private static byte[] Address(byte high, byte low, bool ipv6) => ipv6 ? [0x20, 0x01, 0x0d, 0xb8, high, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low] : [203, high, 0, low];
}
