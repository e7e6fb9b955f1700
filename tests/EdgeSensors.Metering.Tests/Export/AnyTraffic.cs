using CsCheck;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Flows;

namespace EdgeSensors.Metering.Tests.Export;

/// <summary>Biflow records of every kind that the meter makes: both families, every protocol, tagged or not, one way or both, divided by timeouts.</summary>
internal static class AnyTraffic
{
    private static readonly FlowTableOptions Options = new()
    {
        IdleTimeout = TimeSpan.FromMilliseconds(400), ActiveTimeout = TimeSpan.FromMilliseconds(2_000), ClosedTimeout = TimeSpan.FromMilliseconds(100), MaxFlows = 12,
    };

    private static readonly IpProtocol[] Protocols = [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp, IpProtocol.Icmp, IpProtocol.Esp];

    private static readonly Gen<PacketHeader> Packet = Gen.Select(Gen.Int[0, 300], Gen.Int[0, 7], Gen.Bool, Gen.Int[0, 4], Gen.Bool, Gen.Int[0, 2], Gen.Byte, Gen.Int[0, 1400])
        .Select(Build);

    public static Gen<List<BiflowRecord>> Records { get; } = Packet.Array[0, 400].Select(packets =>
    {
        var list = new RecordList();
        var table = new FlowTable(Options, list);
        var ns = 1_700_000_000_123_456_789;
        for (var index = 0; index < packets.Length; index++)
        {
            ns += packets[index].TimestampNs;
            packets[index].TimestampNs = ns;
            table.Add(in packets[index]);
        }

        table.Flush();
        return list.Records;
    });

    private static PacketHeader Build(int stepMs, int peer, bool fromClient, int protocol, bool ipv6, int tags, byte octet, int payload)
    {
        Span<byte> octets = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)peer];
        // An IPv6 packet may well name IPv4-mapped addresses.
        var far = !ipv6 ? HostAddress.FromIPv4(0xC0000200 + (uint)peer) : peer == 7 ? HostAddress.FromIPv4(0xC0000207) : HostAddress.FromIPv6(octets);
        octets[15] = 0xFE;
        var near = ipv6 ? HostAddress.FromIPv6(octets) : HostAddress.FromIPv4(0xC6336402);
        var header = new PacketHeader
        {
            TimestampNs = (stepMs * 1_000_000L) + 777,
            IpVersion = (byte)(ipv6 ? 6 : 4),
            Source = fromClient ? far : near,
            Destination = fromClient ? near : far,
            Protocol = Protocols[protocol] == IpProtocol.Icmp && ipv6 ? IpProtocol.IcmpV6 : Protocols[protocol],
            IpLength = 60 + payload,
            PayloadLength = payload,
            VlanId = (ushort)(tags > 0 ? 100 + peer : 0),
            CustomerVlanId = (ushort)(tags > 1 ? 7 : 0),
        };
        if (header.Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
        {
            header.HasPorts = true;
            header.SourcePort = (ushort)(fromClient ? 40_000 + peer : 443);
            header.DestinationPort = (ushort)(fromClient ? 443 : 40_000 + peer);
        }

        (header.Tunnel, header.TunnelId) = peer switch { 5 => (TunnelKind.Vxlan, 700u), 6 => (TunnelKind.GtpU, 800u), _ => (TunnelKind.None, 0u) };
        if (header.Protocol == IpProtocol.Tcp)
            header.TcpFlags = (TcpControlBits)(octet & 0xFA); // mostly neither FIN nor RST
        if (header.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6)
        {
            header.HasIcmp = true;
            header.IcmpType = (byte)(ipv6 ? (fromClient ? 128 : 129) : (fromClient ? 8 : 0));
            header.IcmpCode = (byte)(octet & 3);
        }

        return header;
    }
}
