using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// What the packets of one biflow have in common, in a form that is the same for both directions: the endpoint that sorts first is A.
/// 44 octets without padding and 4 of the holder's own, so that it compares as three vectors and hashes as six words.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct FlowKey
{
    public HostAddress A;
    public HostAddress B;

    /// <summary>A's port. Of ICMP, which has none, the query's type and 0, or type and code, of <see cref="IcmpTypes.Conversation"/>.</summary>
    public ushort PortA;

    /// <summary>B's port. Of ICMP queries the identifier.</summary>
    public ushort PortB;

    public IpProtocol Protocol;
    public byte IpVersion;

    /// <summary>The outer VLAN id; in its upper four bits, bits 20 to 23 of the virtual network.</summary>
    public ushort VlanId;

    /// <summary>The inner VLAN id; in its upper four bits, bits 16 to 19 of the virtual network.</summary>
    public ushort CustomerVlanId;

    /// <summary>Bits 0 to 15 of the virtual network.</summary>
    public ushort Segment;

    /// <summary>No part of the key: a record keeps its state here, a keyed packet its hash, where a look-up has them at hand.</summary>
    public KeyTail Tail;

    /// <summary>Whether the key is of ICMP, whose ports are none.</summary>
    public readonly bool IsIcmp => Protocol == (IpVersion == 4 ? IpProtocol.Icmp : IpProtocol.IcmpV6);

    /// <summary>Makes the key of a packet and says whether its sender is endpoint A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Make(in PacketHeader header, ref FlowKey key)
    {
        var segment = header.SegmentId;
        ulong vlanId = (ushort)(header.VlanId | ((segment >> 8) & 0xF000));
        ulong customerVlanId = (ushort)(header.CustomerVlanId | ((segment >> 4) & 0xF000));
        var about = ((ulong)header.Protocol << 32) | ((ulong)header.IpVersion << 40) | (vlanId << 48);
        var network = customerVlanId | ((ulong)(ushort)segment << 16);
        if (!header.HasIcmp)
            return Make(header.Source, header.Destination, header.SourcePort, header.DestinationPort, about, network, ref key);
        var fromA = Make(header.Source, header.Destination, 0, 0, about, network, ref key);
        var query = IcmpTypes.IsQuery(header.IpVersion, header.IcmpType);
        key.PortA = (ushort)((IcmpTypes.Conversation(header.IpVersion, header.IcmpType) << 8) | (query ? 0 : header.IcmpCode));
        key.PortB = header.IcmpIdentifier;
        return fromA;
    }

    /// <param name="source">Who sends.</param>
    /// <param name="destination">Who receives.</param>
    /// <param name="sourcePort">The sender's port.</param>
    /// <param name="destinationPort">The receiver's port.</param>
    /// <param name="about">The key's octets 36 to 39 (protocol, version, outer VLAN) in the upper half, as they lie there.</param>
    /// <param name="network">The key's octets 40 to 43.</param>
    /// <param name="key">Set.</param>
    /// <remarks>
    /// Put together in registers and stored as three vectors, because the hash loads it as such and a load of what narrower stores have just written waits for them.
    /// Which end sorts first is as good as random, so that no branch depends on it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Make(HostAddress source, HostAddress destination, uint sourcePort, uint destinationPort, ulong about, ulong network, ref FlowKey key)
    {
        var fromA = (source.High < destination.High)
            | ((source.High == destination.High) & ((source.Low < destination.Low) | ((source.Low == destination.Low) & (sourcePort <= destinationPort))));
        var back = (ulong)Unsafe.As<bool, byte>(ref fromA) - 1; // all bits where the receiver is A
        var high = (source.High ^ destination.High) & back;
        var low = (source.Low ^ destination.Low) & back;
        var port = (sourcePort ^ destinationPort) & (uint)back;
        ref var words = ref Unsafe.As<FlowKey, ulong>(ref key);
        Vector128.Create(source.High ^ high, source.Low ^ low).StoreUnsafe(ref words);
        Vector128.Create(destination.High ^ high, destination.Low ^ low).StoreUnsafe(ref words, 2);
        Vector128.Create((sourcePort ^ port) | ((destinationPort ^ port) << 16) | about, network).StoreUnsafe(ref words, 4);
        return fromA;
    }

    /// <summary>An order that follows from what a key says, not from its hash.</summary>
    public readonly int CompareTo(in FlowKey other)
    {
        var order = A.CompareTo(other.A);
        if (order == 0)
            order = B.CompareTo(other.B);
        return order != 0 ? order : Rest.CompareTo(other.Rest);
    }

    private readonly UInt128 Rest => new(
        ((ulong)PortA << 48) | ((ulong)PortB << 32) | ((ulong)Protocol << 24) | ((ulong)IpVersion << 16) | VlanId, ((ulong)CustomerVlanId << 16) | Segment);
}

/// <summary>The four octets behind a key.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4)]
internal struct KeyTail
{
    /// <summary>Of a keyed packet: the key's hash.</summary>
    [FieldOffset(0)]
    public uint Hash;

    /// <summary>Of a record: what is true of it.</summary>
    [FieldOffset(0)]
    public RecordMarks Marks;

    /// <summary>Of a record: <see cref="BiflowRecord.Label"/>.</summary>
    [FieldOffset(2)]
    public byte Label;

    /// <summary>Of a record: the tunnel (lower five bits) and the end's reason.</summary>
    [FieldOffset(3)]
    public byte TunnelAndReason;
}

/// <summary>What is true of a record.</summary>
[Flags]
internal enum RecordMarks : ushort
{
    None = 0,
    InUse = 1,
    InitiatorIsA = 1 << 1,
    Continued = 1 << 2,
    Closed = 1 << 3,

    /// <summary>It continues another and has no packet yet.</summary>
    Empty = 1 << 4,

    /// <summary>A counter is half full: the next packet divides, so that none ever overflows.</summary>
    Full = 1 << 5,
    ResponderSequenceKnown = 1 << 6,
    HandshakeCompleted = 1 << 7,
    RefusedByIcmp = 1 << 8,
    ForwardHasIcmp = 1 << 9,
    ReverseHasIcmp = 1 << 10,

    /// <summary>The way back's first packet came before the way there's: out of order, or in a record that continues another.</summary>
    ReverseIsFirst = 1 << 11,

    /// <summary>Its connection goes on in the record that continues it.</summary>
    Connection = InUse | InitiatorIsA | Closed | ResponderSequenceKnown | HandshakeCompleted,
}
