using System.Text.Json;
using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Tests.Keys;

/// <summary>Signature verification against Project Wycheproof: what is valid verifies, what is invalid does not, whatever the trick.</summary>
public sealed class WycheproofTests
{
    [Fact]
    public void Ed25519_verifies_exactly_the_valid_signatures() => Check(
        "ed25519_test.json", group => Key("ed25519", "ed25519", group.GetProperty("publicKey").GetProperty("pk").GetString()!), 151);

    [Fact]
    public void Ecdsa_P256_with_DER_signatures_verifies_exactly_the_valid_signatures() => Check(
        "ecdsa_secp256r1_sha256_test.json", group => Key("ecdsa", "ecdsa-sha2-nistp256", group.GetProperty("publicKeyPem").GetString()!), 484);

    [Fact]
    public void Ecdsa_P256_keys_given_as_points_verify_the_same() => Check(
        "ecdsa_secp256r1_sha256_test.json",
        group => Key("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", group.GetProperty("publicKey").GetProperty("uncompressed").GetString()!),
        484);

    private static void Check(string file, Func<JsonElement, TufKey> keyOf, int count)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"crypto/wycheproof/testvectors_v1/{file}")));
        var checkedCount = 0;
        foreach (var group in json.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var key = keyOf(group);
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                checkedCount++;
                var message = Convert.FromHexString(test.GetProperty("msg").GetString()!);
                var verified = key.Verify(message, test.GetProperty("sig").GetString()!);
                var result = test.GetProperty("result").GetString();
                Assert.True(
                    result == "acceptable" || verified == (result == "valid"),
                    $"test {test.GetProperty("tcId")} ({test.GetProperty("comment").GetString()}) is {result} and was {(verified ? "accepted" : "refused")}");
            }
        }

        Assert.Equal(count, checkedCount);
    }

    private static TufKey Key(string type, string scheme, string value)
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(new { keytype = type, scheme, keyval = new { @public = value } }));
        var faults = new FaultLog();
        var key = TufKey.Read(new ObjectReader(json.RootElement, "", faults), json.RootElement);
        Assert.Null(faults.First);
        return key!;
    }
}
