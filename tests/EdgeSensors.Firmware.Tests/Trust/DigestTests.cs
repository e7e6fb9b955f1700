using System.Security.Cryptography;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>SHA-256 and SHA-512 against the platform's, at every length around the blocks' edges and in every cutting.</summary>
public class DigestTests
{
    [Fact]
    public void Every_length_to_five_blocks_gives_the_platforms_digest()
    {
        byte[] data = new byte[640];
        new Random(1).NextBytes(data);
        Sha256 sha256 = new();
        Sha512 sha512 = new();
        byte[] digest = new byte[64];
        for (int length = 0; length <= data.Length; length++)
        {
            sha256.Reset();
            sha256.Update(data, 0, length);
            sha256.Finish(digest, 0);
            Assert.Equal(SHA256.HashData(data.AsSpan(0, length)), digest[..32]);
            sha512.Reset();
            sha512.Update(data, 0, length);
            sha512.Finish(digest, 0);
            Assert.Equal(SHA512.HashData(data.AsSpan(0, length)), digest);
        }
    }

    [Fact]
    public void A_digest_does_not_depend_on_how_the_octets_came()
    {
        byte[] data = new byte[1_000];
        Random random = new(2);
        random.NextBytes(data);
        byte[] digest = new byte[64];
        for (int round = 0; round < 200; round++)
        {
            Sha256 sha256 = new();
            Sha512 sha512 = new();
            for (int at = 0; at < data.Length;)
            {
                int piece = Math.Min(random.Next(0, 300), data.Length - at);
                sha256.Update(data, at, piece);
                sha512.Update(data, at, piece);
                at += piece;
            }

            sha256.Finish(digest, 0);
            Assert.Equal(SHA256.HashData(data), digest[..32]);
            sha512.Finish(digest, 0);
            Assert.Equal(SHA512.HashData(data), digest);
        }
    }
}
