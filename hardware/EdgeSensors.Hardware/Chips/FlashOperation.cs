namespace EdgeSensors.Hardware.Chips;

/// <summary>What a flash chip changes its array by.</summary>
public enum FlashOperation
{
    /// <summary>Up to a page of octets, ones to zeros.</summary>
    Program,

    /// <summary>A sector or block of 4, 32 or 64 KB, or all of it, to ones.</summary>
    Erase,
}
