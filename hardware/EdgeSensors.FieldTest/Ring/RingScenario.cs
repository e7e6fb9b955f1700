using System.Net;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Replay;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Traffic;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>The scenario <c>ring</c>: a replayed capture, a hub, an agent in the gateway, and what becomes of the attacker.</summary>
internal sealed class RingScenario(RingOptions options, Screen screen, TimeProvider time)
{
    /// <summary>Its name on the command line.</summary>
    public const string Name = "ring";

    /// <summary>The capture that is replayed where nothing else is asked for, below the data folder.</summary>
    public const string DefaultCapture = "captures/attacks/sgr/2011-2020__2020__BoschiCarliPetri__portScan_1_to_10000.pcapng";

    /// <summary>Runs it and says whether all held; throws <see cref="ProgramException"/> where it could not be run at all.</summary>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var plan = Prepare();
        var (network, mode, reason) = BuildNetwork(plan);
        using var ownedNetwork = network;
        screen.Introduce(Describe(plan), string.Join(" ", plan.Inside.Prefixes), mode, reason);
        screen.Fact("inside", $"{Shorten(plan.Inside.Prefixes.Select(p => p.ToString()))} ({plan.Inside.Rule})");
        screen.Fact("replay", FormattableString.Invariant($"{plan.Crossing:N0} packets cross the gateway in each pass of {plan.PassDuration.TotalSeconds:0.0} s (speed {plan.Speed:0.##}), over and over until the block is seen, then once more"));
        if (plan.Control is { } control)
        {
            screen.Fact("added", $"{ControlFlow.Describe(control)}: an ordinary connection, so that \"other traffic passes\" can fail");
        }

        screen.Fact("attacker", "not told to anybody: the system has to find it");
        screen.StartSteps();
        using var ground = RunFolder.Make(options.Result);
        using var cast = await Cast.ServeAsync(ground, network, new CastPlan([(HubSide.Sensor, plan.Inside.Prefixes)]), screen.Progress, stop).ConfigureAwait(false);
        await RunAgentAsync(cast, ground, network, plan, mode, stop).ConfigureAwait(false);
        var recorder = new RunRecorder();
        var told = new RunWatches(recorder, screen);
        var head = Head(plan, mode, reason);
        told.Began(head);
        var concluded = await new RingRun(plan, network?.Gateways[0], cast, mode, options, ground.LogName, told, head, time).PlayAsync(stop).ConfigureAwait(false);
        var result = concluded(recorder.Conclude(time.GetUtcNow() - head.Start, ground.LogName));
        ground.Write(result, RunTiming.Since(head.Start, time.GetUtcNow()));
        screen.Conclude(result, ground);
        return result.Passed;
    }

    private async Task RunAgentAsync(Cast cast, RunFolder ground, FieldNetwork? network, ReplayPlan plan, RunMode mode, CancellationToken stop)
    {
        var settings = new Dictionary<string, string> { ["EDGESENSORS__REPORT__WINDOW_SECONDS"] = "1" };
        if (mode == RunMode.File)
        {
            var file = Path.Combine(ground.Temporary, "replay.pcap");
            var passes = Math.Clamp((int)Math.Ceiling(options.Patience / (plan.PassDuration + RingRun.Gap)), 2, 100);
            ReplayFile.Write(file, plan, passes, RingRun.Gap, DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1));
            settings["EDGESENSORS__INPUT__FILE"] = file;
            settings["EDGESENSORS__ENFORCE__ENABLED"] = "false";
        }
        else
        {
            settings["EDGESENSORS__INPUT__INTERFACE"] = GatewayNetwork.OutsideFacing;
        }

        await cast.RunAgentAsync(HubSide.Sensor, network?.Gateways[0].Gateway, "agent.log", settings, stop).ConfigureAwait(false);
        screen.Progress(mode == RunMode.File ? "the agent reads the replay, connected and authorised" : "the agent listens on the gateway's outside, connected and authorised");
    }

    private RunHead Head(ReplayPlan plan, RunMode mode, string? reason) => new()
    {
        Scenario = Name,
        Title = new("The ring, once around", "環を一周:攻撃の検知から遮断まで"),
        World = World.Real,
        Seed = options.Seed,
        Speed = plan.Speed,
        Start = time.GetUtcNow(),
        Repeat = options.CommandLine,
        Software = Software.With(Programs()),
        Inputs = CapturePath() is { } capture ? new Dictionary<string, string> { [Path.GetFileName(capture)] = Software.Hash(capture) } : new Dictionary<string, string>(),
        Units = [HubSide.Sensor, "hub"],
        Facts =
        [
            new("expected", options.Expected.ToString().ToLowerInvariant()),
            new("mode", mode.ToString().ToLowerInvariant()),
            .. reason is null ? Array.Empty<Fact>() : [new("mode_reason", reason)],
        ],
    };

    private static IEnumerable<string> Programs() => ((string[])[ProgramLocator.Agent, ProgramLocator.Hub, ProgramLocator.Witness])
        .Select(p => ProgramLocator.TryFind(p, out var path, out _) ? path : null).OfType<string>();

    private ReplayPlan Prepare()
    {
        Trace? trace;
        if (CapturePath() is { } capture)
        {
            if (!Trace.TryRead(capture, options.LongestSilence, out trace, out var unreadable))
            {
                throw new ProgramException(unreadable);
            }
        }
        else
        {
            trace = GeneratedAttack.Make(options.Seed);
        }

        var inside = InsideNetwork.Given(options.Inside);
        if (options.Inside.Count == 0 && !InsideNetwork.TryDerive(trace, out inside!, out var error))
        {
            throw new ProgramException(error!);
        }

        return ReplayPlan.TryMake(trace, inside, options.Speed, out var plan, out var empty) ? plan! : throw new ProgramException(empty!);
    }

    private string? CapturePath()
    {
        if (options.Capture is not null)
        {
            return options.Capture;
        }

        var usual = ProgramLocator.DataFolder() is { } data ? Path.Combine(data, DefaultCapture) : null;
        return File.Exists(usual) ? usual : null;
    }

    private (FieldNetwork? Network, RunMode Mode, string? Reason) BuildNetwork(ReplayPlan plan)
    {
        if (options.Dry)
        {
            return (null, RunMode.File, "--dry was given");
        }

        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            reason = UserNamespace.EnterAgain(); // does not return where it works
            return (null, RunMode.File, reason);
        }

        var used = plan.Trace.Packets.SelectMany(p => (Metering.Decode.HostAddress[])[p.Source, p.Destination]).ToHashSet();
        bool IsUsed(IPAddress address) => used.Contains(Metering.Decode.HostAddress.From(address));
        return !FieldNetwork.TryBuild([new(HubSide.Sensor, plan.Inside.Prefixes, plan.Trace.LargestPacket)], IsUsed, out var network, out reason) ? (null, RunMode.File, reason)
            : Cast.HasFilter() ? (network, RunMode.Enforced, null)
            : (network, RunMode.Observed, "the program nft is not installed (package nftables)");
    }

    private static string Describe(ReplayPlan plan)
    {
        var leftOut = plan.Trace.LeftOut.Sum(r => r.Value) + plan.OneSided;
        var words = FormattableString.Invariant($"{plan.Trace.Name}: {plan.Trace.Packets.Count:N0} IP packets in {plan.Trace.Duration.TotalSeconds:0.0} s");
        words += leftOut > 0 ? FormattableString.Invariant($"; {leftOut:N0} frames do not cross a gateway and are left out") : "";
        return plan.Trace.Note is { } note ? $"{words}; {note}" : words;
    }

    private static string Shorten(IEnumerable<string> items)
    {
        var all = items.ToList();
        return all.Count <= 6 ? string.Join(", ", all) : $"{string.Join(", ", all.Take(5))} and {all.Count - 5} more";
    }
}
