using System.Text;
using CsCheck;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

public sealed class NftTableTests
{
    private const string Listing = """
        {"nftables":[{"metainfo":{"version":"1.0.6","json_schema_version":1}},{"table":{"family":"inet","name":"edgesensors","handle":1}},
        {"set":{"family":"inet","name":"drop_ingress_v4_24","table":"edgesensors","type":"ipv4_addr","handle":4,"flags":["timeout"],
         "elem":[{"elem":{"val":"192.0.2.0","timeout":60,"expires":59,"comment":"rule-1 1732451234567 5 100","counter":{"packets":2,"bytes":30}}}],"stmt":[{"counter":null}]}},
        {"set":{"family":"inet","name":"limited_egress_v4_s24_d32_p_sp_dp","table":"edgesensors","type":["ipv4_addr","ipv4_addr","inet_proto","inet_service","inet_service"],"handle":7,"flags":["timeout"],
         "elem":[{"elem":{"val":{"concat":["192.0.2.0","198.51.100.1","udp",53,4]},"timeout":60,"expires":59,"comment":"rule-2 1732451234567 0 0","counter":{"packets":1,"bytes":20}}}],"stmt":[{"counter":null}]}},
        {"set":{"family":"inet","name":"allow_ingress_v6_128","table":"edgesensors","type":"ipv6_addr","handle":5,"elem":["2001:db8::1"]}},
        {"chain":{"family":"inet","table":"edgesensors","name":"arrive","handle":1,"type":"filter","hook":"prerouting","prio":-310,"policy":"accept"}},
        {"rule":{"family":"inet","table":"edgesensors","chain":"arrive","handle":6,"comment":"arrive loopback","expr":[]}}]}
        """;

    [Fact]
    public void Elements_are_read_with_their_rule_and_all_of_its_hits()
    {
        Assert.True(NftTable.TryParse(Encoding.UTF8.GetBytes(Listing), out var table));
        var element = Assert.Single(table.Sets[NftSet.Of(NftRole.Drop, false, Prefix.Parse("192.0.2.0/24"))]);
        Assert.Equal(PacketMatch.Of(Prefix.Parse("192.0.2.0/24"), egress: false), element.Key);
        Assert.Equal(("rule-1", 7ul, 130ul), (element.Value.Tag!.Value.Rule.Text, element.Value.AllPackets, element.Value.AllOctets));
        Assert.Null(Assert.Single(table.Sets[NftSet.Of(NftRole.Allow, false, Prefix.Parse("2001:db8::1"))]).Value.Tag);
        Assert.False(table.IsOurs(100)); // not all of its rules are there
    }

    [Fact]
    public void Elements_of_connections_are_read_whatever_names_the_machine_has_for_protocols()
    {
        var expected = new PacketMatch(Prefix.Parse("192.0.2.0/24"), Prefix.Parse("198.51.100.1"), 17, 53, 4);
        foreach (var protocol in (string[])["\"udp\"", "17", "\"17\""])
        {
            Assert.True(NftTable.TryParse(Encoding.UTF8.GetBytes(Listing.Replace("\"udp\"", protocol, StringComparison.Ordinal)), out var table));
            Assert.Equal(expected, Assert.Single(table.Sets[NftSet.Of(NftRole.Limited, true, expected)]).Key);
        }
    }

    [Fact]
    public void Any_listing_is_read_or_refused()
    {
        var listing = Encoding.UTF8.GetBytes(Listing);
        string[] words = ["null", "[]", "{}", "1", "-1", "1e400", "\"\"", "\"192.0.2.1/33\"", "true", "18446744073709551616"];
        Gen.Select(Gen.Int[0, listing.Length - 1], Gen.Int[0, 40], Gen.Int[0, words.Length - 1]).Sample(
            (at, length, word) =>
            {
                byte[] changed = [.. listing[..at], .. Encoding.UTF8.GetBytes(words[word]), .. listing[Math.Min(listing.Length, at + length)..]];
                _ = NftTable.TryParse(changed, out _);
            },
            iter: 20_000,
            threads: 1);
    }

    [Theory]
    [InlineData("drop_ingress_v4_32", true)]
    [InlineData("limited_egress_v6_64", true)]
    [InlineData("drop_ingress_v4_s24_d32_p_sp_dp", true)]
    [InlineData("drop_egress_v6_s128_p", true)]
    [InlineData("drop_ingress_v4_s32", false)]
    [InlineData("drop_ingress_v4_p_dp", false)]
    [InlineData("drop_ingress_v4_32_p", false)]
    [InlineData("drop_ingress_v4_s24_p_dp_sp", false)]
    [InlineData("drop_ingress_v4_s24_p_p", false)]
    [InlineData("drop_ingress_v4_33", false)]
    [InlineData("drop_ingress_v4_0", false)]
    [InlineData("drop_ingress_v4_032", false)]
    [InlineData("drop_sideways_v4_32", false)]
    [InlineData("other_ingress_v4_32", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_our_own_set_names_are_ours(string? name, bool ours)
    {
        Assert.Equal(ours, NftSet.TryParse(name, out var set));
        Assert.True(!ours || set.Name == name);
    }

    [Theory]
    [InlineData("rule-1 1732451234567 5 100", true)]
    [InlineData("rule-1 1732451234567 5", false)]
    [InlineData("rule 1 1732451234567 5 100", false)]
    [InlineData("Rule 1732451234567 5 100", false)]
    [InlineData("rule-1 -5 5 100", false)]
    [InlineData("rule-1 9999999999999999 5 100", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_our_own_comments_are_ours(string? comment, bool ours)
    {
        Assert.Equal(ours, NftElementTag.TryParse(comment, out var tag));
        Assert.True(!ours || tag.ToString() == comment);
    }
}
