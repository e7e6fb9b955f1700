using EdgeSensors.FieldTest.Replay;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>What went in and what came out, compared. One path keeps the order, so the first packet that is missing is the first that was dropped.</summary>
internal sealed class Ledger(Replayer replayer, ArrivalWatch arrivals)
{
    // A packet on its way is not yet lost: it is, when none has come for this long while more went in.
    private static readonly TimeSpan Certainty = TimeSpan.FromMilliseconds(200);

    private Dictionary<HostAddress, (long In, long Out)> _injectedAtMark = [];
    private Dictionary<HostAddress, (long In, long Out)> _arrivedAtMark = [];

    public Replayer Replayer { get; } = replayer;

    /// <summary>All packets so far: how many went in and how many of them came through.</summary>
    public (long Injected, long Through) Crossed => (Replayer.Injected.Total, arrivals.Arrived.Total);

    /// <summary>When a host's first packet that did not come through went in; null when all have come.</summary>
    public DateTimeOffset? FirstDropOf(HostAddress source) => Replayer.EntryOf(source, arrivals.Arrived.InboundOf(source));

    /// <summary>Whether a host's packets have stopped coming through.</summary>
    public bool IsDropping(HostAddress source) => FirstDropOf(source) is { } first && DateTimeOffset.UtcNow - first > Certainty;

    /// <summary>Waits until what is on its way has arrived.</summary>
    public void Settle(TimeSpan atMost) => arrivals.Settle(atMost);

    /// <summary>Begins a part that is counted by itself.</summary>
    public void Mark() => (_injectedAtMark, _arrivedAtMark) = (Replayer.Injected.Snapshot(), arrivals.Arrived.Snapshot());

    /// <summary>The figures since the run began.</summary>
    public PartFigures Count(IReadOnlySet<HostAddress> blocked, HostAddress? control) =>
        Judge.Count(Replayer.Injected.Snapshot(), arrivals.Arrived.Snapshot(), blocked, control);

    /// <summary>The figures since the mark.</summary>
    public PartFigures CountSinceMark(IReadOnlySet<HostAddress> blocked, HostAddress? control) => Judge.Count(
        Judge.Since(_injectedAtMark, Replayer.Injected.Snapshot()), Judge.Since(_arrivedAtMark, arrivals.Arrived.Snapshot()), blocked, control);
}
