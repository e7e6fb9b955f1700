namespace EdgeSensors.Metering.Capture;

/// <summary>
/// A place between two packets of a capture file from which a later run can go on. A pcapng section describes its interfaces at its start, so the section's
/// own offset belongs to the place; of a pcap file it is 0.
/// </summary>
/// <param name="SectionOffset">Where the section begins, in bytes from the file's start.</param>
/// <param name="Offset">Where the next record begins, in bytes from the file's start.</param>
public readonly record struct CapturePosition(long SectionOffset, long Offset)
{
    /// <summary>The file's beginning.</summary>
    public static CapturePosition Start => default;
}
