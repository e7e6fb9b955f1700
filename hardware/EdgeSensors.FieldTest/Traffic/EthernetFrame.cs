using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;
using EdgeSensors.FieldTest.Network;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Frames an IP packet so that a kernel takes it: whole by its own length, with the right length field and IPv4 header checksum.</summary>
internal static class EthernetFrame
{
    /// <summary>A frame around a captured packet. What the capture cut off is filled with zeros; link padding is taken away.</summary>
    public static byte[] Around(ReadOnlySpan<byte> captured, in PacketHeader header)
    {
        var length = Math.Max(header.IpLength, header.IpVersion == 4 ? 20 : 40);
        var frame = new byte[FrameInjector.HeaderLength + length];
        captured[..Math.Min(captured.Length, length)].CopyTo(frame.AsSpan(FrameInjector.HeaderLength));
        Finish(frame);
        return frame;
    }

    /// <summary>Writes the EtherType, the length and the header checksum (RFC 791 §3.1) into a frame that holds an IP packet.</summary>
    public static void Finish(Span<byte> frame)
    {
        var ip = frame[FrameInjector.HeaderLength..];
        var isV4 = ip[0] >> 4 == 4;
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], isV4 ? (ushort)0x0800 : (ushort)0x86DD);
        if (!isV4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(ip.Length - 40));
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[10..12].Clear();
        var headerLength = Math.Min((ip[0] & 0xF) * 4, ip.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..headerLength]));
    }
}
