using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// One biflow (RFC 5103): both directions of a conversation. Forward is the direction of the initiator, the sender of the first packet seen
/// (biflowDirection 1); a record that continues another after an active timeout keeps its direction.
/// </summary>
public struct BiflowRecord
{
    internal FlowKey Key;
    internal DirectionCounters ForwardCounters;
    internal DirectionCounters ReverseCounters;
    internal uint Hash;
    internal int NextInBucket;
    internal uint ResponderSequence;
    internal bool InUse;
    internal bool InitiatorIsA;
    internal bool ResponderSequenceKnown;
    private Marks _marks;

    /// <summary>One octet for what is true or not: a record has to stay within three cache lines.</summary>
    [Flags]
    private enum Marks : byte
    {
        Continued = 1,
        HandshakeCompleted = 2,
        RefusedByIcmp = 4,
        Closed = 8,
    }

    /// <summary>The sender of the first packet.</summary>
    public readonly HostAddress Source => InitiatorIsA ? Key.A : Key.B;

    /// <summary>The receiver of the first packet.</summary>
    public readonly HostAddress Destination => InitiatorIsA ? Key.B : Key.A;

    /// <summary>The initiator's port; 0 where the protocol has none.</summary>
    public readonly ushort SourcePort => InitiatorIsA ? Key.PortA : Key.PortB;

    /// <summary>The responder's port; 0 where the protocol has none.</summary>
    public readonly ushort DestinationPort => InitiatorIsA ? Key.PortB : Key.PortA;

    /// <summary>IP protocol, behind any IPv6 extension headers.</summary>
    public readonly IpProtocol Protocol => Key.Protocol;

    /// <summary>4 or 6.</summary>
    public readonly int IpVersion => Key.IpVersion;

    /// <summary>The identifier of an ICMP query; 0 of others.</summary>
    public readonly ushort IcmpIdentifier => Key.IcmpIdentifier;

    /// <summary>The outer VLAN id of the first packet; 0 without a tag.</summary>
    public ushort VlanId { readonly get; internal set; }

    /// <summary>The inner VLAN id of the first packet in QinQ; 0 without one.</summary>
    public ushort CustomerVlanId { readonly get; internal set; }

    /// <summary>The first packet's id of its innermost <see cref="Tunnel"/>; 0 without one.</summary>
    public uint TunnelId { readonly get; internal set; }

    /// <summary>From the initiator to the responder.</summary>
    public readonly DirectionCounters Forward => ForwardCounters;

    /// <summary>From the responder to the initiator.</summary>
    public readonly DirectionCounters Reverse => ReverseCounters;

    /// <summary>First packet of either direction, nanoseconds since the Unix epoch.</summary>
    public long FirstNs { readonly get; internal set; }

    /// <summary>Last packet of either direction, nanoseconds since the Unix epoch.</summary>
    public long LastNs { readonly get; internal set; }

    /// <summary>What the first packet was tunnelled in, innermost.</summary>
    public TunnelKind Tunnel { readonly get; internal set; }

    /// <summary>Why the record left the table; <see cref="FlowEndReason.None"/> while it is in it.</summary>
    public FlowEndReason EndReason { readonly get; internal set; }

    /// <summary>Whether the record continues one that the active timeout exported.</summary>
    public bool Continued
    {
        readonly get => (_marks & Marks.Continued) != 0;
        internal set => Mark(Marks.Continued, value);
    }

    /// <summary>
    /// TCP: the initiator acknowledged the sequence number that the responder chose in its SYN-ACK. Only a host that receives at its
    /// address can (RFC 9293 §3.5), so the source was not spoofed blindly.
    /// </summary>
    public bool HandshakeCompleted
    {
        readonly get => (_marks & Marks.HandshakeCompleted) != 0;
        internal set => Mark(Marks.HandshakeCompleted, value);
    }

    /// <summary>An ICMP error quoted a packet that the initiator sent: the destination, its port or the way to it refused.</summary>
    public bool RefusedByIcmp
    {
        readonly get => (_marks & Marks.RefusedByIcmp) != 0;
        internal set => Mark(Marks.RefusedByIcmp, value);
    }

    /// <summary>TCP: closed by RST or by FIN from both sides.</summary>
    public bool Closed
    {
        readonly get => (_marks & Marks.Closed) != 0;
        internal set => Mark(Marks.Closed, value);
    }

    /// <summary>A mark of whoever meters (<see cref="FlowTable.Label"/>); 0 of a new flow, kept when an active timeout divides it.</summary>
    public byte Label { readonly get; internal set; }

    /// <summary>Packets of both directions.</summary>
    public readonly long PacketCount => ForwardCounters.PacketCount + ReverseCounters.PacketCount;

    /// <summary>Octets of both directions.</summary>
    public readonly long OctetCount => ForwardCounters.OctetCount + ReverseCounters.OctetCount;

    private void Mark(Marks mark, bool value) => _marks = value ? _marks | mark : _marks & ~mark;
}
