namespace EdgeSensors.Metering.Collect;

/// <summary>What became of one datagram. Every datagram gets exactly one; none is an exception.</summary>
public enum CollectStatus
{
    /// <summary>Read to its end.</summary>
    Ok,

    /// <summary>Not an export datagram of a version that is read.</summary>
    UnknownVersion,

    /// <summary>The datagram ends inside its header.</summary>
    HeaderTruncated,

    /// <summary>The datagram is shorter than its header says; the whole sets, records and samples in it were read.</summary>
    Truncated,

    /// <summary>A set, record or sample contradicts its own length; what stood before it was read.</summary>
    Malformed,

    /// <summary>A datagram that had been read already; nothing in it was counted again.</summary>
    Duplicate,

    /// <summary>The exporter's address is none that <see cref="CollectorOptions.Accepts"/> takes.</summary>
    NotAccepted,
}
