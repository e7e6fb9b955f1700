using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Which packets a router passes on at all (RFC 1812 §5.3, RFC 4291 §2.5.6), so that one that it must drop is not held against it.</summary>
internal static class Forwarding
{
    /// <summary>Whether a router would pass it on; if not, why.</summary>
    public static bool IsForwarded(in PacketHeader header, [NotNullWhen(false)] out string? reason)
    {
        reason = !IsUnicast(header.Source) || !IsUnicast(header.Destination) ? "multicast, broadcast, link-local or loopback"
            : header.Source == header.Destination ? "to itself"
            : header.HopLimit <= 1 ? "at the end of its hop limit"
            : header.IpLength > 65_535 ? "larger than 65,535 octets"
            : null;
        return reason is null;
    }

    private static bool IsUnicast(HostAddress address)
    {
        if (address.IsIPv4)
        {
            var number = (uint)address.Low;
            return number >> 24 is not (0 or 127) && number >> 28 != 14 && number >> 16 != 0xA9FE && number != uint.MaxValue;
        }

        return address.High >> 56 != 0xFF && address.High >> 54 != 0x3FA && (address.High != 0 || address.Low > 1);
    }
}
