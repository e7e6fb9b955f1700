using System.Globalization;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>A flow record as tshark dissects it: its names for elements (cflow.…) with the octets in hexadecimal. Of an element that comes twice, the first counts; of a biflow that is the forward one.</summary>
internal sealed class DissectedFlow
{
    private readonly Dictionary<string, string> _octets = [];

    public DissectedFlow(IEnumerable<(string Field, string Octets)> fields)
    {
        foreach (var (field, octets) in fields)
            _octets.TryAdd(field, octets);
    }

    public IEnumerable<string> Names => _octets.Keys;

    /// <summary>tshark's value: an address in hexadecimal, all else a number (times: Unix milliseconds).</summary>
    public string this[string field] => field.Contains("addr", StringComparison.Ordinal) || field.Contains("nexthop", StringComparison.Ordinal)
        ? _octets[field]
        : field.StartsWith("abstime", StringComparison.Ordinal) ? Milliseconds(_octets[field])
        : ulong.TryParse(_octets[field], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) ? number.ToString(CultureInfo.InvariantCulture) : _octets[field];

    /// <summary>What the collector has in that field; null for an element that is no field of a flow here, or that another element of the record overrides.</summary>
    public string? Ours(string field, in ExportedFlow flow) => field switch
    {
        "srcaddr" => Address(flow.Source, flow, FlowFields.Addresses, 4),
        "dstaddr" => Address(flow.Destination, flow, FlowFields.Addresses, 4),
        "srcaddrv6" => Address(flow.Source, flow, FlowFields.Addresses, 6),
        "dstaddrv6" => Address(flow.Destination, flow, FlowFields.Addresses, 6),
        "nexthop" => Address(flow.NextHop, flow, FlowFields.NextHop, 4),
        "nexthopv6" => Address(flow.NextHop, flow, FlowFields.NextHop, 6),
        "srcport" => Number(flow.SourcePort, flow, FlowFields.Ports),
        "dstport" => Number(flow.DestinationPort, flow, FlowFields.Ports),
        "protocol" => Number((int)flow.Protocol, flow, FlowFields.Protocol),
        "octets" => Number(flow.OctetCount, flow, FlowFields.Octets),
        "packets" => Number(flow.PacketCount, flow, FlowFields.Packets),
        "permanent_octets" when !_octets.ContainsKey("octets") => Number(flow.OctetCount, flow, FlowFields.Octets | FlowFields.CountersAreTotals),
        "permanent_packets" when !_octets.ContainsKey("packets") => Number(flow.PacketCount, flow, FlowFields.Packets | FlowFields.CountersAreTotals),
        "inputint" => Number(flow.IngressInterface, flow, FlowFields.IngressInterface),
        "outputint" => Number(flow.EgressInterface, flow, FlowFields.EgressInterface),
        "srcas" => Number(flow.SourceAs, flow, FlowFields.SourceAs),
        "dstas" => Number(flow.DestinationAs, flow, FlowFields.DestinationAs),
        "srcmask" or "srcmaskv6" => Number(flow.SourcePrefixLength, flow, FlowFields.SourcePrefixLength),
        "dstmask" or "dstmaskv6" => Number(flow.DestinationPrefixLength, flow, FlowFields.DestinationPrefixLength),
        "tos" => Number(flow.TrafficClass, flow, FlowFields.TrafficClass),
        "tcpflags" => Number((int)flow.TcpFlags, flow, FlowFields.TcpFlags),
        "direction" => Number(flow.Direction, flow, FlowFields.Direction),
        "firewall_event" => Number(flow.FirewallEvent, flow, FlowFields.FirewallEvent),
        "flow_end_reason" => Number((int)flow.EndReason, flow, FlowFields.EndReason),
        "forwarding_status" => Number(flow.ForwardingStatus, flow, FlowFields.ForwardingStatus),
        "vlanid" or "dot1q_vlan_id" => Number(flow.VlanId, flow, FlowFields.Vlan),
        "dot1q_customer_vlan_id" => Number(flow.CustomerVlanId, flow, FlowFields.None),
        "ingress_vrfid" => Number(flow.IngressVrf, flow, FlowFields.IngressVrf),
        "egress_vrfid" => Number(flow.EgressVrf, flow, FlowFields.EgressVrf),
        "icmp_type_code_ipv4" => Number(flow.IcmpTypeCode, flow, FlowFields.Icmp),
        "icmp_ipv4_type" or "icmp_ipv6_type" => Number(flow.IcmpTypeCode >> 8, flow, FlowFields.Icmp),
        "icmp_ipv4_code" or "icmp_ipv6_code" => Number(flow.IcmpTypeCode & 0xFF, flow, FlowFields.Icmp),
        "sampler_id" or "selector_id" => Number((long)flow.SamplerId, flow, FlowFields.Sampler),
        "ip_version" => Number(flow.IpVersion, flow, FlowFields.None),
        "abstimestart" => Number(flow.StartNs / 1_000_000, flow, FlowFields.Times),
        "abstimeend" => Number(flow.EndNs / 1_000_000, flow, FlowFields.Times),
        "timestart" => Number((uint)(Number("timeend") - ((flow.EndNs - flow.StartNs) / 1_000_000)), flow, FlowFields.Times), // uptime, which wraps
        _ => null,
    };

    private static string Milliseconds(string shown)
    {
        var time = DateTime.ParseExact(
            shown[..^"000000 UTC".Length], "MMM d, yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.AllowInnerWhite | DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return ((time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond).ToString(CultureInfo.InvariantCulture);
    }

    private static string Number(long value, in ExportedFlow flow, FlowFields given) => flow.Has(given) ? value.ToString(CultureInfo.InvariantCulture) : "not given";

    private long Number(string field) => _octets.TryGetValue(field, out var octets) ? (long)ulong.Parse(octets, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 0;

    /// <summary>Exporters send both families and leave one zero.</summary>
    private static string? Address(HostAddress address, in ExportedFlow flow, FlowFields given, int version)
    {
        if (flow.IpVersion != version && flow.Has(given))
            return null;
        Span<byte> octets = stackalloc byte[16];
        return flow.Has(given) ? Convert.ToHexStringLower(octets[..address.WriteOctets(octets)]) : "not given";
    }
}
