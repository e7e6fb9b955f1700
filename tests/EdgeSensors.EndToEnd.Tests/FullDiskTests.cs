using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The kill switch reaches a gateway whose disk is full to the last octet.</summary>
public class FullDiskTests
{
    private const long Octets = 16 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_all_and_a_new_rule_reach_a_gateway_whose_disk_is_full()
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-full-");
        try
        {
            using var fleet = await Fleet.FoundAsync(folder.FullName, gateways: 1, agentProgram: null, Stop);
            var gateway = fleet.Gateways[0];
            var state = Path.GetDirectoryName(gateway.TrustFolder)!;
            MountSetup.Separate(gateway.Place);
            MountSetup.Disk(gateway.Place, state, Octets);
            gateway.Start();
            await gateway.WaitUntilVerifiedAsync(Patience, Stop);
            var first = await ApproveAsync(fleet, "203.0.113.1");
            await ComesToAsync(gateway, first);

            gateway.Place.Run(() => Fill(Path.Combine(state, "ballast")));
            var second = await ApproveAsync(fleet, "203.0.113.2");
            await ComesToAsync(gateway, first, second);
            await SaysAsync(gateway, "updates are followed but cannot be stored (No space left on device)");
            await fleet.Hub.StopAllAsync("a mistake", Stop);
            await ComesToAsync(gateway);

            gateway.Place.Run(() => File.Delete(Path.Combine(state, "ballast")));
            await SaysAsync(gateway, "updates are stored again");
            Assert.Single(gateway.Agent.Said, line => line.Text.Contains("cannot be stored", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> ApproveAsync(Fleet fleet, string address)
    {
        var (id, refused) = await fleet.Hub.Api.ProposeAsync(address, "a test", FleetGrant.AtOnce, [], Stop);
        Assert.True(id is not null, refused);
        Assert.Null(await fleet.Hub.Api.ApproveAsync(id, Stop));
        return id;
    }

    private static async Task ComesToAsync(Gateway gateway, params string[] rules)
    {
        var began = Environment.TickCount64;
        while (!gateway.ReadKernel().Select(element => element.Rule).ToHashSet().SetEquals(rules))
        {
            Assert.True(
                Environment.TickCount64 - began < Patience.TotalMilliseconds,
                $"the kernel does not come to [{string.Join(", ", rules)}]: {string.Join(", ", gateway.ReadKernel())}; agent: {gateway.Agent.LastWords()}");
            await Task.Delay(50, Stop);
        }
    }

    private static async Task SaysAsync(Gateway gateway, string what) =>
        Assert.True(await gateway.Agent.WaitForLineAsync(line => line.Contains(what, StringComparison.Ordinal), Patience, Stop) is not null, "it does not say: " + what);

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var piece = new byte[64 * 1024]; piece.Length > 0;)
        {
            try
            {
                file.Write(piece);
            }
            catch (IOException)
            {
                piece = new byte[piece.Length / 2];
            }
        }
    }
}
