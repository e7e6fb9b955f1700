using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// What the packets of one biflow have in common, in a form that is the same for both directions: the endpoint that sorts first is A.
/// Exactly 48 octets without padding, so that it compares as three vectors and hashes as six words.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct FlowKey
{
    public HostAddress A;
    public HostAddress B;
    public ushort PortA;
    public ushort PortB;
    public IpProtocol Protocol;
    public byte IpVersion;

    /// <summary>The outer VLAN id; in its upper four bits, bits 20 to 23 of the virtual network.</summary>
    public ushort VlanId;

    /// <summary>The inner VLAN id; in its upper four bits, bits 16 to 19 of the virtual network.</summary>
    public ushort CustomerVlanId;

    /// <summary>ICMP: the query's type and 0, or type and code, of <see cref="IcmpTypes.Conversation"/>; else 0.</summary>
    public ushort IcmpKind;

    /// <summary>ICMP queries: the identifier; else 0.</summary>
    public ushort IcmpIdentifier;

    /// <summary>Bits 0 to 15 of the virtual network.</summary>
    public ushort Segment;

    /// <summary>Makes the key of a packet and says whether its sender is endpoint A.</summary>
    public static bool Make(in PacketHeader header, bool withVlan, out FlowKey key)
    {
        key = default;
        var source = header.Source;
        var destination = header.Destination;
        var fromA = source < destination || (source == destination && header.SourcePort <= header.DestinationPort);
        if (fromA)
        {
            key.A = source;
            key.B = destination;
            key.PortA = header.SourcePort;
            key.PortB = header.DestinationPort;
        }
        else
        {
            key.A = destination;
            key.B = source;
            key.PortA = header.DestinationPort;
            key.PortB = header.SourcePort;
        }

        key.Protocol = header.Protocol;
        key.IpVersion = header.IpVersion;
        if (withVlan)
        {
            var segment = header.SegmentId;
            key.VlanId = (ushort)(header.VlanId | ((segment >> 8) & 0xF000));
            key.CustomerVlanId = (ushort)(header.CustomerVlanId | ((segment >> 4) & 0xF000));
            key.Segment = (ushort)segment;
        }

        if (header.HasIcmp)
        {
            var type = IcmpTypes.Conversation(header.IpVersion, header.IcmpType);
            var query = IcmpTypes.IsQuery(header.IpVersion, header.IcmpType);
            key.IcmpKind = (ushort)((type << 8) | (query ? 0 : header.IcmpCode));
            key.IcmpIdentifier = header.IcmpIdentifier;
        }

        return fromA;
    }

    /// <summary>Equality of all 48 octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(ref readonly FlowKey x, ref readonly FlowKey y)
    {
        ref var a = ref Unsafe.As<FlowKey, byte>(ref Unsafe.AsRef(in x));
        ref var b = ref Unsafe.As<FlowKey, byte>(ref Unsafe.AsRef(in y));
        var difference = (Vector128.LoadUnsafe(ref a) ^ Vector128.LoadUnsafe(ref b))
            | (Vector128.LoadUnsafe(ref a, 16) ^ Vector128.LoadUnsafe(ref b, 16))
            | (Vector128.LoadUnsafe(ref a, 32) ^ Vector128.LoadUnsafe(ref b, 32));
        return difference == Vector128<byte>.Zero;
    }

    /// <summary>A keyed hash by folded 64 × 64 bit products (the construction of wyhash); 32 bits, good in every bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(ref readonly FlowKey key, ulong seed)
    {
        ref var words = ref Unsafe.As<FlowKey, ulong>(ref Unsafe.AsRef(in key));
        var h = Fold(words ^ seed, Unsafe.Add(ref words, 1) ^ 0xA0761D6478BD642F)
            ^ Fold(Unsafe.Add(ref words, 2) ^ 0xE7037ED1A0B428DB, Unsafe.Add(ref words, 3) ^ seed)
            ^ Fold(Unsafe.Add(ref words, 4) ^ 0x8EBC6AF09C88C6E3 ^ seed, Unsafe.Add(ref words, 5) ^ 0x589965CC75374CC3);
        h = Fold(h ^ seed, 0x1D8E4E27C47D124F);
        return (uint)(h ^ (h >> 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong x, ulong y)
    {
        var high = Math.BigMul(x, y, out var low);
        return high ^ low;
    }
}
