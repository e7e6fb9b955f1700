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
        Assert.True(Octets(result).Span.SequenceEqual(Octets(Play(scenario, seed: 1)).Span));
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

        // Among so many at once some have no chance to do anything: FaultEffectTests has each for itself.
        Assert.All(result.Checks.Where(c => !c.Step.StartsWith("faults ", StringComparison.Ordinal)), c => Assert.True(c.Held, $"{c.Step}: expected {c.Expected}; seen {c.Seen}"));
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

    [Theory]
    [InlineData(0, 0, "1m", true)]
    [InlineData(61, 0, "1m", false)]
    [InlineData(0, 45, "62s", true)] // what a pace takes comes on top
    [InlineData(63, 45, "62s", false)]
    public void A_run_that_takes_longer_than_its_scenario_says_has_failed(int seconds, double speed, string most, bool held)
    {
        const string Text = """
            scenario: slow
            title: {en: It is slow, ja: 遅い}
            world: taps
            lasts: 90s
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24]}]
            expect: [{nothing-lost: all}]
            """;
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(Text), "slow.yaml", out var scenario, out var error), error?.Message);
        var time = new MachineTime();
        var result = TapRun.Play(
            scenario, new RunOptions { Seed = 1, Repeat = "a test", Speed = speed, Time = time }, new AtTheEnd(() => time.Seconds += seconds), null, TestContext.Current.CancellationToken);
        Assert.Equal(held, result.Passed);
        var check = Assert.Single(result.Checks, c => c.Step == "within");
        Assert.Equal(($"the run takes at most {most} of the machine's time", held, "timing.json"), (check.Expected, check.Held, check.LookAt));
        Assert.Matches(held ? "^it does$" : @"^it took [67]\d\.\d s$", check.Seen); // no figure where it is kept: the result is the same on any machine
    }

    private sealed class MachineTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (Seconds * TimestampFrequency);
    }

    // Does something once, before anything is judged.
    private sealed class AtTheEnd(Action what) : IRunWatch
    {
        private bool _done;

        public void Began(RunHead run)
        {
        }

        public void Sampled(Sample sample)
        {
        }

        public void Happened(Happening happening)
        {
        }

        public void Checked(Check check)
        {
            if (!_done)
            {
                _done = true;
                what();
            }
        }
    }

    // Whether the stated time is kept is all that a result says of its machine.
    private static ReadOnlyMemory<byte> Octets(ScenarioResult result) => ResultFile.Encode(result with { Checks = [.. result.Checks.Where(c => c.Step != "within")] });

    private static ScenarioResult Play(Scenario scenario, long seed) =>
        TapRun.Play(scenario, new RunOptions { Seed = seed, Repeat = "a test" }, null, null, TestContext.Current.CancellationToken);
}
