using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// The frames that most traffic consists of, whole TCP and UDP in IPv4 without options or IPv6 on untagged Ethernet, read straight into a keyed packet: a third of what the way through
/// a <see cref="PacketHeader"/> costs. Whatever is unusual is left to <see cref="FrameDecoder"/>; where both read a frame they agree, which a test holds them to.
/// </summary>
internal static class PlainFrame
{
    private const int Ethernet = 14;
    private const int IPv4End = Ethernet + 20;
    private const int IPv6End = Ethernet + 40;

    /// <summary>Reads a frame, or says that it is not plain; all but time, hash and position of the packet is then set, or undefined.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, ref KeyedPacket packet)
    {
        if (frame.Length < IPv4End + 8)
            return false;
        ref var octets = ref MemoryMarshal.GetReference(frame);
        HostAddress source, destination;
        int transport, end;
        IpProtocol protocol;
        ulong about;
        switch (At16(ref octets, 12))
        {
            case 0x0800:
                var totalLength = At16(ref octets, 16);
                if (octets.At(14) != 0x45 || totalLength < 28 || (At16(ref octets, 20) & 0x3FFF) != 0)
                    return false;
                protocol = (IpProtocol)octets.At(23);
                packet.HopLimit = octets.At(22);
                source = HostAddress.FromIPv4(At32(ref octets, 26));
                destination = HostAddress.FromIPv4(At32(ref octets, 30));
                packet.IpLength = totalLength;
                (transport, end) = (IPv4End, Ethernet + totalLength);
                about = 4UL << 40;
                break;
            case 0x86DD:
                var payloadLength = At16(ref octets, 18);
                if (frame.Length < IPv6End + 8 || octets.At(14) >> 4 != 6 || payloadLength < 8)
                    return false;
                protocol = (IpProtocol)octets.At(20);
                packet.HopLimit = octets.At(21);
                source = new HostAddress(At64(ref octets, 22), At64(ref octets, 30));
                destination = new HostAddress(At64(ref octets, 38), At64(ref octets, 46));
                packet.IpLength = payloadLength + 40;
                (transport, end) = (IPv6End, IPv6End + payloadLength);
                about = 6UL << 40;
                break;
            default:
                return false;
        }

        uint sourcePort = (uint)At16(ref octets, transport), destinationPort = (uint)At16(ref octets, transport + 2);
        if (protocol == IpProtocol.Tcp)
        {
            if (Math.Min(frame.Length, end) - transport < 20)
                return false;
            var length = octets.At(transport + 12) >> 4 << 2;
            if (length < 20 || transport + length > end)
                return false;
            packet.PayloadLength = end - transport - length;
            packet.TcpSequence = At32(ref octets, transport + 4);
            packet.TcpAcknowledgement = At32(ref octets, transport + 8);
            packet.TcpWindow = (ushort)At16(ref octets, transport + 14);
            packet.FlagsOrIcmp = octets.At(transport + 13);
        }
        else if (protocol == IpProtocol.Udp)
        {
            if (At16(ref octets, transport + 4) is > 0 and < 8 || FrameDecoder.MayBeTunnel((ushort)destinationPort) || FrameDecoder.MayBeTunnel((ushort)sourcePort))
                return false;
            packet.PayloadLength = end - transport - 8;
            packet.TcpSequence = packet.TcpAcknowledgement = 0;
            packet.TcpWindow = packet.FlagsOrIcmp = 0;
        }
        else
        {
            return false;
        }

        packet.TunnelId = 0;
        packet.Tunnel = TunnelKind.None;
        packet.HasIcmp = false;
        packet.FromA = FlowKey.Make(source, destination, sourcePort, destinationPort, about | ((ulong)protocol << 32), 0, ref packet.Key);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte At(this ref byte octets, int offset) => Unsafe.Add(ref octets, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int At16(ref byte octets, int offset) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref octets, offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint At32(ref byte octets, int offset) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref octets, offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong At64(ref byte octets, int offset) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref octets, offset)));
}
