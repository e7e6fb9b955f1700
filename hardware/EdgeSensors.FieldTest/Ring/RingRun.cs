using System.Net;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>The course of one run: passes until the block is seen, one more that is wholly after it, and the verdict.</summary>
internal sealed class RingRun(ReplayPlan plan, GatewayNetwork? network, Cast cast, RunMode mode, RingOptions options, string logs, IRunWatch told, RunHead head, TimeProvider time)
{
    /// <summary>The silence between two passes.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(250);

    private static readonly Title s_wouldDrop = new("the agent counted the first packets that it would have dropped", "破棄するはずだった最初のパケットをエージェントが数えた");
    private static readonly TimeSpan LastReceipts = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan LateFindings = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly Timeline _timeline = new();
    private volatile Ledger? _ledger;
    private Dictionary<string, DateTimeOffset?> _firstDrops = [];
    private int _passes;

    /// <summary>Plays it and gives what was found beside what was told on the way.</summary>
    public async Task<Func<ScenarioResult, ScenarioResult>> PlayAsync(CancellationToken stop)
    {
        _timeline.Reached += milestone => told.Happened(new(head.MillisecondsTo(milestone.At), milestone.Step.Kind(), milestone.Step.Source(), milestone.Detail) { Step = milestone.Step.Key() });
        var watch = new RingWatch(cast.Hub, cast.Agents[0], _timeline, told, head, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var following = watch.FollowAsync(over.Token);
        var sampling = new RingSampler(cast, watch, () => _ledger?.Crossed, told, head, time).RunAsync(over.Token);
        var facts = network is null
            ? await PlayFileAsync(watch, following, stop).ConfigureAwait(false)
            : await PlayLiveAsync(network, watch, following, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        await over.CancelAsync().ConfigureAwait(false);
        await following.ConfigureAwait(false);
        await sampling.ConfigureAwait(false);
        await cast.StopAsync().ConfigureAwait(false);
        return Conclude(facts, watch);
    }

    private async Task<RunFacts> PlayLiveAsync(GatewayNetwork ring, RingWatch watch, Task following, CancellationToken stop)
    {
        using var outside = ring.OpenOutside();
        using var inside = ring.OpenInside();
        using var arrivals = ArrivalWatch.Open(ring, plan);
        var replayer = new Replayer(plan, outside, inside, time);
        var ledger = _ledger = new Ledger(replayer, arrivals);
        await ReplayUntilAsync(ledger, watch, following, stop).ConfigureAwait(false);
        var before = ledger.Count(Blocked(watch), plan.Control?.Visitor);
        var after = default(PartFigures);
        if (options.Expected == ExpectedOutcome.Block && Blocked(watch).Count > 0)
        {
            after = await ReplayOnceMoreAsync(ledger, watch, following, stop).ConfigureAwait(false);
        }

        await WaitAsync(() => Hits(watch) > 0 || Blocked(watch).Count == 0, LastReceipts, following, stop).ConfigureAwait(false);
        var blocked = Blocked(watch);
        _firstDrops = blocked.ToDictionary(a => a.ToString(), ledger.FirstDropOf);
        return new RunFacts
        {
            Mode = mode,
            Timeline = _timeline,
            Logs = logs,
            Blocked = [.. blocked.Select(a => a.ToString())],
            Alerts = watch.State.Incidents.Count,
            Hits = Hits(watch),
            Missed = arrivals.Missed() + replayer.Refused,
            Before = before,
            After = after,
            All = ledger.Count(blocked, plan.Control?.Visitor),
        };
    }

    private async Task ReplayUntilAsync(Ledger ledger, RingWatch watch, Task following, CancellationToken stop)
    {
        var deadline = time.GetTimestamp();
        while (true)
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var pass = PassAsync(ledger.Replayer, cut.Token);
            while (!pass.IsCompleted)
            {
                await Task.WhenAny(pass, Task.Delay(20, stop)).ConfigureAwait(false);
                await SurfaceAsync(following).ConfigureAwait(false);
                NoteProgress(ledger, watch);
                if (options.Expected == ExpectedOutcome.Block
                    && (_timeline[Step.FirstDrop] is { } drop ? time.GetUtcNow() - drop > TimeSpan.FromSeconds(1) : time.GetElapsedTime(deadline) > options.Patience))
                {
                    await cut.CancelAsync().ConfigureAwait(false); // seen enough of this pass; the next one counts
                }
            }

            await pass.ConfigureAwait(false);
            stop.ThrowIfCancellationRequested(); // a run that was stopped has no verdict
            ledger.Settle(Settling);
            NoteProgress(ledger, watch);
            if (options.Expected != ExpectedOutcome.Block)
            {
                await WaitAsync(() => false, LateFindings, following, stop).ConfigureAwait(false);
                return;
            }

            if (_timeline[Step.FirstDrop] is not null || time.GetElapsedTime(deadline) > options.Patience)
            {
                return;
            }
        }
    }

    private async Task<PartFigures> ReplayOnceMoreAsync(Ledger ledger, RingWatch watch, Task following, CancellationToken stop)
    {
        const int MostTries = 3;
        for (var attempt = 1; ; attempt++)
        {
            // What was announced is in force before the pass begins; a block that comes in its midst makes another pass needed.
            await WaitAsync(() => watch.State.Mitigations.All(m => m.Receipt is not null || m.ApprovedAt is null), LastReceipts, following, stop).ConfigureAwait(false);
            var blocked = Blocked(watch);
            ledger.Mark();
            told.Happened(new(head.MillisecondsTo(time.GetUtcNow()), HappeningKind.Step, "replay", new Title($"one more pass with the block{(blocked.Count == 1 ? "" : "s")} in force", "遮断が有効な状態でもう一度再生")));
            await PassAsync(ledger.Replayer, stop).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            ledger.Settle(Settling);
            await SurfaceAsync(following).ConfigureAwait(false);
            if (Blocked(watch).Count == blocked.Count || attempt == MostTries)
            {
                return ledger.CountSinceMark(blocked, plan.Control?.Visitor);
            }
        }
    }

    private async Task<RunFacts> PlayFileAsync(RingWatch watch, Task following, CancellationToken stop)
    {
        _timeline.Reach(Step.FirstPacket, time.GetUtcNow(), new("the agent begins to read the replay", "エージェントが再生ファイルを読み始める"));
        _passes = 1;
        var patience = options.Expected == ExpectedOutcome.Block ? options.Patience : plan.PassDuration + LateFindings;
        await WaitAsync(
            () =>
            {
                if (Hits(watch) > 0)
                {
                    _timeline.Reach(Step.FirstDrop, time.GetUtcNow(), s_wouldDrop);
                }

                return options.Expected == ExpectedOutcome.Block && _timeline[Step.FirstDrop] is not null;
            },
            patience,
            following,
            stop).ConfigureAwait(false);
        return new RunFacts
        {
            Mode = mode,
            Timeline = _timeline,
            Logs = logs,
            Blocked = [.. Blocked(watch).Select(a => a.ToString())],
            Alerts = watch.State.Incidents.Count,
            Hits = Hits(watch),
        };
    }

    private Task PassAsync(Replayer replayer, CancellationToken stop)
    {
        var number = _passes++;
        return Task.Factory.StartNew(
            () =>
            {
                try
                {
                    replayer.RunPass(number, stop);
                }
                catch (OperationCanceledException)
                {
                    // Cut short; the counts say how far it came.
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private void NoteProgress(Ledger ledger, RingWatch watch)
    {
        if (ledger.Replayer.Began is { } began)
        {
            _timeline.Reach(Step.FirstPacket, began, new("the replay's first packet reaches the gateway", "再生の最初のパケットがゲートウェイに到達"));
        }

        if (mode == RunMode.Observed && Hits(watch) > 0)
        {
            _timeline.Reach(Step.FirstDrop, time.GetUtcNow(), s_wouldDrop);
        }

        foreach (var address in mode == RunMode.Enforced ? Blocked(watch) : [])
        {
            if (ledger.IsDropping(address) && ledger.FirstDropOf(address) is { } drop)
            {
                _timeline.Reach(Step.FirstDrop, drop, new($"a packet of {address} went in and did not come out", $"{address} のパケットが入り、出てこなかった"));
            }
        }
    }

    private Func<ScenarioResult, ScenarioResult> Conclude(RunFacts facts, RingWatch watch)
    {
        var verdict = options.Expected switch
        {
            ExpectedOutcome.Block => Judge.Blocked(facts, options.SlowestReaction.TotalSeconds),
            ExpectedOutcome.Detect => Judge.Detected(facts),
            _ => Judge.Nothing(facts),
        };
        foreach (var check in verdict)
        {
            told.Checked(check);
        }

        return result => result with
        {
            Replay = new(plan.Trace.Name, plan.Trace.Packets.Count, plan.Trace.LeftOut, [.. plan.Inside.Prefixes.Select(p => p.ToString())], plan.Inside.Rule, _passes),
            Alerts = [.. watch.State.Incidents.Select(i => new AlertSeen(head.MillisecondsTo(i.ReceivedAt), i.Detector, i.Technique, i.Indicator, i.SourceProven, i.Words()) { WordsJa = i.WordsJa() })],
            Blocks = [.. watch.InForce.Select(m => new BlockSeen(
                m.Target,
                RingWatch.Who(m.ApprovedBy),
                head.MillisecondsTo(m.ApprovedAt ?? head.Start),
                _firstDrops.GetValueOrDefault(m.Target) is { } drop ? head.MillisecondsTo(drop) : null,
                m.Receipt?.HitPackets ?? 0))],
            Traffic = [.. Figures(facts)],
        };
    }

    private IEnumerable<TrafficFigure> Figures(RunFacts facts)
    {
        if (facts.Mode == RunMode.File)
        {
            yield break;
        }

        if (facts.Blocked.Count > 0)
        {
            // In order on one path: what went in before the first dropped packet is what came through.
            yield return new("attack packets before the block", "attack_before", facts.Before.AttackThrough, facts.Before.AttackThrough);
            yield return new("attack packets in the pass after the block", "attack_after", facts.After.AttackIn, facts.After.AttackThrough);
        }

        if (facts.All.OtherIn > 0)
        {
            yield return new("all other traffic of the capture, whole run", "other", facts.All.OtherIn, facts.All.OtherThrough);
        }

        if (plan.Control is not null)
        {
            yield return new("the control visitor, whole run", "control", facts.All.ControlIn, facts.All.ControlThrough);
        }
    }

    private static HashSet<HostAddress> Blocked(RingWatch watch) =>
        [.. watch.InForce.Select(m => IPAddress.TryParse(m.Target, out var address) ? HostAddress.From(address) : default).Where(a => a != default)];

    private static long Hits(RingWatch watch) => watch.InForce.Sum(m => m.Receipt?.HitPackets ?? 0);

    private async Task WaitAsync(Func<bool> until, TimeSpan atMost, Task following, CancellationToken stop)
    {
        for (var began = time.GetTimestamp(); !until() && time.GetElapsedTime(began) < atMost;)
        {
            await Task.Delay(50, stop).ConfigureAwait(false);
            await SurfaceAsync(following).ConfigureAwait(false);
        }
    }

    // A program that died is told at once, not at the end.
    private static Task SurfaceAsync(Task following) => following.IsFaulted ? following : Task.CompletedTask;
}
