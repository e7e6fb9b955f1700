using System.Text;
using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Every scenario on real programs holds what it expects; what must hold is in the scenario.</summary>
public class GatewayScenarioTests
{
    [Fact]
    public Task A_reflected_flood_is_found_and_nobody_is_cut_off() => GatewayScenario.HoldsAsync("reflection");

    [Fact]
    public Task A_peering_router_s_exports_are_enough_to_find_who_attacks() => GatewayScenario.HoldsAsync("peering-point");

    [Fact]
    public Task Every_gateway_in_trouble_says_so_and_recovers_by_itself() => GatewayScenario.HoldsAsync("gateway-faults");

    [Fact]
    public Task A_hub_in_trouble_loses_nothing_that_it_acknowledged() => GatewayScenario.HoldsAsync("hub-faults");

    [Fact]
    public async Task What_does_not_come_is_said_with_its_line_what_was_seen_and_where_to_look()
    {
        const string Quiet = """
            scenario: quiet
            title: {en: Nothing happens, ja: 何も起きない}
            world: gateways
            lasts: 4s
            within: 60s
            agents:
              - {name: office, own: [198.51.100.0/24], options: {report.window_seconds: 1}}
            traffic:
              - {to: office, generate: visitors, lasts: 2s}
            timeline: [{at: 0s, every: 1s, times: 2, do: operator}]
            expect:
              - {alert: flood}
              - {blocked: [198.18.7.7]}
              - {rule: enforced, about: 198.18.7.7}
              - {mitigation: proposed}
              - {drops: some}
              - {says: what it never says, on: office}
              - {passes: others}
              - {statistics: exact}
            """;
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(Quiet), "quiet.yaml", out var scenario, out var error), error?.Message);
        var result = await GatewayScenario.PlayAsync(scenario, keepAs: null);
        Assert.False(result.Passed);
        var expected = result.Checks.Where(c => c.Step.StartsWith("expect ", StringComparison.Ordinal)).ToList();
        Assert.Equal([false, false, false, false, false, false, true, true], expected.Select(c => c.Held));
        Assert.Equal(Enumerable.Range(1, 8).Select(n => $"expect {n} (line {n + 11})"), expected.Select(c => c.Step));
        Assert.All(expected, c => Assert.Matches(@"^logs/(office|hub)\.log ", c.LookAt));
        Assert.Equal("no alert at all", expected[0].Seen);
        Assert.Equal(2, result.Happenings.Count(h => h.Words == "a person is at the hub"));
    }
}

/// <summary>The long one, beside the others.</summary>
public class MixedDayTests
{
    [Fact]
    public Task Three_attacks_are_found_in_a_day_of_traffic_and_nothing_else() => GatewayScenario.HoldsAsync("mixed-day");
}
