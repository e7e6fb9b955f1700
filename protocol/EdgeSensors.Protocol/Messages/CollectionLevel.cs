namespace EdgeSensors.Protocol;

/// <summary>How deep an authorisation lets a sensor report: broad first, deep when concern is found.</summary>
public enum CollectionLevel
{
    /// <summary>Totals, counts, sketches, other-end prefixes.</summary>
    Broad = 0,

    /// <summary>Also flows that a detector or the blocklist picked, the protected end pseudonymised.</summary>
    Concern = 1,

    /// <summary>Also flows that match a named selector.</summary>
    Targeted = 2,
}
