using System.Text;
using EdgeSensors.Hub.Blocklists.Import;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Blocklists;

/// <summary>Lists as others write them; the files of the data folder as they are.</summary>
public sealed class ImportTests
{
    internal static readonly UnixMilliseconds Now = new(new DateTimeOffset(2026, 11, 26, 8, 30, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
    private static readonly UnixMilliseconds s_monday = new(new DateTimeOffset(2026, 12, 7, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());

    [Fact]
    public void Text_is_read_line_by_line()
    {
        var (found, sink) = Read("""
            # comment
            203.0.113.1
            203.0.113.2   # with a comment
            203.0.113.3	3
            198.51.100.0/25 ; net
            198.51.100.200 - 198.51.100.203
            2001:db8::/48,whatever
            203.0.113.4/24
            example.org
            300.1.1.1
            6.0.0.0/7
            198.41.0.4
            """);
        Assert.Equal(ListFormat.Text, found);
        Assert.Equal(
            ["203.0.113.1 50", "203.0.113.2 50", "203.0.113.3 49", "198.51.100.0/25 50", "198.51.100.200/30 50", "2001:db8::/48 50"],
            sink.Entries.Select(entry => $"{entry.Prefix} {entry.Score}"));
        Assert.All(sink.Entries, entry => Assert.Equal(("listed", s_monday), (entry.Category.Text, entry.NotAfter)));
        Assert.Equal(
            ["a prefix too wide 1 6.0.0.0/7", "a prefix with host bits set 1 203.0.113.4/24", "no address 2 example.org", "on the never-list (198.41.0.4) 1 198.41.0.4"],
            sink.Skipped.Select(pair => $"{pair.Key} {pair.Value.Count} {pair.Value.Example}"));
    }

    [Fact]
    public void Csv_is_read_by_its_column_names()
    {
        var (found, sink) = Read("""
            "Category","IP","Confidence","valid_until"
            "Command, Control",203.0.113.1,90,2026-11-27T10:20:00Z
            scanner,"2001:db8::1",,2027-01-05T10:00:00Z
            scanner,203.0.113.2,10,2026-11-01T00:00:00Z
            too,few
            "never closed,203.0.113.3,1,
            """);
        Assert.Equal(ListFormat.Csv, found);
        Assert.Equal(
            ["203.0.113.1 command-control 90 2026-11-27T11:00:00.000Z", "2001:db8::1 scanner 50 2027-01-05T00:00:00.000Z"],
            sink.Entries.Select(entry => $"{entry.Prefix} {entry.Category} {entry.Score} {entry.NotAfter}"));
        Assert.Equal(["a line too long, or a quote that is never closed", "a line with another number of columns", "expired"], sink.Skipped.Keys);
    }

    [Theory]
    [InlineData("decisions.json", ListFormat.CrowdSec)]
    [InlineData("decisions.csv", ListFormat.Csv)]
    internal void CrowdSec_decisions_are_read_alike(string name, ListFormat expected)
    {
        var (found, sink) = Read(File.ReadAllBytes(SharedIntel.File($"crowdsec/test/bats/testdata/90_decisions/{name}")));
        Assert.Equal(expected, found);
        Assert.Equal(["1.6.11.16", "2.7.12.17", "3.8.13.18", "4.9.14.19", "5.10.15.20"], sink.Entries.Select(entry => entry.Prefix.ToString()));
        Assert.All(sink.Entries, entry => Assert.StartsWith("manual-import-from-", entry.Category.Text, StringComparison.Ordinal));
        Assert.All(sink.Entries, entry => Assert.Equal("2026-11-26T10:00:00.000Z", entry.NotAfter.ToString())); // an hour from now, up to the full hour
    }

    [Fact]
    public void CrowdSec_decisions_count_when_they_ban_addresses()
    {
        var (found, sink) = Read("""
            [{"decisions": [
                {"scope": "Ip", "value": "203.0.113.1", "type": "ban", "scenario": "crowdsecurity/ssh-bf", "duration": "3h59m57.641708614s"},
                {"scope": "Range", "value": "198.51.100.0/24", "type": "ban", "until": "2026-11-26T20:00:00Z", "duration": "-5m"},
                {"scope": "Ip", "value": "203.0.113.2", "type": "captcha", "duration": "1h"},
                {"scope": "Country", "value": "ZZ", "type": "ban", "duration": "1h"},
                {"scope": "Ip", "value": "203.0.113.3", "type": "ban", "duration": "1h", "simulated": true},
                {"scope": "Ip", "value": "203.0.113.4", "type": "ban", "duration": "-1m"}]},
             {"decisions": null}]
            """);
        Assert.Equal(ListFormat.CrowdSec, found);
        Assert.Equal(
            ["203.0.113.1 ssh-bf 2026-11-26T13:00:00.000Z", "198.51.100.0/24 listed 2026-11-26T20:00:00.000Z"],
            sink.Entries.Select(entry => $"{entry.Prefix} {entry.Category} {entry.NotAfter}"));
        Assert.Equal(
            ["a decision about something else than an address", "a decision that does not block", "a simulated decision", "expired"], sink.Skipped.Keys);
    }

    [Theory]
    [InlineData("alert_bulk.json")]
    [InlineData("alert_duplicate.json")]
    [InlineData("alert_minibulk.json")]
    [InlineData("alert_minibulk+simul.json")]
    [InlineData("alert_sample.json")]
    [InlineData("alert_ssh-bf.json")]
    [InlineData("alert_stream_fixture.json")]
    public void CrowdSec_alerts_are_read_to_their_end(string name)
    {
        var (found, sink) = Read(File.ReadAllBytes(SharedIntel.File($"crowdsec/pkg/apiserver/tests/{name}")));
        Assert.Equal(ListFormat.CrowdSec, found);
        Assert.DoesNotContain(sink.Skipped.Keys, reason => reason.StartsWith("no ", StringComparison.Ordinal));
    }

    [Fact]
    public void Misp_attributes_count_when_they_are_addresses_for_detection()
    {
        var (found, sink) = Read("""
            {"response": [{"Event": {"threat_level_id": "1", "Attribute": [
                {"type": "ip-dst", "category": "Network activity", "to_ids": true, "value": "203.0.113.1"},
                {"type": "ip-src|port", "category": "Payload delivery", "to_ids": "1", "value": "203.0.113.2|8080"},
                {"type": "ip-dst", "to_ids": false, "value": "203.0.113.3"},
                {"type": "ip-dst", "to_ids": true, "deleted": true, "value": "203.0.113.4"},
                {"type": "domain", "to_ids": true, "value": "example.org"}],
              "Object": [{"Attribute": [{"type": "ip-dst", "to_ids": true, "value": "2001:db8::7"}]}]}}]}
            """);
        Assert.Equal(ListFormat.Misp, found);
        Assert.Equal(
            ["203.0.113.1 network-activity 90", "203.0.113.2 payload-delivery 90", "2001:db8::7 listed 90"], sink.Entries.Select(entry => $"{entry.Prefix} {entry.Category} {entry.Score}"));
        Assert.Equal(3, sink.Skipped.Count);
    }

    [Fact]
    public void The_indicator_of_a_stix_example_is_read()
    {
        // Its address is 10.0.0.0, which is nobody's.
        var bytes = File.ReadAllBytes(SharedIntel.Schema("stix2-json-schemas/examples/indicator-for-c2-ip-address.json"));
        var (found, sink) = Read(bytes);
        Assert.Equal((ListFormat.Stix, 0), (found, sink.Entries.Count));
        Assert.Equal("on the never-list (10.0.0.0/8)", Assert.Single(sink.Skipped).Key);
        (_, sink) = Read(Encoding.UTF8.GetString(bytes).Replace("10.0.0.0", "203.0.113.50", StringComparison.Ordinal));
        Assert.Equal("203.0.113.50", Assert.Single(sink.Entries).Prefix.ToString());
    }

    [Theory]
    [InlineData("[ipv4-addr:value = '203.0.113.1']", "203.0.113.1")]
    [InlineData("[ipv4-addr:value='203.0.113.1' OR ipv6-addr:value = '2001:db8::1']", "203.0.113.1 2001:db8::1")]
    [InlineData("[ipv4-addr:value IN ('203.0.113.1', '203.0.113.2')] OR [ ( ipv4-addr:value ISSUBSET '198.51.100.0/24' ) ]", "203.0.113.1 203.0.113.2 198.51.100.0/24")]
    [InlineData("[network-traffic:dst_ref.value = '203.0.113.1']", "203.0.113.1")]
    public void A_pattern_of_addresses_is_read(string pattern, string addresses)
    {
        Assert.True(StixPattern.TryReadAddresses(pattern, out var read));
        Assert.Equal(addresses, string.Join(' ', read));
    }

    [Theory]
    [InlineData("[ipv4-addr:value = '203.0.113.1' AND network-traffic:dst_port = 443]")]
    [InlineData("[ipv4-addr:value != '203.0.113.1']")]
    [InlineData("[ipv4-addr:value NOT = '203.0.113.1']")]
    [InlineData("[ipv4-addr:value = '203.0.113.1'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.2']")]
    [InlineData("[ipv4-addr:value = '203.0.113.1'] REPEATS 5 TIMES")]
    [InlineData("[domain-name:value = 'example.org']")]
    [InlineData("[ipv4-addr:value = '203.0.113.1'")]
    [InlineData("")]
    public void A_pattern_that_says_more_is_not(string pattern) => Assert.False(StixPattern.TryReadAddresses(pattern, out _));

    [Theory]
    [InlineData("ipsum/levels/3.txt")]
    [InlineData("ipsum/levels/8.txt")]
    [InlineData("data-shield/prod_aa_data-shield_ipv4_blocklist.txt")]
    public void Every_line_of_a_public_list_is_an_entry_or_left_out_with_a_reason(string name)
    {
        var lines = File.ReadLines(SharedIntel.File(name)).Select(line => line.Split('#')[0].Trim()).Count(line => line.Length > 0);
        var (_, sink) = Read(File.ReadAllBytes(SharedIntel.File(name)));
        Assert.Equal(lines, sink.Entries.Count + sink.Skipped.Values.Sum(skipped => skipped.Count));
        Assert.DoesNotContain("no address", sink.Skipped.Keys);
    }

    [Fact]
    public void Ranges_are_divided_into_the_fewest_prefixes()
    {
        Assert.True(AddressRange.TryDivide(Prefix.Parse("192.0.2.1"), Prefix.Parse("192.0.2.14"), 64, out var prefixes));
        Assert.Equal(["192.0.2.1", "192.0.2.2/31", "192.0.2.4/30", "192.0.2.8/30", "192.0.2.12/31", "192.0.2.14"], prefixes.Select(prefix => prefix.ToString()));
        Assert.True(AddressRange.TryDivide(Prefix.Parse("0.0.0.0"), Prefix.Parse("255.255.255.255"), 64, out prefixes));
        Assert.Equal("0.0.0.0/0", Assert.Single(prefixes).ToString());
        Assert.True(AddressRange.TryDivide(Prefix.Parse("::"), Prefix.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 64, out prefixes));
        Assert.Equal("::/0", Assert.Single(prefixes).ToString());
        Assert.False(AddressRange.TryDivide(Prefix.Parse("192.0.2.14"), Prefix.Parse("192.0.2.1"), 64, out _));
        Assert.False(AddressRange.TryDivide(Prefix.Parse("192.0.2.14"), Prefix.Parse("::1"), 64, out _));
        Assert.False(AddressRange.TryDivide(Prefix.Parse("0.0.0.1"), Prefix.Parse("255.255.255.254"), 10, out _));
    }

    [Theory]
    [InlineData("""{"type": 1}""", "unknown-format")]
    [InlineData("""{"type": "bundle", """, "malformed")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "malformed")]
    public void What_is_no_list_is_refused_with_a_reason(string text, string kind)
    {
        Assert.False(ListReader.TryRead(Encoding.UTF8.GetBytes(text), null, Sink(), out _, out var error));
        Assert.Equal(kind, error.Kind);
    }

    internal static ImportSink Sink() => new(
        new ImportDefaults(DocumentId.Parse("listed"), 50, Now, TimeSpan.FromDays(7)), new NeverList([.. NeverList.CriticalServices, .. NeverList.SpecialPurpose]));

    internal static (ListFormat Format, ImportSink Sink) Read(byte[] bytes)
    {
        var sink = Sink();
        Assert.True(ListReader.TryRead(bytes, null, sink, out var found, out var error), error?.Message);
        return (found.Value, sink);
    }

    private static (ListFormat Format, ImportSink Sink) Read(string text) => Read(Encoding.UTF8.GetBytes(text));
}
