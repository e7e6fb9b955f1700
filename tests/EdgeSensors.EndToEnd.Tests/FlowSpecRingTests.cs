using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>
/// A carrier's ring: a router's exports come in, a signed rule goes out to a router by BGP, and is withdrawn when the agent is killed (wall 5). The daemons,
/// the hub, the agent and its watchdog are real processes.
/// </summary>
public class FlowSpecRingTests
{
    // The hub's own rules are for both directions.
    private static readonly string[] s_blocked = [$"[source: {ExportRingTests.Attacker}/32]", $"[destination: {ExportRingTests.Attacker}/32]"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scan_is_answered_at_the_router_and_the_route_does_not_outlive_a_killed_agent()
    {
        using var bgp = await GobgpPair.StartOrSkipAsync(Stop);
        var settings = new Dictionary<string, string>
        {
            ["EDGESENSORS__BGP__API"] = bgp.Api,
            ["EDGESENSORS__BGP__HEARTBEAT"] = Path.Combine(bgp.Folder, "heartbeat"),
            ["EDGESENSORS__BGP__HEARTBEAT_SECONDS"] = "3",
        };
        var (_, station) = await ExportRingTests.PlayAsync(
            sampling: "127.0.0.1=1",
            state => state.Mitigations.Any(m => m.Target.StartsWith(ExportRingTests.Attacker, StringComparison.Ordinal) && m.Receipt?.State == "enforced"),
            settings);
        using (station)
        using (var watchdog = StartedProgram.Start(
            null, Station.Program(ProgramLocator.Agent), ["bgp-watchdog", "--config", Path.Combine(station.Enrolment, "agent.yaml")], Path.Combine(station.Logs, "watchdog.log"), settings))
        {
            Assert.True(await bgp.RouterComesToHave(Stop, s_blocked), "the router has " + string.Join(", ", bgp.AtRouter()));
            await Task.Delay(TimeSpan.FromSeconds(5), Stop);
            Assert.True(await bgp.RouterComesToHave(Stop, s_blocked), "the watchdog withdrew while the agent lives: " + watchdog.LastWords());

            station.Agent.Running.Kill();
            Assert.True(await bgp.RouterComesToHave(Stop), "the route outlived its agent: " + watchdog.LastWords());
            Assert.Contains("withdrew 2 routes", string.Join('\n', watchdog.Said.Select(line => line.Text)), StringComparison.Ordinal);
            Assert.False(watchdog.HasEnded);
        }
    }
}
