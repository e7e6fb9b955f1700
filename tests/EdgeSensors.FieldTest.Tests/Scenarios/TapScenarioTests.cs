using System.Globalization;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

/// <summary>Every scenario on emulated taps holds what it expects, the same seed gives the same octets, and another does not.</summary>
public class TapScenarioTests
{
    // The long version is asked for by the environment: 25 makes more than 1,000 power cuts.
    private static readonly int Longer = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_LONGER"), CultureInfo.InvariantCulture, out var longer) ? longer : 1;

    public static TheoryData<string> OnTaps => [.. ScenarioLibrary.Names.Where(n => ScenarioLibrary.Load(n).World == ScenarioWorld.Taps)];

    [Theory]
    [MemberData(nameof(OnTaps))]
    public void It_holds_what_it_expects_and_the_same_seed_gives_the_same_octets(string name)
    {
        var scenario = ScenarioLibrary.Load(name).Longer(Longer);
        Assert.SkipWhen(scenario.Traffic.Any(t => t.What == "capture") && Programs.ProgramLocator.DataFolder() is null, "no folder of captures beside the clone");
        var result = Play(scenario, seed: 1);
        foreach (var check in result.Checks)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{(check.Held ? "held  " : "FAILED")} {check.Step}: {check.Expected}: {check.Seen}");
        }

        Assert.All(result.Checks, c => Assert.True(c.Held, $"{c.Step}: expected {c.Expected}; seen {c.Seen}; look at {c.LookAt}"));
        Assert.True(ResultFile.Encode(result).Span.SequenceEqual(ResultFile.Encode(Play(scenario, seed: 1)).Span));
    }

    [Theory]
    [MemberData(nameof(OnTaps))]
    public void Another_seed_gives_other_octets(string name)
    {
        var scenario = ScenarioLibrary.Load(name) with { Lasts = TimeSpan.FromMinutes(1) };
        Assert.SkipWhen(scenario.Traffic.Any(t => t.What == "capture") && Programs.ProgramLocator.DataFolder() is null, "no folder of captures beside the clone");
        var (one, other) = (Play(scenario, seed: 1), Play(scenario, seed: 2));
        Assert.All(one.Wire.Zip(other.Wire), w => Assert.NotEqual(w.First.Sha256, w.Second.Sha256));
        Assert.All(one.Wire, w => Assert.Equal(64, w.Sha256.Length));
        Assert.False(ResultFile.Encode(one).Span.SequenceEqual(ResultFile.Encode(other).Span));
    }

    private static ScenarioResult Play(Scenario scenario, long seed) =>
        TapRun.Play(scenario, new RunOptions { Seed = seed, Repeat = "a test" }, null, null, TestContext.Current.CancellationToken);
}
