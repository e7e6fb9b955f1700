namespace EdgeSensors.Firmware.Platform;

/// <summary>Sizes that all serial NOR flash of this kind has.</summary>
public static class FlashGeometry
{
    /// <summary>Octets that are erased at once.</summary>
    public const int SectorSize = 4096;

    /// <summary>Octets that can be programmed at once.</summary>
    public const int PageSize = 256;
}
