using System.Runtime.CompilerServices;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Join;
using EdgeSensors.Metering.Detect;

namespace EdgeSensors.EdgeAgent.Report;

/// <content>
/// Exporters' records go the way that packets do, some packets at once: counted when they arrive, judged when their other direction has had its time to come, then selected.
/// Windows go by the time at which a record could be read, as flows are told of late and by clocks that are not ours.
/// </content>
internal sealed partial class TrafficReporter
{
    // Routers let go of both directions of a short flow within a few seconds; a longer wait would make alerts late.
    private static readonly TimeSpan s_joinWait = TimeSpan.FromSeconds(5);

    private readonly FlowJoin _join;
    private readonly ExportDetectionEngine _exportEngine;
    private readonly SamplingTally _sampling = new();
    private long _missingBefore;
    private long _arrivedNs;

    /// <summary>Exporters' records, datagrams or samples that never came, since the start; null where the input is another.</summary>
    public Func<long>? MissingExports { get; set; }

    private long EvictedCount => _flows.EvictedCount + _join.EvictedCount;

    /// <summary>Takes an exporter's record.</summary>
    public void OnFlow(ref readonly ExportedFlow flow)
    {
        FrameCount++;
        // A record that had to wait for its template arrived long ago; it counts now. Only the clock itself goes back (AdvanceTo).
        _arrivedNs = Math.Max(_arrivedNs, flow.ReceivedNs);
        AdvanceWindow(_arrivedNs);
        _windowFrames++;
        if (--_untilLook <= 0)
        {
            LookAtAuthority();
            StoreAlerts(atOnce: false);
        }

        // What names no addresses (layer 2, some firewall events) is no flow between hosts; without packets or octets it tells of an event only.
        if (flow.IpVersion == 0 || (flow.PacketCount | flow.OctetCount | flow.ReversePacketCount | flow.ReverseOctetCount) == 0)
        {
            _malformed += flow.IpVersion == 0 ? 1UL : 0;
            return;
        }

        ref readonly var joined = ref _join.Add(in flow, _arrivedNs, out var arrival);
        if (_authority is { } authority)
        {
            var known = ClassOf(in joined, authority);
            _sampling.Add(arrival.PacketCount + arrival.ReversePacketCount, flow.Sampling);
            _counts.Add(FlowArrival.Header(in flow, reverse: false), arrival.PacketCount, arrival.OctetCount, known, arrival.SourceIsInitiator, arrival.Opens, authority.SketchKey);
            if (arrival.ReversePacketCount > 0)
            {
                _counts.Add(FlowArrival.Header(in flow, reverse: true), arrival.ReversePacketCount, arrival.ReverseOctetCount, known, !arrival.SourceIsInitiator, opens: false, authority.SketchKey);
            }
        }

        Observed?.Count(FlowArrival.Header(in flow, reverse: false), arrival.PacketCount, arrival.OctetCount);
        Observed?.Count(FlowArrival.Header(in flow, reverse: true), arrival.ReversePacketCount, arrival.ReverseOctetCount);
    }

    /// <inheritdoc/>
    public void OnJoined(ref readonly JoinedFlow flow)
    {
        _exportEngine.Add(in flow, _arrivedNs);
        if (_authority is { } authority && NeedsLook(authority, _exportEngine.HasConcern))
        {
            var summary = flow.Summary;
            var picked = _exportEngine.TryPick(in summary, out var kind);
            Select(in summary, ClassOf(in flow, authority), picked ? kind : null, authority);
        }
    }

    private void AdvanceExportsTo(long nowNs)
    {
        _arrivedNs = nowNs;
        _join.AdvanceTo(nowNs);
        _exportEngine.AdvanceTo(nowNs);
    }

    private void FlushExports()
    {
        _join.Flush();
        _exportEngine.Flush(_arrivedNs);
    }

    private ulong MissingExportsSince()
    {
        if (MissingExports?.Invoke() is not { } all)
        {
            return 0;
        }

        // A late record takes back what its absence was charged with, so the count may shrink.
        var missing = (ulong)Math.Max(0, all - _missingBefore);
        _missingBefore = all;
        return missing;
    }

    /// <summary>The class of a conversation, kept as its mark until the authority or the initiator changes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FlowClass ClassOf(ref readonly JoinedFlow flow, Authority authority)
    {
        if (flow.Label != 0)
        {
            return FlowClass.Of(flow.Label);
        }

        var found = authority.Classify(flow.Source, flow.Destination);
        FlowJoin.Label(in flow, found.ToByte());
        return found;
    }
}
