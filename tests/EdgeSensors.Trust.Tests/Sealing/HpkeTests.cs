using CsCheck;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Tests.Sealing;

public sealed class HpkeTests
{
    // RFC 9180 Appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence number 0.
    private const string EphemeralSecret = "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600";
    private const string EphemeralPublic = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
    private const string RecipientSecret = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
    private const string RecipientPublic = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
    private const string Info = "4f6465206f6e2061204772656369616e2055726e";
    private const string Plaintext = "4265617574792069732074727574682c20747275746820626561757479";
    private const string AssociatedData = "436f756e742d30";
    private const string Ciphertext = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";

    [Fact]
    public void RFC_9180_A_2_1_seals_to_the_published_ciphertext()
    {
        using var ephemeral = Import(EphemeralSecret);

        Assert.True(Hpke.TrySeal(ephemeral, Hex(RecipientPublic), Hex(Info), Hex(AssociatedData), Hex(Plaintext), out var enc, out var ciphertext));

        Assert.Equal(EphemeralPublic, Convert.ToHexStringLower(enc));
        Assert.Equal(Ciphertext, Convert.ToHexStringLower(ciphertext));
    }

    [Fact]
    public void RFC_9180_A_2_1_opens()
    {
        using var recipient = Import(RecipientSecret);

        Assert.Equal(Hex(Plaintext), Hpke.TryOpen(recipient, Hex(EphemeralPublic), Hex(Info), Hex(AssociatedData), Hex(Ciphertext)));
    }

    [Fact]
    public void What_was_changed_anywhere_does_not_open()
    {
        using var recipient = Import(RecipientSecret);
        Assert.Null(Hpke.TryOpen(recipient, Hex(EphemeralPublic), Hex(Info), Hex(AssociatedData), Flip(Hex(Ciphertext))));
        Assert.Null(Hpke.TryOpen(recipient, Hex(EphemeralPublic), Flip(Hex(Info)), Hex(AssociatedData), Hex(Ciphertext)));
        Assert.Null(Hpke.TryOpen(recipient, Hex(EphemeralPublic), Hex(Info), Flip(Hex(AssociatedData)), Hex(Ciphertext)));
        Assert.Null(Hpke.TryOpen(recipient, Flip(Hex(EphemeralPublic)), Hex(Info), Hex(AssociatedData), Hex(Ciphertext)));
    }

    [Fact]
    public void A_public_key_of_low_order_is_refused_both_ways()
    {
        // RFC 9180 §7.1.4: an all-zero Diffie-Hellman result.
        using var recipient = Import(RecipientSecret);

        Assert.False(Hpke.TrySeal(new byte[32], [], [], Hex(Plaintext), out _, out _));
        Assert.Null(Hpke.TryOpen(recipient, new byte[32], [], [], Hex(Ciphertext)));
    }

    [Fact]
    public void Any_bytes_open_to_nothing_and_throw_nothing()
    {
        using var recipient = Import(RecipientSecret);
        Gen.Select(Mutation.Of(Hex(EphemeralPublic)), Mutation.Of(Hex(Ciphertext))).Sample(
            (enc, ciphertext) => Hpke.TryOpen(recipient, enc, Hex(Info), Hex(AssociatedData), ciphertext) is null
                || (enc.SequenceEqual(Hex(EphemeralPublic)) && ciphertext.SequenceEqual(Hex(Ciphertext)))
                || enc.Length == 32, // X25519 ignores the top bit of a public key (RFC 7748 §5); enc is bound as it was sent, so that too fails
            iter: 2000);
    }

    [Fact]
    public void A_pseudonym_key_opens_for_its_sensor_and_its_authorisation_only()
    {
        using var sensor = SealingKey.Create();
        using var otherSensor = SealingKey.Create();
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var authorization = Documents.Samples.Authorization with
        {
            PseudonymKey = PseudonymKeyWrap.Seal(
                key, sensor.PublicKey, Documents.Samples.Authorization.Operator, Documents.Samples.Authorization.Sensor, Documents.Samples.Authorization.Id),
        };

        Assert.True(PseudonymKeyWrap.TryOpen(authorization, sensor, out var opened));
        Assert.Equal(key, opened);
        Assert.False(PseudonymKeyWrap.TryOpen(authorization, otherSensor, out _));
        Assert.False(PseudonymKeyWrap.TryOpen(authorization with { Id = DocumentId.Parse("another") }, sensor, out _));
        Assert.False(PseudonymKeyWrap.TryOpen(authorization with { Sensor = SensorId.Parse("edge-02") }, sensor, out _));
        Assert.False(PseudonymKeyWrap.TryOpen(authorization with { PseudonymKey = null }, sensor, out _));
    }

    [Fact]
    public void A_sealing_key_survives_its_file()
    {
        using var key = SealingKey.Create();

        Assert.True(SealingKey.TryParse(key.ExportSecretBase64() + "\n", out var read));
        Assert.Equal(key.PublicKey.ToString(), read.PublicKey.ToString());
        Assert.True(SealingPublicKey.TryParse(key.PublicKey.ToString(), out _));
        read.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64 at all")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_text_that_is_no_key_is_refused(string text)
    {
        Assert.False(SealingKey.TryParse(text, out _));
        Assert.False(SealingPublicKey.TryParse(text, out _));
    }

    [Fact]
    public void Any_text_is_a_key_or_is_not() => Gen.String.Sample(text =>
    {
        var isSecret = SealingKey.TryParse(text, out var key);
        key?.Dispose();
        return isSecret == (key is not null) && SealingPublicKey.TryParse(text, out var publicKey) == (publicKey is not null);
    });

    private static Key Import(string hex) => Key.Import(KeyAgreementAlgorithm.X25519, Hex(hex), KeyBlobFormat.RawPrivateKey);

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static byte[] Flip(byte[] bytes)
    {
        bytes[3] ^= 1;
        return bytes;
    }
}
