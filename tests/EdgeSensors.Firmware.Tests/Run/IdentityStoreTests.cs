using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Tests.Store;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>The enrolment on its way over the serial line and in flash.</summary>
public class IdentityStoreTests
{
    [Fact]
    public void An_enrolment_comes_back_as_it_was_and_any_octet_altered_makes_it_none()
    {
        byte[] octets = Written();
        TapIdentity read = IdentityStore.Read(octets, octets.Length)!;
        Assert.Equal(("carrier-a", "edge-01", "hub.example", 8883, "cert", "key", "ca", "net", "password"),
            (read.Operator, read.Sensor, read.Host, read.Port, read.Certificate, read.CertificateKey, read.Authority, read.Network, read.NetworkPassword));
        Assert.Equal(new byte[300], read.Root);
        for (int i = 0; i < octets.Length; i++)
        {
            octets[i] ^= 4;
            Assert.Null(IdentityStore.Read(octets, octets.Length));
            octets[i] ^= 4;
        }

        for (int length = 0; length < octets.Length; length++)
        {
            Assert.Null(IdentityStore.Read(octets, length));
        }
    }

    [Fact]
    public void A_chip_without_one_gives_none()
    {
        MemoryFlash flash = new(FlashMap.LeastCapacity);
        Assert.Null(IdentityStore.Load(flash));
        byte[] octets = Written();
        octets.CopyTo(flash.Octets, FlashMap.Identity);
        Assert.Equal("edge-01", IdentityStore.Load(flash)!.Sensor);
    }

    private static byte[] Written()
    {
        TapIdentity identity = new()
        {
            Operator = "carrier-a",
            Sensor = "edge-01",
            Host = "hub.example",
            Port = 8883,
            Certificate = "cert",
            CertificateKey = "key",
            Authority = "ca",
            Root = new byte[300],
            SealingKey = new byte[32],
            Network = "net",
            NetworkPassword = "password",
        };
        byte[] octets = new byte[FlashMap.IdentitySize];
        int length = IdentityStore.Write(identity, octets);
        return octets[..length];
    }
}
