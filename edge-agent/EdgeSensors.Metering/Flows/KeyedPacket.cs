using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// A packet as the flow table takes it: its key, the key's hash and what a record learns from it. What the decoder found on one core goes to the table on another in this
/// form, so it is one and a half cache lines and no more.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KeyedPacket
{
    public FlowKey Key;
    public long TimestampNs;
    public int IpLength;
    public int PayloadLength;
    public uint TcpSequence;
    public uint TcpAcknowledgement;
    public uint TunnelId;

    /// <summary>The packet's place in its block, where several cores share the work.</summary>
    public int Position;

    /// <summary>TCP window, not scaled.</summary>
    public ushort TcpWindow;

    /// <summary>ICMP type × 256 + code; of TCP the control bits in the lower octet.</summary>
    public ushort FlagsOrIcmp;

    public TunnelKind Tunnel;
    public byte HopLimit;
    public bool FromA;
    public bool HasIcmp;

    public readonly TcpControlBits TcpFlags => (TcpControlBits)FlagsOrIcmp;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Make(in PacketHeader header, in KeyRule rule, ref KeyedPacket packet)
    {
        packet.FromA = FlowKey.Make(in header, ref packet.Key);
        packet.Key.Tail.Hash = rule.Hash(in packet.Key);
        packet.Take(in header);
    }

    /// <summary>Copies by vectors, where an assignment of this size would be a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyTo(ref KeyedPacket other) => Unsafe.CopyBlockUnaligned(
        ref Unsafe.As<KeyedPacket, byte>(ref other), ref Unsafe.As<KeyedPacket, byte>(ref Unsafe.AsRef(in this)), (uint)Unsafe.SizeOf<KeyedPacket>());

    /// <summary>Takes what is no part of the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(in PacketHeader header)
    {
        TimestampNs = header.TimestampNs;
        IpLength = header.IpLength;
        PayloadLength = header.PayloadLength;
        TcpSequence = header.TcpSequence;
        TcpAcknowledgement = header.TcpAcknowledgement;
        TunnelId = header.TunnelId;
        TcpWindow = header.TcpWindow;
        FlagsOrIcmp = header.HasIcmp ? (ushort)((header.IcmpType << 8) | header.IcmpCode) : (ushort)header.TcpFlags;
        Tunnel = header.Tunnel;
        HopLimit = header.HopLimit;
        HasIcmp = header.HasIcmp;
    }
}
