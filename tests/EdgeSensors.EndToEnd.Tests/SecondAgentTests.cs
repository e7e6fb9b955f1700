using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Two agents that enforce in one network namespace would undo each other's work for ever: the second one says so and ends.</summary>
public class SecondAgentTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_agent_that_would_enforce_is_refused_and_takes_over_when_the_first_is_killed()
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-second-");
        try
        {
            using var fleet = await Fleet.FoundAsync(folder.FullName, gateways: 2, agentProgram: null, Stop);
            var (first, second) = (fleet.Gateways[0], fleet.Gateways[1]);
            await fleet.StartAgentsAsync(null, Stop); // each in its own namespace
            await second.Agent.StopAsync(Patience);

            second.Start(beside: first);
            await RefusedAsync(second, first);

            second.Start(new Dictionary<string, string> { ["EDGESENSORS__ENFORCE__ENABLED"] = "false" }, beside: first);
            await ReadyAsync(second);
            await second.Agent.StopAsync(Patience);

            second.Start(beside: first);
            await WaitsAsync(second);
            await second.Agent.StopAsync(Patience);
            Assert.Equal(0, second.Agent.ExitCode);

            // One that waits, as at a restart, gets it when the first ends; and one that is started right after a kill.
            second.Start(beside: first);
            await WaitsAsync(second);
            first.Agent.Kill();
            await ReadyAsync(second);
            first.Start();
            await RefusedAsync(first, second);
            second.Agent.Kill();
            first.Start();
            await ReadyAsync(first);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task ReadyAsync(Gateway gateway) => SaysAsync(gateway, "ready:");

    private static Task WaitsAsync(Gateway gateway) => SaysAsync(gateway, "waiting a few seconds for it to end");

    private static async Task SaysAsync(Gateway gateway, string what) =>
        Assert.True(await gateway.Agent.WaitForLineAsync(line => line.Contains(what, StringComparison.Ordinal), Patience, Stop) is not null, gateway.Agent.LastWords());

    private static async Task RefusedAsync(Gateway gateway, Gateway holder)
    {
        Assert.True(await gateway.Agent.WaitForEndAsync(Patience, Stop), "two enforce: " + gateway.Agent.LastWords());
        Assert.NotEqual(0, gateway.Agent.ExitCode);
        Assert.StartsWith($"error[run]: another agent (process {holder.Agent.Id}) enforces in this network namespace", gateway.Agent.LastWords(), StringComparison.Ordinal);
    }
}
