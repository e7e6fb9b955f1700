using EdgeSensors.FieldTest.Gateways;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Plays one of the program's own scenarios on real programs.</summary>
internal static class GatewayScenario
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Fails with each expectation that does not hold; skips the test where it cannot be played.</summary>
    public static async Task HoldsAsync(string name)
    {
        var result = await PlayAsync(ScenarioLibrary.Load(name), name);
        Assert.All(result.Checks, c => Assert.True(c.Held, $"{c.Step}: expected {c.Expected}; seen {c.Seen}; look at {c.LookAt}"));
        Assert.Contains(result.Series, s => s.Key == SeriesKind.Traffic.Key && s.Points.Any(p => p.Value > 0));
    }

    /// <summary>Plays one, and skips the test where it cannot be played.</summary>
    /// <param name="scenario">For gateways.</param>
    /// <param name="keepAs">The folder that what it leaves is copied to, where <c>EDGESENSORS_KEEP</c> names one for all; null for none.</param>
    public static async Task<ScenarioResult> PlayAsync(Scenario scenario, string? keepAs)
    {
        if (GatewayRun.Hindrance(scenario) is { } hindrance)
        {
            Assert.Skip(hindrance);
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-gateways-");
        try
        {
            using var ground = RunFolder.Make(Path.Combine(folder.FullName, "result.json"));
            var repeat = $"edgesensors-fieldtest run {scenario.Name} --seed 1";
            var result = await new GatewayRun(scenario, 1, repeat, ground, new RunWatches(), _ => { }, TimeProvider.System).PlayAsync(Stop);
            ground.Write(result, RunTiming.Since(result.Run.Start, DateTimeOffset.UtcNow));
            foreach (var check in result.Checks)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"{(check.Held ? "held  " : "FAILED")} {check.Step}: {check.Expected}: {check.Seen}; look at {check.LookAt}");
            }

            Assert.All(result.Happenings, h => Assert.NotEqual(h.Words, h.WordsJa)); // each is told in both languages of the report
            Assert.All(result.Checks, c => WhereToLook.IsThere(folder.FullName, c.LookAt));
            Keep(folder.FullName, keepAs);
            return result;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // What a run left is gone with the test, unless somebody wants to look.
    private static void Keep(string folder, string? name)
    {
        if (name is not null && Environment.GetEnvironmentVariable("EDGESENSORS_KEEP") is { Length: > 0 } kept)
        {
            var copy = Directory.CreateDirectory(Path.Combine(kept, name)).FullName;
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
            }
        }
    }
}
