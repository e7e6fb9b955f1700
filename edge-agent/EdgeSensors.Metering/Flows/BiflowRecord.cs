using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// One biflow (RFC 5103): both directions of a conversation. Forward is the direction of the initiator, the sender of the first packet seen
/// (biflowDirection 1); a record that continues another after an active timeout keeps its direction.
/// </summary>
/// <remarks>
/// 160 octets in the order in which packets use them: what every packet touches stands in the middle, each direction's sums to one side of it, what only begins and ends
/// touch at the end. So a packet needs two or three cache lines of the record.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 160)]
public struct BiflowRecord
{
    internal DirectionSums ForwardSums;
    internal long ForwardLastNs;
    internal FlowKey Key;
    internal long RecordFirstNs;
    internal DirectionFlags ForwardFlags;
    internal DirectionFlags ReverseFlags;
    internal uint ResponderSequence;
    internal long ReverseLastNs;
    internal DirectionSums ReverseSums;

    /// <summary>The first packet of the direction that did not begin the record.</summary>
    internal long OtherFirstNs;
    internal int NextInBucket;
    private uint _tunnelId;

    /// <summary>The sender of the first packet.</summary>
    public readonly HostAddress Source => InitiatorIsA ? Key.A : Key.B;

    /// <summary>The receiver of the first packet.</summary>
    public readonly HostAddress Destination => InitiatorIsA ? Key.B : Key.A;

    /// <summary>The initiator's port; 0 where the protocol has none.</summary>
    public readonly ushort SourcePort => Key.IsIcmp ? (ushort)0 : InitiatorIsA ? Key.PortA : Key.PortB;

    /// <summary>The responder's port; 0 where the protocol has none.</summary>
    public readonly ushort DestinationPort => Key.IsIcmp ? (ushort)0 : InitiatorIsA ? Key.PortB : Key.PortA;

    /// <summary>IP protocol, behind any IPv6 extension headers.</summary>
    public readonly IpProtocol Protocol => Key.Protocol;

    /// <summary>4 or 6.</summary>
    public readonly int IpVersion => Key.IpVersion;

    /// <summary>The identifier of an ICMP query; 0 of others.</summary>
    public readonly ushort IcmpIdentifier => Key.IsIcmp ? Key.PortB : (ushort)0;

    /// <summary>The outer VLAN id of the first packet; 0 without a tag.</summary>
    public readonly ushort VlanId => (ushort)(Key.VlanId & 0xFFF);

    /// <summary>The inner VLAN id of the first packet in QinQ; 0 without one.</summary>
    public readonly ushort CustomerVlanId => (ushort)(Key.CustomerVlanId & 0xFFF);

    /// <summary>The first packet's virtual network (24 bits) in VXLAN, Geneve or NVGRE; 0 without one.</summary>
    public readonly uint SegmentId => ((uint)(Key.VlanId & 0xF000) << 8) | ((uint)(Key.CustomerVlanId & 0xF000) << 4) | Key.Segment;

    /// <summary>What the first packet was tunnelled in, innermost.</summary>
    public TunnelKind Tunnel
    {
        readonly get => (TunnelKind)(Key.Tail.TunnelAndReason & 0x1F);
        internal set => Key.Tail.TunnelAndReason = (byte)((Key.Tail.TunnelAndReason & 0xE0) | (int)value);
    }

    /// <summary>The first packet's id of its innermost <see cref="Tunnel"/>; 0 without one.</summary>
    public uint TunnelId
    {
        readonly get => _tunnelId;
        internal set => _tunnelId = value;
    }

    /// <summary>From the initiator to the responder.</summary>
    public readonly DirectionCounters Forward => new(
        in ForwardSums, Is(RecordMarks.ReverseIsFirst) ? OtherFirstNs : RecordFirstNs, ForwardLastNs, ForwardFlags, Is(RecordMarks.ForwardHasIcmp));

    /// <summary>From the responder to the initiator.</summary>
    public readonly DirectionCounters Reverse => new(
        in ReverseSums, Is(RecordMarks.ReverseIsFirst) ? RecordFirstNs : OtherFirstNs, ReverseLastNs, ReverseFlags, Is(RecordMarks.ReverseHasIcmp));

    /// <summary>First packet of either direction, nanoseconds since the Unix epoch.</summary>
    public readonly long FirstNs => RecordFirstNs;

    /// <summary>Last packet of either direction, nanoseconds since the Unix epoch.</summary>
    public readonly long LastNs => Math.Max(ForwardLastNs, ReverseLastNs);

    /// <summary>Why the record left the table; <see cref="FlowEndReason.None"/> while it is in it.</summary>
    public FlowEndReason EndReason
    {
        readonly get => (FlowEndReason)(Key.Tail.TunnelAndReason >> 5);
        internal set => Key.Tail.TunnelAndReason = (byte)((Key.Tail.TunnelAndReason & 0x1F) | ((int)value << 5));
    }

    /// <summary>How far the conversation got.</summary>
    public readonly FlowOutcome Outcome => FlowOutcomes.Of(in this);

    /// <summary>Whether the record continues one that the active timeout exported.</summary>
    public readonly bool Continued => Is(RecordMarks.Continued);

    /// <summary>
    /// TCP: the initiator acknowledged the sequence number that the responder chose in its SYN-ACK. Only a host that receives at its
    /// address can (RFC 9293 §3.5), so the source was not spoofed blindly.
    /// </summary>
    public readonly bool HandshakeCompleted => Is(RecordMarks.HandshakeCompleted);

    /// <summary>An ICMP error quoted a packet that the initiator sent: the destination, its port or the way to it refused.</summary>
    public readonly bool RefusedByIcmp => Is(RecordMarks.RefusedByIcmp);

    /// <summary>TCP: closed by RST or by FIN from both sides.</summary>
    public readonly bool Closed => Is(RecordMarks.Closed);

    /// <summary>A mark of whoever meters (<see cref="FlowTable.Label"/>); 0 of a new flow, kept when an active timeout divides it.</summary>
    public byte Label
    {
        readonly get => Key.Tail.Label;
        internal set => Key.Tail.Label = value;
    }

    /// <summary>Packets of both directions.</summary>
    public readonly long PacketCount => (long)ForwardSums.PacketCount + ReverseSums.PacketCount;

    /// <summary>Octets of both directions.</summary>
    public readonly long OctetCount => (long)(ForwardSums.OctetCount + ReverseSums.OctetCount);

    internal readonly bool InitiatorIsA => Is(RecordMarks.InitiatorIsA);

    internal readonly bool Is(RecordMarks mark) => (Key.Tail.Marks & mark) != 0;
}
