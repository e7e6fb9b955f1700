namespace EdgeSensors.Firmware.Platform;

/// <summary>Randomness fit for secrets; of an emulated tap, a generator's that begins with a seed.</summary>
public interface IRandom
{
    /// <summary>Fills an array.</summary>
    void Fill(byte[] octets);
}
