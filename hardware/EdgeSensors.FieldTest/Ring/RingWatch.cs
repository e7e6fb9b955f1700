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
            timeline.Reach(Step.FirstReport, report, new("the hub has committed the sensor's first window: totals and sketches, no packet, no payload", "ハブがセンサーの最初のウィンドウを保存: 集計とスケッチのみ、パケットもペイロードもない"));
        }

        foreach (var incident in _state.Incidents.Where(i => _told.Add($"incident {i.Id} {i.Indicator} {i.Detector}")))
        {
            var words = incident.WhenFound();
            if (timeline[Step.Alert] is null)
            {
                timeline.Reach(Step.Alert, incident.ReceivedAt, words);
            }
            else
            {
                Note(incident.ReceivedAt, HappeningKind.Alert, Also(words));
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
            timeline.Reach(Step.Decision, approved, Decided(mitigation));
        }

        if (mitigation.Id != _first.Id)
        {
            if (_told.Add("decision " + mitigation.Id))
            {
                Note(approved, HappeningKind.Decision, Also(Decided(mitigation)));
            }

            return;
        }

        if (mitigation.PublishedAt is { } published)
        {
            timeline.Reach(Step.Published, published, new("the rule is signed and announced (TUF metadata, retained MQTT notice)", "ルールに署名し、告知(TUF メタデータ、MQTT の保持メッセージ)"));
        }

        ReadAgent(mitigation);
        if (mitigation.Receipt is { State: "enforced" or "observed" } receipt)
        {
            timeline.Reach(Step.Enforced, _state.InForceSince.TryGetValue(mitigation.Id, out var since) ? since : receipt.ObservedAt, receipt.State == "enforced" ? new($"the kernel drops {mitigation.Target}", $"カーネルが {mitigation.Target} を破棄") : new($"noted, not carried out: {mitigation.Target}", $"記録のみで実行せず: {mitigation.Target}"));
        }
        else if (mitigation.Receipt is { State: "refused" } refused && _told.Add("refused " + mitigation.Id))
        {
            Note(refused.ObservedAt, HappeningKind.Rule, new($"the agent refuses to block {mitigation.Target}: {refused.Reason}", $"エージェントが {mitigation.Target} の遮断を拒否: {refused.Reason}"));
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
                timeline.Reach(Step.Verified, said[_agentLinesRead].At, new("the agent has checked every signature, version and expiry itself", "エージェントが署名、版、有効期限をすべて自ら検証"));
            }
        }
    }

    private void Note(DateTimeOffset at, HappeningKind kind, Title words) =>
        told.Happened(new(head.MillisecondsTo(at), kind, kind == HappeningKind.Rule ? HubSide.Sensor : "hub", words));

    /// <summary>Who decided, in English.</summary>
    public static string Who(string? name) => WhoIs(name).En;

    /// <summary>What was decided, and by whom.</summary>
    public static Title Decided(MitigationSeen mitigation)
    {
        var (proposer, approver) = (WhoIs(mitigation.ProposedBy), WhoIs(mitigation.ApprovedBy));
        return new($"block {mitigation.Target}, proposed by {proposer.En}, approved by {approver.En}", $"{mitigation.Target} を遮断(提案: {proposer.Ja}、承認: {approver.Ja})");
    }

    private static Title WhoIs(string? name) => name switch
    {
        "policy" => new("the hub's policy", "ハブのポリシー"),
        HubSide.Operator => ScriptedOperator.Title,
        _ => new(name ?? "nobody", name ?? "なし"),
    };

    private static Title Also(Title words) => new("also: " + words.En, "ほかに: " + words.Ja);
}
