using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>One agent enforces in a network namespace. With real agents and SIGKILL: EdgeSensors.EndToEnd.Tests, SecondAgentTests.</summary>
public sealed class EnforcementLockTests
{
    private readonly string _name = $"edgesensors-test/{Guid.NewGuid()}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_second_is_told_who_has_it_and_what_to_do_and_gets_it_after_the_first()
    {
        using (Held(await TakeAsync()))
        {
            for (var tries = 0; tries < 3; tries++)
            {
                var (taken, error) = await TakeAsync();
                Assert.Null(taken);
                Assert.NotNull(error);
                Assert.Contains($"process {Environment.ProcessId}", error, StringComparison.Ordinal);
                Assert.Contains("enforce.enabled: false", error, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error);
            }
        }

        Held(await TakeAsync()).Dispose();
    }

    [Fact]
    public async Task Who_waits_gets_it_when_the_one_before_ends()
    {
        var first = Held(await TakeAsync());
        var waiting = EnforcementLock.TakeAsync(TimeSpan.FromMinutes(1), TimeProvider.System, NullLogger.Instance, Stop, _name);
        await Task.Delay(300, Stop);
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        Held(await waiting).Dispose();
    }

    [Fact]
    public async Task In_another_network_namespace_there_is_another()
    {
        using var elsewhere = NetworkNamespace.CreateOrSkip();
        using var here = Held(await TakeAsync());
        using var there = Held(await elsewhere.Inside(TakeAsync));
        Assert.NotNull((await TakeAsync()).Error);
        Assert.NotNull((await elsewhere.Inside(TakeAsync)).Error);
    }

    [Theory]
    [InlineData("65534", false, true)]
    [InlineData("65534", true, true)] // it holds the name and does not answer
    [InlineData("65534", false, false, "--inh-caps=+net_admin", "--ambient-caps=+net_admin")]
    [InlineData("0", false, false)]
    public async Task Who_could_not_enforce_keeps_no_agent_from_it(string user, bool silent, bool passes, params string[] rights)
    {
        if (Environment.UserName != "root")
        {
            Assert.Skip("needs root, to be somebody else");
        }

        var perl = OtherProgram.FindOrSkip("perl", "perl-base");
        var listen = silent ? "" : "listen($s, 5);";
        using var holder = OtherProgram.Start(
            OtherProgram.FindOrSkip("setpriv", "util-linux"), ["--pdeathsig", "KILL", "--reuid", user, "--regid", user, "--clear-groups", .. rights, perl, "-e",
            $"use Socket; $| = 1; socket($s, PF_UNIX, SOCK_STREAM, 0); bind($s, pack('Sa*', PF_UNIX, qq(\\0{_name}))) or die $!; {listen} print qq(held\\n); sleep 60;"]);
        try
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Stop));
            var (taken, error) = await TakeAsync();
            taken?.Dispose();
            Assert.Equal(passes, error is null);
            Assert.Equal(passes, taken?.Limitation is not null);
            Assert.True(silent || (error ?? taken!.Limitation)!.Contains($"process {holder.Id}", StringComparison.Ordinal));
        }
        finally
        {
            holder.Kill();
        }
    }

    private static EnforcementLock Held((EnforcementLock? Taken, string? Error) outcome)
    {
        Assert.True(outcome.Taken is not null, outcome.Error);
        Assert.Null(outcome.Taken.Limitation);
        return outcome.Taken;
    }

    private Task<(EnforcementLock? Taken, string? Error)> TakeAsync() => EnforcementLock.TakeAsync(TimeSpan.Zero, TimeProvider.System, NullLogger.Instance, Stop, _name);
}
