using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

public sealed class NftCommandTests
{
    [Fact]
    public async Task Without_nft_the_agent_observes_only_and_says_so()
    {
        var enforcer = await NftEnforcer.ChooseAsync(new NftCommand("/nowhere/nft"), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.IsType<ObserveOnlyEnforcer>(enforcer);
        Assert.Contains("install", enforcer.Limitation, StringComparison.Ordinal);
        var outcome = await enforcer.ApplyAsync(EnforcerNetwork.Plan(EnforcerNetwork.Rule("block", "192.0.2.1")), TestContext.Current.CancellationToken);
        Assert.Equal(new RuleEnforcement(outcome.Rules[0].Id, RuleState.Observed, "observe-only"), Assert.Single(outcome.Rules));
    }

    [Fact]
    public async Task Without_rights_the_agent_observes_only_and_says_so()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/usr/sbin/nft") || !File.Exists("/usr/bin/setpriv"))
        {
            Assert.Skip("needs root to give rights up, nft and setpriv");
        }

        var nft = new NftCommand("/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-all", "/usr/sbin/nft");
        var enforcer = await NftEnforcer.ChooseAsync(nft, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.IsType<ObserveOnlyEnforcer>(enforcer);
        Assert.Contains("CAP_NET_ADMIN", enforcer.Limitation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(9, false)] // it does not pass
    public async Task A_refusal_that_passes_does_not_make_an_agent_observe_for_as_long_as_it_runs(int refusals, bool enforces)
    {
        var asked = Path.GetTempFileName();
        try
        {
            var busy = new NftCommand("/bin/sh", "-c", $"echo >> {asked}; [ $(wc -l < {asked}) -gt {refusals} ] && exit 0; echo 'Error: Device or resource busy' >&2; exit 1");
            var enforcer = await NftEnforcer.ChooseAsync(busy, TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(enforces, enforcer is NftEnforcer);
            Assert.Equal(enforces ? null : "nft refused: Device or resource busy", enforcer.Limitation);
        }
        finally
        {
            File.Delete(asked);
        }
    }

    [Fact]
    public async Task A_program_that_does_not_end_is_ended()
    {
        var slow = new NftCommand("/bin/sh", "-c", "sleep 60") { Timeout = TimeSpan.FromMilliseconds(300) };
        Assert.Equal(NftFault.Runaway, (await slow.RunAsync([], default, TestContext.Current.CancellationToken)).Fault);
    }

    [Fact]
    public async Task A_program_that_does_not_stop_talking_is_ended()
    {
        var loud = new NftCommand("/bin/sh", "-c", "yes");
        Assert.Equal(NftFault.Runaway, (await loud.RunAsync([], default, TestContext.Current.CancellationToken)).Fault);
    }

    [Fact]
    public async Task A_long_complaint_becomes_one_line()
    {
        var complaining = new NftCommand("/bin/sh", "-c", "echo 'internal:0:0-0: Error: something is wrong' >&2; yes >&2 | head -c 100000; exit 1") { Timeout = TimeSpan.FromSeconds(2) };
        Assert.Equal(NftFault.Runaway, (await complaining.RunAsync([], default, TestContext.Current.CancellationToken)).Fault);
        var brief = new NftCommand("/bin/sh", "-c", "echo 'internal:0:0-0: Error: something is wrong' >&2; yes | head -c 100000 >&2; exit 1");
        Assert.Equal("nft refused: something is wrong", (await brief.RunAsync([], default, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task Input_that_is_not_read_is_no_failure()
    {
        var deaf = new NftCommand("/bin/sh", "-c", "exit 0");
        Assert.True((await deaf.RunAsync([], new byte[1 << 20], TestContext.Current.CancellationToken)).Succeeded);
    }
}
