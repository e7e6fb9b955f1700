using CsCheck;
using EdgeSensors.Protocol.Tests.Cddl;
using EdgeSensors.Protocol.Tests.Vectors;

namespace EdgeSensors.Protocol.Tests;

/// <summary>What a tap is enrolled with over its serial line; the firmware is tested against the same vector.</summary>
public class TapEnrolmentTests
{
    private static TapEnrolment Sample => new()
    {
        Name = new(OperatorId.Parse("carrier-a"), SensorId.Parse("edge-01")),
        HubHost = "hub.example",
        MqttPort = 8883,
        CertificatePem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
        KeyPem = "-----BEGIN PRIVATE KEY-----\nAQ==\n-----END PRIVATE KEY-----\n",
        AuthorityPem = "-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----\n",
        Root = "{\"signatures\":[],\"signed\":{}}"u8.ToArray(),
        SealingKey = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(),
        Network = "事務所",
        NetworkPassphrase = "correct horse",
    };

    [Fact]
    public void The_vector_is_what_the_codec_writes_the_schema_says_and_the_codec_reads()
    {
        Assert.True(TapEnrolmentCodec.TryEncode(Sample, out var octets, out var error), error.ToString());
        var map = octets.AsMemory(TapEnrolmentCodec.HeadOctets);
        VectorFile.Check("tap/enrolment", $"tap-enrolment, after \"ESTI\", {map.Length} and CRC-32 (4 octets each)", map, octets);
        Assert.Null(new CddlSchema(File.ReadAllText(Path.Combine(VectorFile.Protocol, "edgesensors.cddl"))).Check("tap-enrolment", CddlValue.Read(map.ToArray())));
        Assert.True(TapEnrolmentCodec.TryDecode(octets, out var read, out _));
        Assert.True(TapEnrolmentCodec.TryEncode(read!, out var again, out _));
        Assert.Equal(octets, again);
    }

    [Fact]
    public void Every_octet_altered_and_every_cut_is_refused()
    {
        Assert.True(TapEnrolmentCodec.TryEncode(Sample, out var octets, out _));
        for (var i = 0; i < octets.Length; i++)
        {
            foreach (var bits in (byte[])[0x01, 0x80, 0xff])
            {
                octets[i] ^= bits;
                Assert.False(TapEnrolmentCodec.TryDecode(octets, out _, out _));
                octets[i] ^= bits;
            }

            Assert.False(TapEnrolmentCodec.TryDecode(octets.AsMemory(0, i), out _, out _));
        }

        Assert.False(TapEnrolmentCodec.TryDecode(new byte[TapEnrolmentCodec.MaxOctets + 1], out _, out var error));
        Assert.Equal(ProtocolErrorKind.TooLong, error.Kind);
    }

    [Fact]
    public void What_no_tap_would_take_is_not_written()
    {
        Assert.False(TapEnrolmentCodec.TryEncode(Sample.On("a name of more than 32 octets, see?", "x"), out _, out _));
        Assert.False(TapEnrolmentCodec.TryEncode(Sample.On("net", "not ASCII: é"), out _, out _));
        Assert.False(TapEnrolmentCodec.TryEncode(Sample.On("net", new string('a', 65)), out _, out _));
        Assert.True(TapEnrolmentCodec.TryEncode(Sample.On("", ""), out _, out _));
    }

    [Fact]
    public void Random_octets_behind_a_good_head_never_throw() => Gen.Byte.Array[0, 300].Sample(
        map =>
        {
            byte[] octets = [.. "ESTI"u8, 0, 0, (byte)(map.Length >> 8), (byte)map.Length, .. System.IO.Hashing.Crc32.Hash(map).Reverse(), .. map];
            Assert.False(TapEnrolmentCodec.TryDecode(octets, out _, out var error) || string.IsNullOrEmpty(error.Reason));
        },
        iter: 5_000);
}
