namespace EdgeSensors.Firmware.Run;

/// <summary>How much a tap takes on, and how often it does what.</summary>
internal sealed class TapLimits
{
    /// <summary>Flows at once: a power of two.</summary>
    public int Flows = 2_048;

    /// <summary>Entries of the blocklist; its tier is named after this.</summary>
    public int ListEntries = 50_000;

    /// <summary>Milliseconds of a window.</summary>
    public int WindowMs = 60_000;

    /// <summary>Milliseconds after which the hub is asked for updates without its notice.</summary>
    public int RefreshMs = 3_600_000;

    /// <summary>Whether a repository whose root names no witnesses is refused.</summary>
    public bool IsWitnessed = true;

    /// <summary>Frames taken before another slice of the other work.</summary>
    public int FramesASlice = 16;

    /// <summary>Sixteenths of a degree Celsius in the case from which the tap port is disconnected: 65 degrees.</summary>
    public int HotSixteenths = 65 * 16;

    /// <summary>The same, at which it is connected again: 60 degrees.</summary>
    public int CoolSixteenths = 60 * 16;
}
