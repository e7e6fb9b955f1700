using System.Globalization;
using System.Text;
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

    [Fact]
    public void Every_kind_of_fault_and_of_what_people_do_can_be_played()
    {
        var text = new StringBuilder("scenario: all\ntitle: {en: All, ja: 全部}\nworld: taps\nlasts: 5m\nwithin: 1m\nboards: [{name: tap, own: [192.0.2.0/24]}]\n");
        text.Append("traffic: [{to: tap, generate: visitors}, {to: tap, generate: syn-flood, rate: 0, lasts: 10ms}]\ntimeline:\n");
        foreach (var kind in ScenarioSchema.KindsOf("timeline", ScenarioWorld.Taps))
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {{at: 1m, do: {kind.Name}}}\n");
        }

        text.Append("faults:\n");
        foreach (var kind in ScenarioSchema.KindsOf("faults", ScenarioWorld.Taps))
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {{from: 70s, every: 20s, what: {kind.Name}{(kind.Name == "clock-leaps" ? ", by: 1h" : "")}}}\n");
        }

        text.Append("expect: [{nothing-lost: acknowledged}]\n");
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text.ToString()), "all.yaml", out var scenario, out var error), error?.Message);
        var result = Play(scenario, seed: 3);
        Assert.All(result.Checks, c => Assert.True(c.Held, $"{c.Step}: expected {c.Expected}; seen {c.Seen}"));
        Assert.Equal(
            ScenarioSchema.KindsOf("faults", ScenarioWorld.Taps).Select(k => k.Name).Order(),
            result.Happenings.Where(h => h.Kind == HappeningKind.Fault && h.Words != "the supply is back").Select(h => h.Words.Split(',')[0]).Distinct().Order());
    }

    [Fact]
    public void A_failed_expectation_names_its_step_what_was_expected_what_was_seen_and_where_to_look()
    {
        const string Text = """
            scenario: fails
            title: {en: It fails, ja: 失敗する}
            world: taps
            lasts: 90s
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24]}]
            expect:
              - {nothing-lost: all}
              - {alert: flood, on: tap, within: 30s, words: somebody floods}
            """;
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(Text), "fails.yaml", out var scenario, out var error), error?.Message);
        var result = Play(scenario, seed: 1);
        Assert.False(result.Passed);
        var check = Assert.Single(result.Checks, c => !c.Held);
        Assert.Equal(("expect 2 (line 9)", "somebody floods: flood alert within 30s on tap", "tap has none; none", "logs/taps.log, lines of tap"), (check.Step, check.Expected, check.Seen, check.LookAt));
    }

    private static ScenarioResult Play(Scenario scenario, long seed) =>
        TapRun.Play(scenario, new RunOptions { Seed = seed, Repeat = "a test" }, null, null, TestContext.Current.CancellationToken);
}
