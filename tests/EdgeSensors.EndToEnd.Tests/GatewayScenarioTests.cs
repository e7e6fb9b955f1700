using EdgeSensors.FieldTest.Gateways;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Every scenario on real programs holds what it expects; what must hold is in the scenario.</summary>
public class GatewayScenarioTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_reflected_flood_is_found_and_nobody_is_cut_off() => HoldsAsync("reflection");

    [Fact]
    public Task A_peering_router_s_exports_are_enough_to_find_who_attacks() => HoldsAsync("peering-point");

    [Fact]
    public Task Three_attacks_are_found_in_a_day_of_traffic_and_nothing_else() => HoldsAsync("mixed-day");

    [Fact]
    public Task Every_gateway_in_trouble_says_so_and_recovers_by_itself() => HoldsAsync("gateway-faults");

    [Fact]
    public Task A_hub_in_trouble_loses_nothing_that_it_acknowledged() => HoldsAsync("hub-faults");

    private static async Task HoldsAsync(string name)
    {
        var scenario = ScenarioLibrary.Load(name);
        if (GatewayRun.Hindrance(scenario) is { } hindrance)
        {
            Assert.Skip(hindrance);
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-gateways-");
        try
        {
            using var ground = RunFolder.Make(Path.Combine(folder.FullName, "result.json"));
            var result = await new GatewayRun(scenario, 1, $"edgesensors-fieldtest run {name} --seed 1", ground, new RunWatches(), _ => { }, TimeProvider.System).PlayAsync(Stop);
            ground.Write(result, RunTiming.Since(result.Run.Start, DateTimeOffset.UtcNow));
            foreach (var check in result.Checks)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"{(check.Held ? "held  " : "FAILED")} {check.Step}: {check.Expected}: {check.Seen}; look at {check.LookAt}");
            }

            Keep(folder.FullName, name);
            Assert.All(result.Checks, c => Assert.True(c.Held, $"{c.Step}: expected {c.Expected}; seen {c.Seen}; look at {c.LookAt}"));
            Assert.Contains(result.Series, s => s.Key == SeriesKind.Traffic.Key && s.Points.Any(p => p.Value > 0));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // What a run left is gone with the test, unless somebody wants to look.
    private static void Keep(string folder, string name)
    {
        if (Environment.GetEnvironmentVariable("EDGESENSORS_KEEP") is { Length: > 0 } kept)
        {
            var copy = Directory.CreateDirectory(Path.Combine(kept, name)).FullName;
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
            }
        }
    }
}
