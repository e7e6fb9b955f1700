using CsCheck;
using EdgeSensors.Protocol.Tests.Cddl;
using EdgeSensors.Protocol.Tests.Vectors;

namespace EdgeSensors.Protocol.Tests;

/// <summary>Wall 7: any octets give a message or a typed error.</summary>
public class DecodingTests
{
    private static readonly CddlSchema Schema = new(File.ReadAllText(FindSchema()));

    [Fact]
    public void Random_octets_never_throw() =>
        Gen.Byte.Array[0, 300].Select(Gen.Int[0, Codec.Rules.Length - 1].Select(i => Codec.Rules[i])).Sample((bytes, rule) => AssertTotal(rule, bytes), iter: 20_000);

    [Fact]
    public void Mutated_messages_never_throw_and_what_is_read_fits_the_schema()
    {
        var vectors = SampleMessages.All.Values.Where(v => v.Rule != "will").ToArray();
        Gen.Select(Gen.Int[0, vectors.Length - 1].Select(i => vectors[i]), Gen.Int[0, 1 << 20], Gen.Byte, Gen.Int[0, 3], (vector, at, value, how) => (vector.Rule, Mutate(vector.Cbor, at, value, how)))
            .Sample((rule, bytes) => AssertTotal(rule, bytes), iter: 40_000);
    }

    [Fact]
    public void A_payload_over_its_topic_s_limit_is_refused_unread()
    {
        Assert.Null(Codec.TryDecodeAndEncode("ack", new byte[65], out var error));
        Assert.Equal(ProtocolErrorKind.TooLong, error.Kind);
    }

    [Fact]
    public void Traffic_without_an_authorisation_is_refused()
    {
        var report = ReportCodec.Encode(new ReportMessage { Id = new(1, 1), WindowStart = default, WindowEnd = default, Measurement = new(), Total = new Counters(1, 2, 3) });
        Assert.False(ReportCodec.TryDecode(report, out _, out var error));
        Assert.Equal(ProtocolErrorKind.MissingField, error.Kind);
    }

    [Fact]
    public void A_map_that_is_not_in_deterministic_order_is_refused()
    {
        var ack = Convert.FromHexString("a3199c4201199c4101199c4001"); // 40002 before 40001 before 40000
        Assert.Null(Codec.TryDecodeAndEncode("ack", ack, out var error));
        Assert.Equal(ProtocolErrorKind.Malformed, error.Kind);
    }

    [Fact]
    public void An_unknown_key_is_skipped()
    {
        var ack = Convert.FromHexString("a4199c4001199c4101199c420119ffff81f6");
        Assert.True(AckCodec.TryDecode(ack, out var message, out _));
        Assert.Equal(new MessageId(1, 1), message!.UpTo);
    }

    [Fact]
    public void Another_version_is_refused_as_such()
    {
        Assert.False(AckCodec.TryDecode(Convert.FromHexString("a3199c4002199c4101199c4201"), out _, out var error));
        Assert.Equal(ProtocolErrorKind.UnsupportedVersion, error.Kind);
    }

    [Fact]
    public void Text_that_could_carry_content_is_refused()
    {
        var status = StatusCodec.Encode(new StatusMessage
        {
            Id = new(1, 1), ObservedAt = default, Kind = SensorKind.Agent, SoftwareVersion = "GET / HTTP", Witness = "none", Enforcer = "nftables", Outbox = default,
        });
        Assert.False(StatusCodec.TryDecode(status, out _, out var error));
        Assert.Equal(ProtocolErrorKind.InvalidField, error.Kind);
    }

    private static void AssertTotal(string rule, byte[] bytes)
    {
        var again = Codec.TryDecodeAndEncode(rule, bytes, out var error);
        if (again is null)
        {
            Assert.False(string.IsNullOrEmpty(error.Reason));
            Assert.InRange(error.Offset, 0, bytes.Length);
        }
        else
        {
            Assert.Null(Schema.Check(rule, CddlValue.Read(again)));
        }
    }

    private static byte[] Mutate(byte[] message, int at, byte value, int how)
    {
        var position = at % message.Length;
        switch (how)
        {
            case 0: return [.. message.AsSpan(0, position), value, .. message.AsSpan(position + 1)];
            case 1: return [.. message.AsSpan(0, position), .. message.AsSpan(position + 1)];
            case 2: return [.. message.AsSpan(0, position), value, .. message.AsSpan(position)];
            default: return message[..position];
        }
    }

    private static string FindSchema()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeSensors.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return Path.Combine(folder, "protocol", "edgesensors.cddl");
    }
}
