using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Store;

/// <summary>Flow metadata: windows and picked flows, a projection of the inbox.</summary>
internal interface IFlowStore : IDisposable
{
    /// <summary>The last inbox row that is in the store.</summary>
    long Watermark { get; }

    /// <summary>Adds reports and moves the watermark, in one durable transaction.</summary>
    void Project(IReadOnlyList<(InboxMessage Message, ReportMessage Report)> reports, long watermark);

    /// <summary>Removes what the hub received before a moment, and says how many rows that were.</summary>
    long Prune(UnixMilliseconds before);

    /// <summary>The last flows that touch an address (or the <c>~</c>pseudonym of one), the latest first.</summary>
    IReadOnlyList<StoredFlow> FlowsOf(string address, int max);

    /// <summary>A sensor's last windows, the latest first; of every sensor when none is named.</summary>
    IReadOnlyList<StoredWindow> Windows(SensorName? sensor, int max);

    /// <summary>What a measure would have hit; answers within a bounded time, if need be that it does not know.</summary>
    ImpactEstimate Estimate(ImpactQuestion question);

    /// <summary>How many windows and flows there are.</summary>
    (long Windows, long Flows) Count();
}

/// <summary>A picked flow, with the names of IPFIX.</summary>
internal sealed record StoredFlow(
    string Sensor, string Reason, string Direction, string Source, string Destination, byte ProtocolIdentifier, ushort SourceTransportPort,
    ushort DestinationTransportPort, long FlowStartMilliseconds, long FlowEndMilliseconds, ulong PacketDeltaCount, ulong OctetDeltaCount,
    ulong ReversePacketDeltaCount, ulong ReverseOctetDeltaCount, ushort TcpControlBits, ushort ReverseTcpControlBits);

/// <summary>
/// One window of one sensor. Counts are as seen; divided by the sampling ratio they are estimates, and where the sensor says how good those are, the packets' is off by less
/// than <paramref name="PacketsWithin"/> in 95 % of windows, and <paramref name="EstimatedOctets"/> by less than <paramref name="OctetsWithin"/>.
/// </summary>
internal sealed record StoredWindow(
    string Sensor, long WindowStart, long WindowEnd, ulong? PacketDeltaCount, ulong? OctetDeltaCount, ulong? DeltaFlowCount, ulong? DroppedPackets,
    double SamplingRatio, ulong DomesticPackets, bool PreviousWindowLost, long ReceivedAt,
    ulong? PacketsWithin, ulong? EstimatedOctets, ulong? OctetsWithin);
