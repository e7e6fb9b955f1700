namespace EdgeSensors.Trust.Blocklists;

/// <summary>The bounds of a blocklist file; beyond them a reader refuses it and a writer throws.</summary>
public static class BlocklistBounds
{
    /// <summary>The most octets of a snapshot.</summary>
    public const int MaxSnapshotOctets = 16 << 20;

    /// <summary>The most octets of a delta.</summary>
    public const int MaxDeltaOctets = 4 << 20;

    /// <summary>The most sections.</summary>
    public const int MaxSections = 4096;

    /// <summary>The most entries of all sections together.</summary>
    public const int MaxEntries = 1 << 22;
}
