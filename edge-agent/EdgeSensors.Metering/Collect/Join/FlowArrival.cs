using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Join;

/// <summary>What an exporter's record added: the seam at which a record goes on as packets do, some at once.</summary>
public readonly record struct FlowArrival
{
    /// <summary>Whether the record's source is the initiator, as far as is known.</summary>
    public required bool SourceIsInitiator { get; init; }

    /// <summary>Whether it is the first record of its conversation.</summary>
    public required bool Opens { get; init; }

    /// <summary>Packets from the record's source, not scaled; of counters that run from the flow's start what was added since the last record.</summary>
    public required long PacketCount { get; init; }

    /// <summary>Octets from the record's source.</summary>
    public required long OctetCount { get; init; }

    /// <summary>Packets to the record's source (RFC 5103).</summary>
    public required long ReversePacketCount { get; init; }

    /// <summary>Octets to the record's source (RFC 5103).</summary>
    public required long ReverseOctetCount { get; init; }

    /// <summary>A header that one of the record's packets may have had.</summary>
    /// <param name="flow">The record.</param>
    /// <param name="reverse">Of a packet to the record's source.</param>
    public static PacketHeader Header(ref readonly ExportedFlow flow, bool reverse)
    {
        var packets = reverse ? flow.ReversePacketCount : flow.PacketCount;
        var octets = reverse ? flow.ReverseOctetCount : flow.OctetCount;
        var icmp = reverse ? flow.ReverseIcmpTypeCode : flow.IcmpTypeCode;
        return new PacketHeader
        {
            TimestampNs = flow.ReceivedNs,
            Source = reverse ? flow.Destination : flow.Source,
            Destination = reverse ? flow.Source : flow.Destination,
            SourcePort = reverse ? flow.DestinationPort : flow.SourcePort,
            DestinationPort = reverse ? flow.SourcePort : flow.DestinationPort,
            HasPorts = flow.Has(FlowFields.Ports),
            Protocol = flow.Protocol,
            IpVersion = flow.IpVersion,
            IpLength = (int)Math.Min(octets / Math.Max(1, packets), int.MaxValue),
            TcpFlags = reverse ? flow.ReverseTcpFlags : flow.TcpFlags,
            HasIcmp = flow.Has(reverse ? FlowFields.ReverseIcmp : FlowFields.Icmp),
            IcmpType = (byte)(icmp >> 8),
            IcmpCode = (byte)icmp,
            TrafficClass = flow.TrafficClass,
        };
    }
}
