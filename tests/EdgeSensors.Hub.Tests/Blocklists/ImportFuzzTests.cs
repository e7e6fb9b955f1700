using System.Globalization;
using System.Text;
using EdgeSensors.Hub.Blocklists.Import;

namespace EdgeSensors.Hub.Tests.Blocklists;

/// <summary>Any bytes give entries or an error: valid lists with changes, cut and glued, in every format. <c>EDGESENSORS_FUZZ</c> is a factor.</summary>
public sealed class ImportFuzzTests
{
    private static readonly byte[][] s_seeds =
    [
        "# c\n203.0.113.1\t3\n198.51.100.0/25\n198.51.100.200 - 198.51.100.203\n2001:db8::-2001:db8::ffff\n"u8.ToArray(),
        "value,reason,confidence,duration,valid_until,type\n\"203.0.113.1\",\"a \"\"b\"\"\",90,3h5m,2026-12-27T10:20:00Z,ban\n2001:db8::1,x,,7d,,captcha\n"u8.ToArray(),
        """[{"decisions":[{"scope":"Ip","value":"203.0.113.1","type":"ban","scenario":"a/b","duration":"3h59m57.6s"}],"simulated":false},{"new":[{"value":"2001:db8::1","until":"2027-01-01T00:00:00Z"}]}]"""u8.ToArray(),
        """{"response":[{"Event":{"threat_level_id":"1","Attribute":[{"type":"ip-src|port","category":"C","to_ids":true,"value":"203.0.113.2|80"}],"Object":[{"Attribute":[]}]}}]}"""u8.ToArray(),
        """{"type":"bundle","objects":[{"type":"indicator","pattern":"[ipv4-addr:value IN ('203.0.113.1', '1') OR (ipv6-addr:value = '2001:db8::1')] OR [ipv4-addr:value ISSUBSET '198.51.100.0/24']","pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z","confidence":70,"indicator_types":["c2"]}]}"""u8.ToArray(),
    ];

    private static readonly byte[][] s_spice =
    [
        "\"\\ud800\""u8.ToArray(), "\\ud800"u8.ToArray(), "null"u8.ToArray(), "1e999"u8.ToArray(), "99999999999999999999"u8.ToArray(), "[[[[[[[["u8.ToArray(), "\""u8.ToArray(), "'"u8.ToArray(),
        "\\"u8.ToArray(), [0xFF], [0xC0, 0x80], [0], "\r"u8.ToArray(), "-"u8.ToArray(), "/0"u8.ToArray(), "::-ffff::"u8.ToArray(), "{}"u8.ToArray(), "\uFEFF"u8.ToArray(), "%"u8.ToArray(),
    ];

    [Fact]
    public void Any_bytes_give_entries_or_an_error()
    {
        var factor = long.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : 1;
        var random = new Random(7);
        var formats = Enum.GetValues<ListFormat>().Select(format => (ListFormat?)format).Append(null).ToArray();
        for (var round = 0L; round < 20_000 * factor; round++)
        {
            var bytes = Mutate(random, s_seeds[random.Next(s_seeds.Length)]);
            var sink = ImportTests.Sink();
            try
            {
                var read = ListReader.TryRead(bytes, formats[random.Next(formats.Length)], sink, out var found, out var error);
                Assert.Equal(read, error is null);
                Assert.True(!read || found is not null);
                Assert.True(sink.Entries.Count <= 64 * (bytes.Length + 1));
                Assert.All(sink.Entries, entry => Assert.True(entry.NotAfter > ImportTests.Now && entry.Score is >= 1 and <= 100));
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"round {round}: {Encoding.Latin1.GetString(bytes)}\n{exception}");
            }
        }
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        if (random.Next(20) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }

        var bytes = seed.ToList();
        for (var edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(30), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes.InsertRange(at, s_spice[random.Next(s_spice.Length)]);
                    break;
                default:
                    var other = s_seeds[random.Next(s_seeds.Length)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 20)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
