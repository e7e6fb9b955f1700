using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The kill switch reaches blocklists: an operator's word lifts them in a gateway's kernel, and the next one puts them back.</summary>
public class ListHoldTests
{
    private const string Listed = "203.0.113.7";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> s_settings = new() { ["EDGESENSORS__ENFORCE__BLOCKLIST_ENTRIES"] = "100" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_all_lifts_an_enforced_blocklist_and_release_puts_it_back()
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-hold-");
        try
        {
            using var fleet = await Fleet.FoundAsync(folder.FullName, gateways: 1, agentProgram: null, Stop);
            var gateway = fleet.Gateways[0];
            gateway.Start(s_settings);
            await gateway.WaitUntilVerifiedAsync(Patience, Stop);
            await fleet.Hub.PublishListAsync([Prefix.Parse(Listed)], Stop);
            await fleet.Hub.EnforceListAsync(["c2=drop"], Stop);
            await ComesToAsync(gateway, enforced: true);

            await fleet.Hub.StopAllAsync("wrong feed", Stop);
            await ComesToAsync(gateway, enforced: false);

            // Nor does a new agent, or a new word of the list's keeper, go past it.
            await gateway.Agent.StopAsync(TimeSpan.FromSeconds(10));
            gateway.Start(s_settings);
            Assert.NotNull(await gateway.Agent.WaitForLineAsync(line => line.Contains("list-c2", StringComparison.Ordinal) && line.Contains("held", StringComparison.Ordinal), Patience, Stop));
            await fleet.Hub.EnforceListAsync(["c2=drop,ingress"], Stop);
            await gateway.WaitUntilVerifiedAsync(Patience, Stop);
            for (var looks = 0; looks < 20; looks++)
            {
                Assert.Empty(gateway.ReadListInKernel());
                await Task.Delay(100, Stop);
            }

            await fleet.Hub.ReleaseAsync("feed mended", Stop);
            await ComesToAsync(gateway, enforced: true);
            await fleet.AuditAsync(Stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task ComesToAsync(Gateway gateway, bool enforced)
    {
        var began = Environment.TickCount64;
        while (gateway.ReadListInKernel().Any(element => element.Address == Listed) != enforced)
        {
            Assert.True(
                Environment.TickCount64 - began < Patience.TotalMilliseconds,
                $"the kernel's list does not come to be {(enforced ? "there" : "gone")}: {string.Join(", ", gateway.ReadListInKernel())}; agent: {gateway.Agent.LastWords()}");
            await Task.Delay(50, Stop);
        }
    }
}
