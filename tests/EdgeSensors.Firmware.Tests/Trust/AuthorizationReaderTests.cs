using System.Net;
using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Firmware.Sealing;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>The collection authorisation as the hub's library writes it, read and unsealed by the tap.</summary>
public sealed class AuthorizationReaderTests : IDisposable
{
    private readonly SealingKey _key = SealingKey.Create();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void An_authorisation_is_read_and_its_pseudonym_key_opened()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        CollectionAuthorization document = Document(secret);
        AuthorizationReader reader = Read(document.ToCanonicalJson())!;
        Authority authority = new();
        reader.Grant(authority);
        Assert.Equal("auth-7", authority.Id);
        Assert.True(authority.AllowsRecords);
        Assert.True(authority.Covers(Direction.Inbound) && authority.Covers(Direction.Internal) && !authority.Covers(Direction.Transit));
        Assert.False(authority.IsInForce(document.NotBefore.Value - 1));
        Assert.True(authority.IsInForce(document.NotBefore.Value));
        Assert.True(authority.IsInForce(document.NotAfter.Value - 1));
        Assert.False(authority.IsInForce(document.NotAfter.Value));
        Assert.True(authority.IsOwn(0, 0xffff0a010203));
        Assert.False(authority.IsOwn(0, 0xffff0b010203));
        Assert.True(authority.IsOwn(0x20010db800010000, 1));
        Assert.Equal(secret, Open(reader, "carrier-a/edge-01/auth-7"));
    }

    [Fact]
    public void A_key_that_was_sealed_for_another_authorisation_does_not_open()
    {
        AuthorizationReader reader = Read(Document(new byte[32]).ToCanonicalJson())!;
        Assert.Null(Open(reader, "carrier-a/edge-01/auth-8"));
        reader = Read(Document(new byte[32]).ToCanonicalJson())!;
        reader.Sealed[3] ^= 1;
        Assert.Null(Open(reader, "carrier-a/edge-01/auth-7"));
        reader = Read(Document(new byte[32]).ToCanonicalJson())!;
        System.Array.Clear(reader.Encapsulated);
        Assert.Null(Open(reader, "carrier-a/edge-01/auth-7"));
    }

    [Fact]
    public void On_a_carriers_network_nothing_is_selected()
    {
        Authority authority = new();
        Read((Document(new byte[32]) with { Network = NetworkKind.Carrier, Basis = CollectionBasis.Authorization }).ToCanonicalJson())!.Grant(authority);
        Assert.True(authority.IsInForce(1_900_000_000_001));
        Assert.False(authority.AllowsRecords);
        Assert.False(authority.Covers(Direction.Inbound));
    }

    [Theory]
    [InlineData("\"k\":5", "\"k\":0")]
    [InlineData("\"spec\":1", "\"spec\":2")]
    [InlineData("\"sensor\":\"edge-01\"", "\"sensor\":\"edge-02\"")]
    [InlineData("\"operator\":\"carrier-a\"", "\"operator\":\"carrier-b\"")]
    [InlineData("\"type\":\"collection-authorization\"", "\"type\":\"grant\"")]
    [InlineData("\"level\":\"concern\"", "\"level\":\"deep\"")]
    [InlineData("\"basis\":\"consent\"", "\"basis\":\"rumour\"")]
    [InlineData("\"directions\":[\"inbound\",\"internal\"]", "\"directions\":[]")]
    [InlineData("\"directions\":[\"inbound\",\"internal\"]", "\"directions\":[\"inbound\",\"inbound\"]")]
    [InlineData("\"10.0.0.0/8\"", "\"10.0.0.1/8\"")]
    [InlineData("\"10.0.0.0/8\"", "\"10.0.0.0/33\"")]
    [InlineData("\"10.0.0.0/8\"", "\"10.0.0/8\"")]
    [InlineData("\"2001:db8::/32\"", "\"2001:db8::1::/32\"")]
    [InlineData("\"k\":5", "\"k\":5,\"kk\":5")]
    [InlineData("\"k\":5", "\"k\": 5")]
    [InlineData("\"enc\":\"", "\"enc\":\"A")]
    [InlineData("\"not_before\":1900000000000", "\"not_before\":1999999999999")]
    public void What_is_not_as_it_should_be_is_refused(string right, string wrong)
    {
        string text = Encoding.ASCII.GetString(Document(new byte[32]).ToCanonicalJson());
        Assert.Contains(right, text);
        Assert.Null(Read(Encoding.ASCII.GetBytes(text.Replace(right, wrong))));
    }

    [Fact]
    public void Any_octets_give_a_verdict()
    {
        byte[] good = Document(new byte[32]).ToCanonicalJson();
        Random random = new(5);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] some = [.. good.AsSpan(0, random.Next(2) == 0 ? good.Length : random.Next(good.Length))];
            for (int j = random.Next(4); j > 0 && some.Length > 0; j--)
            {
                some[random.Next(some.Length)] = (byte)random.Next(256);
            }

            _ = Read(some);
        }
    }

    [Fact]
    public void Prefixes_are_read_as_the_system_reads_them()
    {
        PrefixText text = new();
        Random random = new(8);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] octets = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(octets);
            for (int j = random.Next(octets.Length); j < octets.Length; j++)
            {
                octets[j] = 0;
            }

            int length = 8 * octets.Length;
            while (length > 0 && (octets[(length - 1) / 8] >> (7 - ((length - 1) % 8)) & 1) == 0 && random.Next(20) != 0)
            {
                length--;
            }

            byte[] ascii = Encoding.ASCII.GetBytes($"{new IPAddress(octets)}/{length}");
            if (Encoding.ASCII.GetString(ascii).Contains('.') && octets.Length == 16)
            {
                continue; // an embedded IPv4 address, which our documents do not write
            }

            Assert.True(text.TryParse(ascii, 0, ascii.Length), Encoding.ASCII.GetString(ascii));
            byte[] read = new byte[16];
            int size = AddressOctets.Write(text.High, text.Low, read);
            Assert.Equal(octets, read[..size]);
            Assert.Equal(octets.Length == 4 ? 96 + length : length, text.Length);
        }
    }

    private static AuthorizationReader? Read(byte[] document)
    {
        AuthorizationReader reader = new();
        reader.Begin(document, document.Length, "carrier-a", "edge-01");
        bool good;
        while (!reader.Step(out good))
        {
        }

        return good ? reader : null;
    }

    private byte[]? Open(AuthorizationReader reader, string binding)
    {
        HpkeOpener opener = new(Convert.FromBase64String(_key.ExportSecretBase64()));
        opener.Begin(reader.Encapsulated);
        while (!opener.StepAgree())
        {
        }

        byte[] associated = Encoding.ASCII.GetBytes(binding);
        bool good;
        while (!opener.StepOpen("EdgeSensors pseudonym key v1", associated, associated.Length, reader.Sealed, 32, out good))
        {
        }

        return good ? reader.Sealed[..32] : null;
    }

    private CollectionAuthorization Document(byte[] secret) => new()
    {
        Id = DocumentId.Parse("auth-7"),
        Operator = OperatorId.Parse("carrier-a"),
        Sensor = SensorId.Parse("edge-01"),
        Basis = CollectionBasis.Consent,
        Network = NetworkKind.Owner,
        Level = CollectionLevel.Concern,
        Directions = FlowDirections.Inbound | FlowDirections.Internal,
        OwnPrefixes = [Prefix.Parse("10.0.0.0/8"), Prefix.Parse("2001:db8::/32")],
        K = 5,
        PseudonymKey = PseudonymKeyWrap.Seal(secret, _key.PublicKey, OperatorId.Parse("carrier-a"), SensorId.Parse("edge-01"), DocumentId.Parse("auth-7")),
        NotBefore = new(1_900_000_000_000),
        NotAfter = new(1_900_100_000_000),
    };
}
