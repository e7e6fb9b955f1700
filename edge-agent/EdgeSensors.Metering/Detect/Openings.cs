using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>What a flow's first packet says about it.</summary>
internal enum Opening
{
    /// <summary>Nothing that a detector follows: it carries on what began before the capture did, or is for a group.</summary>
    Other,

    /// <summary>Its sender tries the receiver: a TCP SYN or stealth probe, a UDP datagram, an ICMP request.</summary>
    Attempt,

    /// <summary>An answer to what the capture has not seen: a SYN-ACK or RST (backscatter), or a datagram from a service that amplifies.</summary>
    UnaskedAnswer,
}

/// <summary>Reads openings.</summary>
internal static class Openings
{
    /// <summary>UDP services that answer more than they are asked, whoever the sender claims to be (US-CERT TA14-017A and later finds).</summary>
    private static readonly bool[] s_amplifies = Ports(17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 520, 1434, 1604, 1900, 3283, 3702, 5353, 5683, 10001, 11211, 27015, 32414);

    /// <summary>UDP services beyond the system ports whose datagrams to a client port are answers.</summary>
    private static readonly bool[] s_serves = Ports(1194, 1434, 1604, 1701, 1812, 1813, 1900, 2049, 3283, 3478, 3702, 4500, 5060, 5353, 5683, 10001, 11211, 27015, 32414, 51820);

    public static bool Amplifies(ushort port) => s_amplifies[port];

    public static Opening Of(in PacketHeader header)
    {
        if (IsGroup(header.Destination))
        {
            return Opening.Other;
        }

        switch (header.Protocol)
        {
            case IpProtocol.Tcp when header.HasPorts:
                return OfTcp(header.TcpFlags, header.PayloadLength);
            case IpProtocol.Udp when header.HasPorts:
                var answers = header.SourcePort < 1024 ? header.DestinationPort >= 1024 : s_serves[header.SourcePort] && !s_serves[header.DestinationPort];
                return !answers ? Opening.Attempt : s_amplifies[header.SourcePort] ? Opening.UnaskedAnswer : Opening.Other;
            case IpProtocol.Icmp when header.HasIcmp:
                return header.IcmpType is 8 or 13 or 15 or 17 ? Opening.Attempt : Opening.Other;
            case IpProtocol.IcmpV6 when header.HasIcmp:
                return header.IcmpType == 128 ? Opening.Attempt : Opening.Other;
            default:
                return Opening.Other;
        }
    }

    /// <summary>Whether an address is a group's, everybody's or nobody's, so that who sends to it tries no host.</summary>
    public static bool IsGroup(HostAddress address) => address.IsIPv4
        ? (uint)address.Low >> 28 == 0xE || (byte)address.Low == 0xFF || (uint)address.Low == 0
        : address.High >> 56 == 0xFF || (address.High == 0 && address.Low == 0);

    private static Opening OfTcp(TcpControlBits flags, int payload)
    {
        const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
        if ((flags & TcpControlBits.Rst) != 0 || (flags & SynAck) == SynAck)
        {
            return Opening.UnaskedAnswer;
        }

        if ((flags & TcpControlBits.Syn) != 0)
        {
            return Opening.Attempt;
        }

        // An ACK with FIN or data is how a connection goes on that began before the capture; ACK, FIN, NULL and XMAS alone are probes when nothing follows.
        var goesOn = (flags & TcpControlBits.Ack) != 0 && (payload > 0 || (flags & TcpControlBits.Fin) != 0);
        return goesOn ? Opening.Other : Opening.Attempt;
    }

    private static bool[] Ports(params ushort[] ports)
    {
        var set = new bool[65_536];
        foreach (var port in ports)
        {
            set[port] = true;
        }

        return set;
    }
}
