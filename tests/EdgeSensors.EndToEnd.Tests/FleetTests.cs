using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>A decision reaches every gateway of a fleet and is taken back on every one; how fast is measured by the <c>rollout</c> benchmark, which does the same with more of them.</summary>
public class FleetTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_approved_is_in_every_gateways_kernel_and_what_is_taken_back_in_none()
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-fleet-");
        try
        {
            using var fleet = await Fleet.FoundAsync(folder.FullName, gateways: 3, agentProgram: null, Stop);
            await fleet.StartAgentsAsync(null, Stop);
            var ids = new List<string>();
            foreach (var address in (string[])["203.0.113.1", "2001:db8:1::1"])
            {
                var (id, refused) = await fleet.Hub.Api.ProposeAsync(address, "a test", FleetGrant.AtOnce, [], Stop);
                Assert.True(id is not null, refused);
                ids.Add(id);
                AssertInOrder(await RolloutRound.ApproveAsync(fleet, id, Stop));
                Fleet.CheckKernels(fleet.Gateways, ids);
            }

            AssertInOrder(await RolloutRound.RevokeAsync(fleet, ids[0], Stop));
            Fleet.CheckKernels(fleet.Gateways, ids[1..]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // One clock for all, files' times by the kernel's tick; nobody enforces what was not cosigned before.
    private static void AssertInOrder(RolloutRound round)
    {
        var tick = TimeSpan.FromMilliseconds(20);
        Assert.True(round.Signed <= round.Cosigned + tick);
        Assert.All(round.Gateways, gateway =>
        {
            Assert.True(round.Cosigned <= gateway.Fetched + tick);
            Assert.True(round.Cosigned <= gateway.Effective + tick);
            Assert.True(gateway.Effective <= gateway.Told + tick);
        });
    }
}
