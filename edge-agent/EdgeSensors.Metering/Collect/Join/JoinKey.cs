using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Join;

/// <summary>
/// What the two directions of a conversation have in common in exporters' records: addresses, ports and protocol, the endpoint that sorts first as A. VLANs and virtual
/// routing tables are no part of it, as a router tells each direction's own.
/// </summary>
internal readonly record struct JoinKey(HostAddress A, HostAddress B, ushort PortA, ushort PortB, IpProtocol Protocol)
{
    /// <summary>Makes the key of a record and says whether its source is endpoint A.</summary>
    public static bool Make(ref readonly ExportedFlow flow, out JoinKey key)
    {
        var fromA = flow.Source < flow.Destination || (flow.Source == flow.Destination && flow.SourcePort <= flow.DestinationPort);
        key = fromA
            ? new JoinKey(flow.Source, flow.Destination, flow.SourcePort, flow.DestinationPort, flow.Protocol)
            : new JoinKey(flow.Destination, flow.Source, flow.DestinationPort, flow.SourcePort, flow.Protocol);
        return fromA;
    }

    /// <summary>Keyed by the runtime's secret of this process, so that nobody can choose addresses that collide.</summary>
    public override int GetHashCode() => HashCode.Combine(A.High ^ B.High, A.Low, B.Low, ((uint)PortA << 16) | PortB, Protocol);
}
