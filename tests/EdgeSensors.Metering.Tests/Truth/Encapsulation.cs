using System.Buffers.Binary;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>Names the encapsulation that hides a frame's inner IP header from the meter yet; read independently of the decoder's own verdict.</summary>
internal static class Encapsulation
{
    /// <summary>Null where the frame has nothing that is not decoded yet.</summary>
    public static string? NameOf(ref readonly CapturedPacket packet, DecodeStatus status, in PacketHeader header)
    {
        if (status == DecodeStatus.UnsupportedLinkType)
            return $"link type {(int)packet.LinkType}";
        if (status == DecodeStatus.NotIp)
            return packet.LinkType == LinkType.Ethernet ? NameOfEtherType(packet.Data) : null;
        return (int)header.Protocol switch
        {
            4 or 41 => "IP in IP",
            47 => "GRE",
            17 => (NameOfPort(header.DestinationPort) ?? NameOfPort(header.SourcePort)),
            _ => null,
        };
    }

    /// <summary>Without VLAN tags.</summary>
    public static int LinkHeaderLength(LinkType linkType) => linkType switch
    {
        LinkType.Ethernet => 14,
        LinkType.LinuxCooked => 16,
        LinkType.LinuxCooked2 => 20,
        LinkType.Null or LinkType.Loop => 4,
        _ => 0,
    };

    private static string? NameOfPort(int port) => port switch
    {
        2152 or 2123 => "GTP",
        3544 => "Teredo",
        4789 or 8472 => "VXLAN",
        4754 => "GRE in UDP",
        5072 => "AYIYA",
        5247 => "CAPWAP",
        6081 => "Geneve",
        _ => null,
    };

    private static string? NameOfEtherType(ReadOnlySpan<byte> frame)
    {
        var offset = 12;
        while (frame.Length >= offset + 4 && BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) is 0x8100 or 0x88A8 or 0x9100)
            offset += 4;
        return frame.Length < offset + 2 ? null : BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) switch
        {
            0x8847 or 0x8848 => "MPLS",
            0x8864 => "PPPoE",
            0x8903 => "FabricPath",
            0x8926 => "VN-Tag",
            0x894F => "NSH",
            _ => null,
        };
    }
}
