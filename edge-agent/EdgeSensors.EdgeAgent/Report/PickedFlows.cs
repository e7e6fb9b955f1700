using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>The flows that leave with a window's report: those that were picked and that the authorisation lets leave. Bounded.</summary>
internal sealed class PickedFlows
{
    /// <summary>Most flows of a window; more are counted as evicted.</summary>
    private const int MaxFlows = 16 * ReportMessage.MaxFlows;

    /// <summary>Most flows of floods in a window: a flood's flows say little that its alert does not, and there is no end of them.</summary>
    private const int MaxFloodFlows = 512;

    private readonly List<PickedFlow> _flows = [];
    private int _floodFlows;

    /// <summary>Picked flows that found no room.</summary>
    public ulong Overflow { get; private set; }

    /// <summary>Picked flows that the authorisation does not cover.</summary>
    public ulong OutOfScope { get; set; }

    /// <summary>The flows, in the order in which they ended.</summary>
    public IReadOnlyList<PickedFlow> Flows => _flows;

    /// <summary>Adds a flow that a detector, the list or a selector picked.</summary>
    public void Add(in FlowSummary record, FlowClass flow, DetectorKind reason, Authority authority, FlowSelector? selector, bool sourceNamed)
    {
        if (flow.Scope != Scope.Selectable || !authority.MayPick)
        {
            OutOfScope++;
            return;
        }

        if (reason == DetectorKind.Flood && ++_floodFlows > MaxFloodFlows)
        {
            return;
        }

        if (_flows.Count >= MaxFlows)
        {
            Overflow++;
            return;
        }

        var (forward, reverse) = (record.Forward, record.Reverse);
        var picked = new PickedFlow
        {
            Reason = reason,
            Direction = flow.Direction,
            Source = authority.Shown(record.Source, flow.Direction, selector is not null && sourceNamed),
            Destination = authority.Shown(record.Destination, flow.Direction, selector is not null && !sourceNamed),
            ProtocolIdentifier = (byte)record.Protocol,
            SourcePort = record.SourcePort,
            DestinationPort = record.DestinationPort,
            Start = UnixMilliseconds.FromNanoseconds(record.FirstNs),
            End = UnixMilliseconds.FromNanoseconds(record.LastNs),
            Packets = (ulong)forward.PacketCount,
            Octets = (ulong)forward.OctetCount,
            ReversePackets = (ulong)reverse.PacketCount,
            ReverseOctets = (ulong)reverse.OctetCount,
            TcpControlBits = (ushort)forward.TcpFlags,
            ReverseTcpControlBits = (ushort)reverse.TcpFlags,
            EndReason = (byte)record.EndReason,
        };
        _flows.Add(selector is null ? picked : Only(picked, selector));
    }

    /// <summary>Begins the next window.</summary>
    public void Clear()
    {
        _flows.Clear();
        (_floodFlows, Overflow, OutOfScope) = (0, 0, 0);
    }

    /// <summary>Leaves out what a selector's fields do not name. Ends, protocol, direction and times are what makes a record one, and stay.</summary>
    private static PickedFlow Only(PickedFlow flow, FlowSelector selector)
    {
        bool Has(string field) => selector.Fields.Contains(field);
        return flow with
        {
            SourcePort = Has("sourceTransportPort") ? flow.SourcePort : (ushort)0,
            DestinationPort = Has("destinationTransportPort") ? flow.DestinationPort : (ushort)0,
            Packets = Has("packetDeltaCount") ? flow.Packets : 0,
            Octets = Has("octetDeltaCount") ? flow.Octets : 0,
            ReversePackets = Has("reversePacketDeltaCount") ? flow.ReversePackets : 0,
            ReverseOctets = Has("reverseOctetDeltaCount") ? flow.ReverseOctets : 0,
            TcpControlBits = Has("tcpControlBits") ? flow.TcpControlBits : (ushort)0,
            ReverseTcpControlBits = Has("reverseTcpControlBits") ? flow.ReverseTcpControlBits : (ushort)0,
            EndReason = Has("flowEndReason") ? flow.EndReason : (byte)0,
        };
    }
}
