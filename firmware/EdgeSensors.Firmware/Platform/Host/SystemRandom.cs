using System.Security.Cryptography;

namespace EdgeSensors.Firmware.Platform.Host;

/// <summary>This machine's randomness.</summary>
public sealed class SystemRandom : IRandom
{
    /// <inheritdoc/>
    public void Fill(byte[] octets)
    {
        RandomNumberGenerator.Fill(octets);
    }
}
