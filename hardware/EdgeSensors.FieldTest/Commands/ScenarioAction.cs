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

        if (scenario.World != ScenarioWorld.Taps)
        {
            await Console.Error.WriteLineAsync($"error[scenario]: {nameOrFile} plays on gateways, which this program cannot yet play from a file; use run ring");
            return ExitCode.Failed;
        }

        try
        {
            using var ground = RunFolder.Make(Path.Combine(results ?? Path.Combine("field-test-results", scenario.Name), "result.json"));
            var began = TimeProvider.System.GetUtcNow();
            ScenarioResult result;
            using (var view = RunViews.Open(AnsiConsole.Console, TimeProvider.System))
            {
                result = TapRun.Play(scenario.Longer(options.Longer), options, view, ground.Logs, stop);
            }

            ground.Write(result, RunTiming.Since(began, TimeProvider.System.GetUtcNow()));
            new Screen(AnsiConsole.Console).Conclude(result, ground);
            return result.Passed ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (ProgramException e)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message.ReplaceLineEndings(" ")}");
        }

        return ExitCode.Failed;
    }
}
