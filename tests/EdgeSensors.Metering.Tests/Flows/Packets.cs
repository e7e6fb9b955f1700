using System.Net;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Flows;

/// <summary>Short spellings of packet headers; times in milliseconds from an arbitrary start.</summary>
internal static class Packets
{
    public const long StartNs = 1_700_000_000_000_000_000;

    public const string Client = "192.0.2.1";
    public const string Server = "198.51.100.2";

    private static readonly HostAddress ClientAddress = HostAddress.From(IPAddress.Parse(Client));
    private static readonly HostAddress ServerAddress = HostAddress.From(IPAddress.Parse(Server));

    public static PacketHeader Tcp(double ms, bool fromClient, TcpControlBits flags, int payload = 0, uint sequence = 0, uint acknowledgement = 0, int port = 40000)
    {
        var header = Between(ms, fromClient, IpProtocol.Tcp, 40 + payload);
        header.SourcePort = (ushort)(fromClient ? port : 443);
        header.DestinationPort = (ushort)(fromClient ? 443 : port);
        header.HasPorts = true;
        header.TcpFlags = flags;
        header.PayloadLength = payload;
        header.TcpSequence = sequence;
        header.TcpAcknowledgement = acknowledgement;
        return header;
    }

    public static PacketHeader Udp(double ms, bool fromClient, int payload = 10, int port = 40000)
    {
        var header = Between(ms, fromClient, IpProtocol.Udp, 28 + payload);
        header.SourcePort = (ushort)(fromClient ? port : 53);
        header.DestinationPort = (ushort)(fromClient ? 53 : port);
        header.HasPorts = true;
        header.PayloadLength = payload;
        return header;
    }

    public static PacketHeader Icmp(double ms, bool fromClient, int type, int code, int identifier)
    {
        var header = Between(ms, fromClient, IpProtocol.Icmp, 84);
        header.HasIcmp = true;
        header.IcmpType = (byte)type;
        header.IcmpCode = (byte)code;
        header.IcmpIdentifier = (ushort)identifier;
        return header;
    }

    private static PacketHeader Between(double ms, bool fromClient, IpProtocol protocol, int length)
    {
        return new PacketHeader
        {
            TimestampNs = StartNs + (long)(ms * 1_000_000),
            Source = fromClient ? ClientAddress : ServerAddress,
            Destination = fromClient ? ServerAddress : ClientAddress,
            Protocol = protocol,
            IpVersion = 4,
            IpLength = length,
        };
    }
}
