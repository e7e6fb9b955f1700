using System.Net;
using System.Security.Cryptography;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>
/// A scenario of the world <see cref="ScenarioWorld.Gateways"/>: hub, witness and agents as processes in namespaces, in real time. It ends when all is sent, every fault is over and what
/// is waited for has come, or when the scenario's time is over.
/// </summary>
/// <param name="scenario">For gateways.</param>
/// <param name="seed">Of what is made up, and of what a bad line loses.</param>
/// <param name="repeat">The command line that plays it again.</param>
/// <param name="ground">The run's folders.</param>
/// <param name="watch">Follows it.</param>
/// <param name="progress">Is told what is being done before it begins.</param>
/// <param name="time">The clock.</param>
internal sealed class GatewayRun(Scenario scenario, int seed, string repeat, RunFolder ground, IRunWatch watch, Action<string> progress, TimeProvider time)
{
    private const string Exporter = "softflowd";

    private static readonly TimeSpan s_lateFindings = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_lastMessages = TimeSpan.FromSeconds(10);

    // Exported records are judged so long after they came.
    private static readonly TimeSpan s_lateExports = TimeSpan.FromSeconds(7);

    private readonly ScenarioFiles _files = new(scenario.Folder);

    /// <summary>Whether it is left running when all has come, to be looked at, until it is told to stop.</summary>
    public bool Keep { get; init; }

    /// <summary>Why a scenario cannot be played here, and what to do; null where it can.</summary>
    public static string? Hindrance(Scenario scenario)
    {
        var files = new ScenarioFiles(scenario.Folder);
        var needsFilter = scenario.Faults.Any(f => f.What == "nft-missing") || scenario.Expect.Any(e => e.What == "blocked" || e.Text("rule") == "enforced");
        return !UserNamespace.MayMakeNetworks(out var reason) ? $"no network namespaces here: {reason}"
            : needsFilter && !Cast.HasFilter() ? "the program nft is not installed (package nftables)"
            : scenario.Agents.Any(a => a.Text("input") == "exports") && FindExporter() is null ? $"the program {Exporter} is not installed (package {Exporter})"
            : scenario.Traffic.Where(t => t.What == "capture").Select(t => t.Text("capture")).FirstOrDefault(c => files.Find(c) is null) is { } missing ? files.Missing(missing)
            : null;
    }

    /// <summary>Plays it; throws <see cref="ProgramException"/> or <see cref="NetworkSetupException"/> where it cannot be played to its end.</summary>
    public async Task<ScenarioResult> PlayAsync(CancellationToken stop)
    {
        if (Hindrance(scenario) is { } hindrance)
        {
            throw new ProgramException(hindrance);
        }

        var stated = new StatedTime(scenario.Within, time);
        var plans = scenario.Agents.Select(a => GatewayTraffic.Plan(scenario, a, seed, _files)).ToList();
        using var network = BuildNetwork(plans);
        using var cast = await Cast.ServeAsync(ground, network, Known(), progress, stop).ConfigureAwait(false);
        var gateways = scenario.Agents.Select((a, i) => new Gateway(a, network.Gateways[i], plans[i], time)).ToList();
        try
        {
            var faults = new GatewayFaults(cast, network, gateways, time);

            // What is wrong from the beginning is so before the agents start.
            foreach (var fault in scenario.Faults.Where(IsThereFirst))
            {
                faults.Begin(fault);
            }

            await Task.WhenAll(gateways.Select(g => StartAsync(cast, g, stop))).ConfigureAwait(false);
            progress(gateways.Count == 1 ? "the agent meters, connected and authorised" : $"{gateways.Count} agents meter, connected and authorised");
            return await CourseAsync(cast, gateways, faults, stated, stop).ConfigureAwait(false);
        }
        finally
        {
            gateways.ForEach(g => g.Dispose());
        }
    }

    private async Task<ScenarioResult> CourseAsync(Cast cast, IReadOnlyList<Gateway> gateways, GatewayFaults faults, StatedTime stated, CancellationToken stop)
    {
        var recorder = new RunRecorder();
        var told = new RunWatches(recorder, watch);
        var head = Head(gateways);
        told.Began(head);
        var seen = new GatewayWatch(cast, gateways, faults, told, head, time);
        var judge = new GatewayJudge(scenario, gateways, seen, cast, head, ground.LogName);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var following = seen.FollowAsync(over.Token);
        var doing = DoAllAsync(cast, gateways, faults, seen, told, head, over.Token);
        while (!(doing.IsCompleted && judge.IsAllThere()) && time.GetUtcNow() - head.Start < scenario.Lasts)
        {
            await Task.Delay(100, stop).ConfigureAwait(false);
            await ThrowFailureAsync(doing, following).ConfigureAwait(false);
        }

        var isOver = doing.IsCompleted;
        if (Keep)
        {
            progress($"all is over; hub and agents run on, and say what they do in {ground.Logs}; Ctrl-C ends them and judges");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop = CancellationToken.None;
        }

        await Task.Delay(s_lateFindings, time, stop).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await doing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await following.ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        await EndAsync(cast, gateways, seen, stop).ConfigureAwait(false);
        told.Checked(new("lasts", $"all that is sent and done is over within {TimeText.Format(scenario.Lasts)}", isOver ? "it is" : "it is not, and was cut short", isOver, "the time line"));
        foreach (var check in judge.Judge())
        {
            told.Checked(check);
        }

        await cast.StopAsync().ConfigureAwait(false);
        if (!Keep)
        {
            told.Checked(stated.Judge()); // of a run that is kept to be looked at, a person decides how long it takes
        }

        return Conclude(recorder.Conclude(time.GetUtcNow() - head.Start, ground.LogName), gateways, seen, head);
    }

    /// <summary>All that happens in a run, each at its time, on the clock of its start.</summary>
    private async Task DoAllAsync(Cast cast, IReadOnlyList<Gateway> gateways, GatewayFaults faults, GatewayWatch seen, IRunWatch told, RunHead head, CancellationToken stop)
    {
        var all = gateways.Select(g => g.PlayAsync(stop)).ToList();
        all.AddRange(scenario.Timeline.SelectMany(step => step.Times(scenario.Lasts).Select(at => AtAsync(at, () => ActAsync(step, cast, seen, told, head, stop)))));
        all.AddRange(scenario.Faults.SelectMany(step => step.Times(scenario.Lasts).Select(at => AtAsync(at, async () =>
        {
            if (!IsThereFirst(step))
            {
                faults.Begin(step);
            }

            await faults.LastAsync(step, told, head, stop).ConfigureAwait(false);
        }))));
        await Task.WhenAll(all).ConfigureAwait(false);

        async Task AtAsync(TimeSpan at, Func<Task> what)
        {
            var left = head.Start + at - time.GetUtcNow();
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, time, stop).ConfigureAwait(false);
            }

            await what().ConfigureAwait(false);
        }
    }

    private async Task ActAsync(ScenarioStep step, Cast cast, GatewayWatch seen, IRunWatch told, RunHead head, CancellationToken stop)
    {
        var words = new Title("a person is at the hub", "ハブに担当者が就く");
        if (step.What == "operator")
        {
            seen.HasOperator = true;
        }
        else
        {
            var address = step.Prefixes("address")[0].Address.ToString();
            string[] where = step.Has("on") ? [$"{HubSide.Operator}/{step.Text("on")}"] : [];
            var refused = await cast.Hub.BlockAsync(address, "field test: asked for by the scenario", TimeSpan.FromMinutes(10), where, stop).ConfigureAwait(false);
            words = refused is null
                ? new($"a person has {address} blocked{(step.Has("on") ? $" at {step.Text("on")}" : "")}", $"担当者が{(step.Has("on") ? $" {step.Text("on")} で" : "")} {address} を遮断")
                : new($"a person may not block {address}: {refused}", $"担当者は {address} を遮断できない: {refused}");
        }

        told.Happened(new(head.MillisecondsTo(time.GetUtcNow()), HappeningKind.Decision, "hub", words));
    }

    /// <summary>Ends exports and agents, and waits until the hub has what they had still to say.</summary>
    private async Task EndAsync(Cast cast, IReadOnlyList<Gateway> gateways, GatewayWatch seen, CancellationToken stop)
    {
        foreach (var gateway in gateways)
        {
            gateway.Settle();
            await gateway.StopExporterAsync().ConfigureAwait(false);
        }

        if (gateways.Any(g => g.TakesExports))
        {
            await Task.Delay(s_lateExports, time, stop).ConfigureAwait(false);
        }

        await seen.LookAsync(stop).ConfigureAwait(false);
        await cast.StopAgentsAsync().ConfigureAwait(false);
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < s_lastMessages; await Task.Delay(100, stop).ConfigureAwait(false))
        {
            seen.ReadInbox();
            if (gateways.All(g => seen.OutboxOf(g) is not { } outbox || outbox.Waiting == 0 || seen.LedgerOf(g).Has(new(outbox.Epoch, outbox.Next - 1))))
            {
                return;
            }
        }
    }

    private static ScenarioResult Conclude(ScenarioResult result, IReadOnlyList<Gateway> gateways, GatewayWatch seen, RunHead head) => result with
    {
        Alerts = [.. seen.State.Incidents.OrderBy(i => i.ReceivedAt).Select(i => new AlertSeen(head.MillisecondsTo(i.ReceivedAt), i.Detector, i.Technique, i.Indicator, i.SourceProven, i.Words()) { WordsJa = i.WordsJa() })],
        Blocks = [.. gateways.SelectMany(g => seen.InForce(g).Select(m => new BlockSeen(
            m.Mitigation.Target,
            RingWatch.Who(m.Mitigation.ApprovedBy),
            head.MillisecondsTo(m.Mitigation.ApprovedAt ?? head.Start),
            g.DroppingSince(m.Address) is { } drop ? head.MillisecondsTo(drop.At) : null,
            m.Mitigation.Receipts.First(r => r.Sensor == g.Sensor).HitPackets)))],
        Traffic = [.. gateways.Where(g => g.Ledger is not null).Select(g => Figure(g, seen))],
    };

    private static TrafficFigure Figure(Gateway gateway, GatewayWatch seen)
    {
        var blocked = seen.InForce(gateway).Select(m => m.Address).ToHashSet();
        var figures = gateway.Ledger!.Count(blocked, control: null);
        return new($"packets across {gateway.Name}, but for whom it blocks", gateway.Name, figures.OtherIn, figures.OtherThrough);
    }

    private async Task StartAsync(Cast cast, Gateway gateway, CancellationToken stop)
    {
        gateway.Agent = await cast.RunAgentAsync(gateway.Name, gateway.Network.Gateway, gateway.LogName, gateway.Settings(), stop).ConfigureAwait(false);
        if (gateway.TakesExports)
        {
            await gateway.StartExporterAsync(FindExporter()!, ground.Logs, stop).ConfigureAwait(false);
        }
    }

    private FieldNetwork BuildNetwork(List<ReplayPlan?> plans)
    {
        var used = plans.OfType<ReplayPlan>().SelectMany(p => p.Trace.Packets).SelectMany(p => (HostAddress[])[p.Source, p.Destination]).ToHashSet();
        bool IsUsed(IPAddress address) => used.Contains(HostAddress.From(address));
        var wanted = scenario.Agents.Select((agent, i) => new GatewayPlan(agent.Text("name"), agent.Prefixes("own"), plans[i]?.Trace.LargestPacket ?? 0)
        {
            LongLineSeed = scenario.Faults.Any(f => f.What is "hub-away" or "bad-line" && IsOn(f, agent)) ? seed + i : null,
        }).ToList();
        if (!FieldNetwork.TryBuild(wanted, IsUsed, out var network, out var error))
        {
            throw new ProgramException(error!);
        }

        foreach (var (agent, i) in scenario.Agents.Select((a, i) => (a, i)))
        {
            var place = network!.Gateways[i].Gateway;
            if (scenario.Faults.Any(f => f.What is "disk-full" or "nft-missing" && IsOn(f, agent)))
            {
                MountSetup.Separate(place);
            }

            if (scenario.Faults.Any(f => f.What == "disk-full" && IsOn(f, agent)))
            {
                MountSetup.Disk(place, Cast.StateOf(ground, agent.Text("name")), GatewayFaults.DiskOctets);
            }
        }

        if (HubDisk is not null)
        {
            MountSetup.Separate(network!.Hub);
        }

        return network!;
    }

    private long? HubDisk => scenario.Faults.Any(f => f.What == "hub-disk-full") ? GatewayFaults.DiskOctets : null;

    private CastPlan Known() => new([.. scenario.Agents.Select(a => (a.Text("name"), a.Prefixes("own")))])
    {
        Listed = [.. scenario.Agents.SelectMany(a => a.Prefixes("list")).Distinct()],
        HubDiskOctets = HubDisk,
    };

    private RunHead Head(IReadOnlyList<Gateway> gateways) => new()
    {
        Scenario = scenario.Name,
        Title = new(scenario.TitleEn, scenario.TitleJa),
        World = World.Real,
        Seed = seed,
        Speed = 1,
        Start = time.GetUtcNow(),
        Length = scenario.Lasts,
        Repeat = repeat,
        Units = [.. gateways.Select(g => g.Name), "hub"],
        Software = Software.With(((string[])[ProgramLocator.Hub, ProgramLocator.Agent, ProgramLocator.Witness]).Select(p => ProgramLocator.TryFind(p, out var path, out _) ? path : "").Where(p => p.Length > 0)),
        Inputs = Inputs(),
    };

    private Dictionary<string, string> Inputs()
    {
        var inputs = new Dictionary<string, string> { [scenario.Name + ".yaml"] = Convert.ToHexStringLower(SHA256.HashData(scenario.Source.Span)) };
        foreach (var capture in scenario.Traffic.Where(t => t.What == "capture").Select(t => t.Text("capture")))
        {
            inputs[Path.GetFileName(capture)] = Software.Hash(_files.Find(capture)!);
        }

        return inputs;
    }

    // A program that died is told at once, not at the end.
    private static async Task ThrowFailureAsync(params Task[] tasks)
    {
        foreach (var task in tasks.Where(t => t.IsFaulted))
        {
            await task.ConfigureAwait(false);
        }
    }

    private static bool IsThereFirst(ScenarioStep fault) => fault.Time("at") == TimeSpan.Zero;

    private static bool IsOn(ScenarioStep fault, ScenarioStep agent) => !fault.Has("on") || fault.Text("on") == agent.Text("name");

    private static string? FindExporter() => ((string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin"]).Select(folder => Path.Combine(folder, Exporter)).FirstOrDefault(File.Exists);
}
