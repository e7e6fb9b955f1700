using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>Which packets: by their ends, protocol and ports; what is null is any. At least one end is named.</summary>
/// <param name="Source">Where they come from.</param>
/// <param name="Destination">Where they go to.</param>
/// <param name="Protocol">IANA protocol number.</param>
/// <param name="SourcePort">Of TCP, UDP or SCTP.</param>
/// <param name="DestinationPort">Likewise.</param>
internal readonly record struct PacketMatch(Prefix? Source, Prefix? Destination, byte? Protocol = null, ushort? SourcePort = null, ushort? DestinationPort = null)
{
    /// <summary>All packets to (egress) or from (ingress) addresses.</summary>
    public static PacketMatch Of(Prefix prefix, bool egress) => egress ? new(null, prefix) : new(prefix, null);

    /// <summary>The address family.</summary>
    public bool IsIPv4 => (Source ?? Destination)!.Value.IsIPv4;

    /// <summary>Whether nothing but one end is looked at.</summary>
    public bool IsNet => this is { Protocol: null, SourcePort: null, DestinationPort: null } && Source is null != Destination is null;

    /// <summary>Whether a packet is meant whose addresses, in network byte order, and ports are these.</summary>
    public bool Matches(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol, ushort sourcePort, ushort destinationPort) =>
        Source?.Contains(source) != false && Destination?.Contains(destination) != false && (Protocol ?? protocol) == protocol
        && (SourcePort ?? sourcePort) == sourcePort && (DestinationPort ?? destinationPort) == destinationPort;
}
