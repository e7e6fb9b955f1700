using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>One IP packet of a trace.</summary>
/// <param name="OffsetNs">Nanoseconds after the trace's first packet.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Conversation">Which conversation it belongs to.</param>
/// <param name="Frame">An Ethernet frame ready for injection; its hardware addresses are still empty.</param>
internal sealed record TracePacket(long OffsetNs, HostAddress Source, HostAddress Destination, ConversationKey Conversation, byte[] Frame)
{
    /// <summary>Octets of the IP packet.</summary>
    public int IpLength => Frame.Length - Network.FrameInjector.HeaderLength;
}

/// <summary>Two ends and a protocol, the same for both directions.</summary>
internal readonly record struct ConversationKey(HostAddress Low, ushort LowPort, HostAddress High, ushort HighPort, IpProtocol Protocol)
{
    /// <summary>The conversation that a packet belongs to; ICMP queries are told apart by their identifier.</summary>
    public static ConversationKey Of(in PacketHeader header)
    {
        var (sourcePort, destinationPort) = header.HasPorts
            ? (header.SourcePort, header.DestinationPort)
            : (header.IcmpIdentifier, header.IcmpIdentifier);
        var forward = header.Source < header.Destination || (header.Source == header.Destination && sourcePort <= destinationPort);
        return forward
            ? new(header.Source, sourcePort, header.Destination, destinationPort, header.Protocol)
            : new(header.Destination, destinationPort, header.Source, sourcePort, header.Protocol);
    }
}
