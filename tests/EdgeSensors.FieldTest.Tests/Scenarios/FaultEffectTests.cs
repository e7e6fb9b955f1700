using System.Text;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

/// <summary>A run fails where a fault did nothing, and where an expectation had nothing to hold over.</summary>
public class FaultEffectTests
{
    public static TheoryData<string> Faults => [.. ScenarioSchema.KindsOf("faults", ScenarioWorld.Taps).Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_a_fault_did_is_counted(string fault)
    {
        var more = fault switch { "clock-leaps" => ", by: 1h", "clock-drifts" => ", ppm: 10000", "power-cut" => ", of-next: 20", "reorders" => ", share: 0.5, lasts: 2m", _ => "" };
        var check = EffectOf(Play($$"""
            scenario: effect
            title: {en: A fault, ja: 障害}
            world: taps
            lasts: 4m
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24], window: 1s}]
            traffic: [{to: tap, generate: visitors, lasts: 4m, rate: 5}]
            timeline: [{at: 130s, do: publish-list}]
            faults:
              - {at: 2m, what: {{fault}}{{more}}}
              - {at: 125s, what: reconnect}
            expect: [{nothing-lost: acknowledged}]
            """));
        Assert.True(check.Held, check.Seen);
        Assert.Contains("with an effect 1 of 1 times", check.Seen, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void One_that_did_nothing_fails_the_run(string fault)
    {
        var more = fault switch { "clock-leaps" => ", by: 1h", "brown-out" => ", volts: 3", _ => "" };
        var result = Play($$"""
            scenario: inert
            title: {en: A fault of nothing, ja: 効果のない障害}
            world: taps
            lasts: 90s
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24], enrolled: false}]
            faults:
              - {at: 10s, what: {{fault}}{{more}}}
            expect: [{nothing-lost: acknowledged}]
            """);
        var check = EffectOf(result);
        Assert.False(result.Passed);
        Assert.Equal((false, $"{fault} has an effect", "logs/taps.log, lines of tap"), (check.Held, check.Expected, check.LookAt));
        Assert.StartsWith("tap shows no effect of it; ", check.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void A_board_whose_wrong_clock_nobody_reads_and_a_fault_that_never_begins_fail_the_run()
    {
        var result = Play("""
            scenario: never
            title: {en: Never, ja: 起きない}
            world: taps
            lasts: 30s
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24], enrolled: false, clock: 1h}]
            faults: [{at: 1m, what: hub-away}]
            expect: [{nothing-lost: acknowledged}]
            """);
        Assert.StartsWith("tap shows no effect of it; looks at a clock", Assert.Single(result.Checks, c => c.Step == "boards 1 (line 6)" && !c.Held).Seen, StringComparison.Ordinal);
        Assert.StartsWith("tap never had it begin; ", EffectOf(result).Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expectation_that_has_nothing_to_hold_over_fails_and_says_so()
    {
        var result = Play("""
            scenario: nothing
            title: {en: Nothing, ja: 何もない}
            world: taps
            lasts: 90s
            within: 1m
            boards: [{name: tap, own: [192.0.2.0/24], enrolled: false}]
            expect:
              - {no-alert: any}
              - {nothing-lost: acknowledged}
              - {nothing-lost: all}
              - {statistics: honest, reports: 0}
              - {times: true}
              - {connects: spread, in-a-second: 1}
              - {restarts: 3}
              - {drops: none}
            """);
        var expectations = result.Checks.Where(c => c.Step != "within").ToList();
        Assert.All(expectations, c => Assert.False(c.Held, $"{c.Step}: {c.Expected}; {c.Seen}"));
        Assert.Equal(
            [
                "tap measured nothing that it could have been alerted by", "tap wrote no message", "tap wrote no message", "tap has no report of a window in which something came",
                "tap has no report to compare", "all did not connect", "tap never started", "tap never said what it dropped", "all said nothing", "all never ran when it was looked at",
            ],
            expectations.Select(c => c.Seen.Split(';')[0]));
    }

    private static Check EffectOf(ScenarioResult result) => Assert.Single(result.Checks, c => c.Step.StartsWith("faults 1 ", StringComparison.Ordinal));

    private static ScenarioResult Play(string text)
    {
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out var scenario, out var error), error?.Message);
        return TapRun.Play(scenario, new RunOptions { Repeat = "a test" }, null, null, TestContext.Current.CancellationToken);
    }
}
