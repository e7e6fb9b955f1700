using System.Globalization;
using System.Security.Cryptography;
using EdgeSensors.FieldTest.Gateways;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Plays a scenario on emulated taps and gathers its result, which holds nothing of this machine.</summary>
internal static class TapRun
{
    /// <summary>Plays it; throws <see cref="ProgramException"/> where a capture is missing or cannot be played.</summary>
    /// <param name="scenario">For taps.</param>
    /// <param name="options">How.</param>
    /// <param name="watch">Follows it; null for nobody.</param>
    /// <param name="logs">The folder for <c>taps.log</c>; null for nowhere.</param>
    /// <param name="stop">Ends it early, or after its end if it is to go on. One that was ended early has failed, and what the taps said is not in its result: no command ends at the same moment.</param>
    public static ScenarioResult Play(Scenario scenario, RunOptions options, IRunWatch? watch, string? logs, CancellationToken stop)
    {
        // Who asks for a pace gets it; beyond that the machine has the stated time.
        var stated = new StatedTime(options.Speed > 0 ? scenario.Within + (scenario.Lasts / options.Speed) : scenario.Within, options.Time);
        var files = new ScenarioFiles(scenario.Folder);
        var captures = scenario.Traffic.Where(t => t.What == "capture").ToDictionary(t => t.Index, t => FindCapture(files, t));
        var recorder = new RunRecorder();
        var watches = watch is null ? (IRunWatch)recorder : new RunWatches(recorder, watch);
        using var world = new TapWorld(scenario, options.Seed, watches, t => captures[t.Index]);
        watches.Began(new RunHead
        {
            Scenario = scenario.Name,
            Title = new(scenario.TitleEn, scenario.TitleJa),
            World = World.Emulated,
            Seed = options.Seed,
            Speed = options.Speed,
            Start = TapWorld.Start,
            Length = scenario.Lasts,
            Software = Software.Own(),
            Inputs = Inputs(scenario, captures),
            Repeat = options.Repeat,
            Units = [.. world.Taps.Select(t => t.Name)],
        });
        Action<TimeSpan>? pace = options.Speed > 0 ? new Pace(options.Time, options.Speed, stop).WaitFor : null;
        var played = world.Play(pace, stop);
        if (!played)
        {
            watches.Checked(new Check("every run", $"plays to its end, after {TimeText.Format(scenario.Lasts)}", string.Create(CultureInfo.InvariantCulture, $"stopped after {world.Played.TotalSeconds:0.0} s"), false, "logs/taps.log"));
        }

        foreach (var check in world.Judge())
        {
            watches.Checked(check);
        }

        if (played)
        {
            watches.Checked(stated.Judge());
        }

        var result = recorder.Conclude(played ? scenario.Lasts : world.Played) with { WasStopped = !played, Wire = played ? world.Wire : [], Alerts = [.. world.Alerts] };
        if (options.Keep && played)
        {
            world.GoOn(pace, stop);
        }

        if (logs is not null)
        {
            Directory.CreateDirectory(logs);
            File.WriteAllLines(Path.Combine(logs, "taps.log"), world.Log);
        }

        return result;
    }

    private static string FindCapture(ScenarioFiles files, ScenarioStep step)
    {
        var path = files.Find(step.Text("capture")) ?? throw new ProgramException($"{step.Place}: {files.Missing(step.Text("capture"))}");
        return CaptureFrames.Fault(path) is { } fault ? throw new ProgramException($"{step.Place}: {fault}") : path;
    }

    private static SortedDictionary<string, string> Inputs(Scenario scenario, Dictionary<int, string> captures)
    {
        var inputs = new SortedDictionary<string, string>(StringComparer.Ordinal) { [scenario.Name + ".yaml"] = Convert.ToHexStringLower(SHA256.HashData(scenario.Source.Span)) };
        foreach (var path in captures.Values)
        {
            inputs[Path.GetFileName(path)] = Software.Hash(path);
        }

        return inputs;
    }
}
