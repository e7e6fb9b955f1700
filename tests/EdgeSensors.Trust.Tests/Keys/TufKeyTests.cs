using System.Security.Cryptography;
using System.Text.Json;
using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Tests.Keys;

public sealed class TufKeyTests
{
    private static readonly byte[] Data = "signed"u8.ToArray();

    [Fact]
    public void A_key_id_is_the_SHA256_of_the_canonical_key()
    {
        // Specification §4.2 with a key of our own making; the form is written out here by hand.
        using var signing = SigningKey.Create();
        var hex = signing.PublicKey.Material.Split(':')[1];

        var expected = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(
            $$"""{"keytype":"ed25519","keyval":{"public":"{{hex}}"},"scheme":"ed25519"}""")));

        Assert.Equal(expected, signing.Id);
    }

    [Fact]
    public void An_ed25519_signature_verifies_under_its_key_and_no_other()
    {
        using var one = SigningKey.Create();
        using var other = SigningKey.Create();
        var signature = Convert.ToHexStringLower(one.Sign(Data));

        Assert.True(one.PublicKey.Verify(Data, signature));
        Assert.False(other.PublicKey.Verify(Data, signature));
        Assert.False(one.PublicKey.Verify([.. Data, 0], signature));
    }

    [Fact]
    public void An_RSA_PSS_signature_with_a_salt_as_long_as_the_hash_verifies_and_PKCS1_does_not()
    {
        using var rsa = RSA.Create(2048);
        var key = Key("rsa", "rsassa-pss-sha256", rsa.ExportSubjectPublicKeyInfoPem());

        Assert.True(key.Verify(Data, Convert.ToHexString(rsa.SignData(Data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss))));
        Assert.False(key.Verify(Data, Convert.ToHexString(rsa.SignData(Data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))));
    }

    [Fact]
    public void An_RSA_key_below_2048_bits_verifies_nothing()
    {
        using var rsa = RSA.Create(1024);
        var key = Key("rsa", "rsassa-pss-sha256", rsa.ExportSubjectPublicKeyInfoPem());

        Assert.False(key.Verify(Data, Convert.ToHexString(rsa.SignData(Data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss))));
    }

    [Fact]
    public void An_ECDSA_key_on_another_curve_verifies_nothing()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var key = Key("ecdsa", "ecdsa-sha2-nistp256", ecdsa.ExportSubjectPublicKeyInfoPem());

        Assert.False(key.Verify(Data, Convert.ToHexString(ecdsa.SignData(Data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))));
    }

    [Theory]
    [InlineData("ed25519", "rsassa-pss-sha256", "00")]
    [InlineData("ed25519", "ed25519", "zz")]
    [InlineData("ed25519", "ed25519", "00")]
    [InlineData("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    [InlineData("ecdsa", "ecdsa-sha2-nistp256", "04")]
    [InlineData("sphincs", "sphincs-shake-128s", "00")]
    public void A_key_that_is_unknown_or_none_verifies_nothing(string type, string scheme, string value) =>
        Assert.False(Key(type, scheme, value).Verify(Data, new string('0', 128)));

    private static TufKey Key(string type, string scheme, string value)
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(new { keytype = type, scheme, keyval = new { @public = value } }));
        return TufKey.Read(new ObjectReader(json.RootElement, "", new FaultLog()), json.RootElement)!;
    }
}
