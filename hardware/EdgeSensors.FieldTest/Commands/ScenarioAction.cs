using System.Diagnostics;
using EdgeSensors.FieldTest.Gateways;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Reporting.Live;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Commands;

/// <summary>Plays a scenario file and leaves its result: what <c>run NAME|FILE</c> does.</summary>
internal static class ScenarioAction
{
    /// <summary>Plays it; the exit code says whether every expectation held.</summary>
    public static async Task<int> PlayAsync(string nameOrFile, RunOptions options, string? results, CancellationToken stop)
    {
        if (!ScenarioLibrary.TryFind(nameOrFile, out var scenario, out var error))
        {
            await Console.Error.WriteLineAsync($"error[scenario]: {error.Message}");
            return ExitCode.Failed;
        }

        if (scenario.World == ScenarioWorld.Gateways && (options.Taps > 0 || options.Speed > 0))
        {
            await Console.Error.WriteLineAsync($"error[usage]: {(options.Taps > 0 ? "--taps" : "--speed")} is for emulated taps, and {scenario.Name} plays on real programs in real time; leave it out.");
            return ExitCode.Usage;
        }

        if (scenario.World == ScenarioWorld.Gateways && !UserNamespace.MayMakeNetworks(out _))
        {
            // Does not return where it works.
            await Console.Error.WriteLineAsync($"error[network]: {UserNamespace.EnterAgain()}");
            return ExitCode.Failed;
        }

        scenario = scenario.Longer(options.Longer);
        scenario = options.Taps > 0 ? scenario.WithTaps(options.Taps) : scenario;
        options = options.Keep && options.Speed == 0 ? options with { Speed = 1 } : options;
        if (ScenarioCheck.Find(scenario) is var (line, words))
        {
            await Console.Error.WriteLineAsync($"error[scenario]: {nameOrFile}:{line}: with --taps {options.Taps}: {words}");
            return ExitCode.Failed;
        }

        return await PlayAsync(
            results ?? Path.Combine("field-test-results", scenario.Name),
            (ground, view, progress) => scenario.World == ScenarioWorld.Taps
                ? Task.FromResult(TapRun.Play(scenario, options, view, ground.Logs, stop))
                : new GatewayRun(scenario, (int)options.Seed, options.Repeat, ground, view, progress, TimeProvider.System) { Keep = options.Keep }.PlayAsync(stop),
            stop);
    }

    /// <summary>Emulated taps in real time on a real hub: what <c>run --taps N</c> does.</summary>
    public static Task<int> PlayLiveAsync(int taps, TimeSpan lasts, long seed, string? results, CancellationToken stop) => PlayAsync(
        results ?? Path.Combine("field-test-results", "taps"),
        async (ground, view, _) =>
        {
            var recorder = new RunRecorder();
            var since = Stopwatch.GetTimestamp();
            await new LiveRun(taps, lasts, ground, new RunWatches(recorder, view), FormattableString.Invariant($"edgesensors-fieldtest run --taps {taps} --for {lasts.TotalSeconds:0} --seed {seed}"), seed).PlayAsync(stop);
            return recorder.Conclude(Stopwatch.GetElapsedTime(since), ground.LogName);
        },
        stop);

    private static async Task<int> PlayAsync(string results, Func<RunFolder, IRunWatch, Action<string>, Task<ScenarioResult>> play, CancellationToken stop)
    {
        try
        {
            using var ground = RunFolder.Make(Path.Combine(results, "result.json"));
            var screen = new Screen(AnsiConsole.Console);
            var began = TimeProvider.System.GetUtcNow();
            ScenarioResult result;
            using (var view = RunViews.Open(AnsiConsole.Console, TimeProvider.System))
            {
                result = await play(ground, view, screen.Progress).ConfigureAwait(false);
            }

            ground.Write(result, RunTiming.Since(began, TimeProvider.System.GetUtcNow()));
            screen.Conclude(result, ground);
            return result.Passed ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (ProgramException e)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("error[stopped]: hub, agents and network are gone, and there is no result");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkSetupException)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message.ReplaceLineEndings(" ")}");
        }

        return ExitCode.Failed;
    }
}
