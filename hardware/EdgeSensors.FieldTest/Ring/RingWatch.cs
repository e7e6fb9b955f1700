using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>Follows hub and agent while the replay runs, fills the timeline, and lets the operator act.</summary>
internal sealed class RingWatch(HubSide hub, AgentSide agent, Timeline timeline, IRunWatch told, RunHead head, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ScriptedOperator _operator = new(hub);
    private readonly HashSet<string> _told = [];
    private volatile HubState _state = HubState.Nothing;
    private int _agentLinesRead;
    private MitigationSeen? _first;

    /// <summary>What the hub said last.</summary>
    public HubState State => _state;

    /// <summary>Addresses that the sensor says it blocks (or, dry, would block).</summary>
    public IReadOnlyList<MitigationSeen> InForce => [.. _state.Mitigations.Where(m => m.Receipt?.State is "enforced" or "observed")];

    /// <summary>Follows until it is told to stop; ends early when a program dies.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await LookAsync(stop).ConfigureAwait(false);
                await Task.Delay(Interval, time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        foreach (var program in (StartedProgram[])[hub.Serving, agent.Running])
        {
            if (program.HasEnded && _told.Add(program.Name))
            {
                throw new ProgramException($"{program.Name} ended in the middle of the run: {program.LastWords()}");
            }
        }

        try
        {
            _state = await hub.ReadStateAsync(stop).ConfigureAwait(false);
        }
        catch (HttpRequestException)
        {
            return; // asked again at the next turn
        }

        Tell();
        foreach (var deed in await _operator.ActAsync(_state, stop).ConfigureAwait(false))
        {
            Note(time.GetUtcNow(), HappeningKind.Decision, deed);
        }
    }

    private void Tell()
    {
        if (_state.FirstReportAt is { } report)
        {
            timeline.Reach(Step.FirstReport, report, "the hub has committed the sensor's first window: totals and sketches, no packet, no payload");
        }

        foreach (var incident in _state.Incidents.Where(i => _told.Add($"incident {i.Id} {i.Indicator} {i.Detector}")))
        {
            var words = $"{incident.Words()} ({incident.Technique}; source {(incident.SourceProven ? "proven: it went on after an answer" : "not proven, may be forged")})";
            if (timeline[Step.Alert] is null)
            {
                timeline.Reach(Step.Alert, incident.ReceivedAt, words);
            }
            else
            {
                Note(incident.ReceivedAt, HappeningKind.Alert, "also: " + words);
            }
        }

        foreach (var mitigation in _state.Mitigations)
        {
            Tell(mitigation);
        }
    }

    private void Tell(MitigationSeen mitigation)
    {
        if (mitigation.ApprovedAt is not { } approved)
        {
            return;
        }

        if (_first is null)
        {
            _first = mitigation;
            timeline.Reach(Step.Decision, approved, $"block {mitigation.Target}, proposed by {Who(mitigation.ProposedBy)}, approved by {Who(mitigation.ApprovedBy)}");
        }

        if (mitigation.Id != _first.Id)
        {
            if (_told.Add("decision " + mitigation.Id))
            {
                Note(approved, HappeningKind.Decision, $"also: block {mitigation.Target}, approved by {Who(mitigation.ApprovedBy)}");
            }

            return;
        }

        if (mitigation.PublishedAt is { } published)
        {
            timeline.Reach(Step.Published, published, "the rule is signed and announced (TUF metadata, retained MQTT notice)");
        }

        ReadAgent(mitigation);
        if (mitigation.Receipt is { State: "enforced" or "observed" } receipt)
        {
            timeline.Reach(Step.Enforced, _state.InForceSince.TryGetValue(mitigation.Id, out var since) ? since : receipt.ObservedAt, receipt.State == "enforced" ? $"the kernel drops {mitigation.Target}" : $"noted, not carried out: {mitigation.Target}");
        }
        else if (mitigation.Receipt is { State: "refused" } refused && _told.Add("refused " + mitigation.Id))
        {
            Note(refused.ObservedAt, HappeningKind.Rule, $"the agent refuses to block {mitigation.Target}: {refused.Reason}");
        }
    }

    private void ReadAgent(MitigationSeen mitigation)
    {
        if (mitigation.Revision is not { } revision)
        {
            return; // which update to look for is not known yet; what the agent said is not lost
        }

        var said = agent.Running.Said;
        for (; _agentLinesRead < said.Count; _agentLinesRead++)
        {
            if (AgentLog.IsVerified(said[_agentLinesRead].Text, out var verified) && verified >= revision)
            {
                timeline.Reach(Step.Verified, said[_agentLinesRead].At, "the agent has checked every signature, version and expiry itself");
            }
        }
    }

    private void Note(DateTimeOffset at, HappeningKind kind, string words) =>
        told.Happened(new(head.MillisecondsTo(at), kind, kind == HappeningKind.Rule ? HubSide.Sensor : "hub", words));

    public static string Who(string? name) => name switch
    {
        "policy" => "the hub's policy",
        HubSide.Operator => ScriptedOperator.Title,
        _ => name ?? "nobody",
    };
}
