namespace EdgeSensors.Metering.Decode;

/// <summary>Which part of a datagram a packet is (RFC 791 §3.2, RFC 8200 §4.5).</summary>
public enum FragmentKind : byte
{
    /// <summary>Not fragmented.</summary>
    Whole,

    /// <summary>The fragment at offset 0, which holds the transport header.</summary>
    First,

    /// <summary>A fragment at another offset: no transport header.</summary>
    Later,
}
