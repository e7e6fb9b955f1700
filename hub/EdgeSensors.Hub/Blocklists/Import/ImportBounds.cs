using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>The bounds of a list that is read.</summary>
internal static class ImportBounds
{
    /// <summary>Octets of a text or CSV list.</summary>
    public const int MaxTextOctets = 128 << 20;

    /// <summary>Octets of a JSON list, which is held whole.</summary>
    public const int MaxJsonOctets = 64 << 20;

    /// <summary>How deep JSON may nest.</summary>
    public const int MaxDepth = 64;

    /// <summary>Characters of a line; what is beyond is no address.</summary>
    public const int MaxLine = 4096;

    /// <summary>Entries.</summary>
    public const int MaxEntries = BlocklistBounds.MaxEntries;

    /// <summary>A wider prefix is a mistake, or worse.</summary>
    public const int MinLengthIPv4 = 8;

    /// <summary>A wider prefix is a mistake, or worse.</summary>
    public const int MinLengthIPv6 = 19;

    /// <summary>Prefixes that one range of addresses may take.</summary>
    public const int MaxRangePrefixes = 64;
}
