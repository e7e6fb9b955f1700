using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>One packet as a source hands it over. It lives in the source's own buffer: valid only until the next read.</summary>
public ref struct CapturedPacket
{
    /// <summary>When the packet was captured, in nanoseconds since the Unix epoch (UTC).</summary>
    public long TimestampNs { get; set; }

    /// <summary>How the packet is framed.</summary>
    public LinkType LinkType { get; set; }

    /// <summary>The captured bytes, possibly fewer than were on the wire. Writable, so that what lies beyond the headers can be zeroed in place.</summary>
    public Span<byte> Data { get; set; }

    /// <summary>The length on the wire, in octets.</summary>
    public int OriginalLength { get; set; }
}
