using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>A piece of a sampled packet inside an export (IPFIX elements 313 and 315, the sampled header of sFlow): its headers are read, and all beyond them is blanked in place.</summary>
internal static class PacketSection
{
    /// <summary>Reads the headers into a flow of one packet and blanks what follows them.</summary>
    /// <param name="linkType">How the section is framed.</param>
    /// <param name="section">Its octets; changed.</param>
    /// <param name="frameLength">The packet's length on the wire, in octets; 0 when it is not known.</param>
    /// <param name="flow">Fields are added to it; packets and octets only where it has none.</param>
    /// <returns>Whether there was an IP packet.</returns>
    public static bool TakeAndBlank(LinkType linkType, Span<byte> section, int frameLength, ref ExportedFlow flow)
    {
        FrameDecoder.Decode(linkType, section, Math.Max(frameLength, section.Length), flow.ReceivedNs, out var header);
        section[Math.Clamp(header.HeaderLength, 0, section.Length)..].Clear();
        if (header.IpVersion == 0)
            return false;
        flow.IpVersion = header.IpVersion;
        flow.Source = header.Source;
        flow.Destination = header.Destination;
        flow.Protocol = header.Protocol;
        flow.TrafficClass = header.TrafficClass;
        flow.Fields |= FlowFields.Addresses | FlowFields.Protocol | FlowFields.TrafficClass;
        if (header.HasPorts)
        {
            (flow.SourcePort, flow.DestinationPort) = (header.SourcePort, header.DestinationPort);
            flow.Fields |= FlowFields.Ports;
        }

        if (header.HasIcmp)
        {
            flow.IcmpTypeCode = (ushort)((header.IcmpType << 8) | header.IcmpCode);
            flow.Fields |= FlowFields.Icmp;
        }

        if (header.Protocol == IpProtocol.Tcp && header.HasPorts)
        {
            flow.TcpFlags = header.TcpFlags;
            flow.Fields |= FlowFields.TcpFlags;
        }

        if (header.VlanId != 0)
        {
            (flow.VlanId, flow.CustomerVlanId) = (header.VlanId, header.CustomerVlanId);
            flow.Fields |= FlowFields.Vlan;
        }

        if (!flow.Has(FlowFields.Packets))
            flow.PacketCount = 1;
        if (!flow.Has(FlowFields.Octets))
            flow.OctetCount = header.IpLength;
        flow.Fields |= FlowFields.Packets | FlowFields.Octets;
        return true;
    }
}
