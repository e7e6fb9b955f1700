using System.Text.Json;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>Ed25519 verification against RFC 8032's vectors and Wycheproof.</summary>
public class Ed25519Tests
{
    private static readonly Ed25519Verifier Verifier = new();

    // RFC 8032, section 7.1: public key, message, signature.
    public static TheoryData<string, string, string> Rfc8032 => new()
    {
        {
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
        {
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        },
    };

    [Theory]
    [MemberData(nameof(Rfc8032))]
    public void The_vectors_of_RFC_8032_hold_and_break_with_any_bit(string key, string message, string signature)
    {
        byte[] k = Convert.FromHexString(key), m = Convert.FromHexString(message), s = Convert.FromHexString(signature);
        Assert.True(Verify(k, m, s));
        for (int i = 0; i < s.Length; i++)
        {
            s[i] ^= (byte)(1 << (i & 7));
            Assert.False(Verify(k, m, s));
            s[i] ^= (byte)(1 << (i & 7));
        }

        for (int i = 0; i < k.Length; i++)
        {
            k[i] ^= (byte)(1 << (i & 7));
            Assert.False(Verify(k, m, s));
            k[i] ^= (byte)(1 << (i & 7));
        }
    }

    [Fact]
    public void Every_Wycheproof_case_gets_its_verdict()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("crypto/wycheproof/testvectors_v1/ed25519_test.json")));
        int cases = 0;
        foreach (JsonElement group in file.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            byte[] key = Convert.FromHexString(group.GetProperty("publicKey").GetProperty("pk").GetString()!);
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                byte[] message = Convert.FromHexString(test.GetProperty("msg").GetString()!);
                byte[] signature = Convert.FromHexString(test.GetProperty("sig").GetString()!);
                bool verdict = signature.Length == Ed25519Verifier.SignatureSize && Verify(key, message, signature);
                Assert.True(verdict == (test.GetProperty("result").GetString() == "valid"), $"case {test.GetProperty("tcId")}: {test.GetProperty("comment")}");
                cases++;
            }
        }

        Assert.Equal(file.RootElement.GetProperty("numberOfTests").GetInt32(), cases);
        Assert.True(cases >= 150);
    }

    [Fact]
    public void A_verification_allocates_nothing()
    {
        byte[] message = new byte[3_000];
        byte[] signature = new byte[64];
        byte[] key = Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        Ed25519Verifier verifier = new();
        Run(verifier, key, message, signature);

        // The least of several: a collection that another test brings about counts the rest of an allocation block as used.
        long least = long.MaxValue;
        for (int i = 0; i < 10 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run(verifier, key, message, signature);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static bool Verify(byte[] key, byte[] message, byte[] signature)
    {
        lock (Verifier)
        {
            return Run(Verifier, key, message, signature);
        }
    }

    private static bool Run(Ed25519Verifier verifier, byte[] key, byte[] message, byte[] signature)
    {
        verifier.Begin(key, 0, signature, 0, message, 0, message.Length);
        while (!verifier.Step())
        {
        }

        return verifier.Phase == Ed25519Phase.Accepted;
    }
}
