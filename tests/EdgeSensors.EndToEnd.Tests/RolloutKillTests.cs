using System.Globalization;
using EdgeSensors.EndToEnd.Tests.Kill;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Walls 4 and 5 under SIGKILL: whatever dies whenever, no gateway ever enforces half a rule set, or one that was not signed and witnessed, or a rule that was taken back.</summary>
public class RolloutKillTests
{
    // Kills at random moments; the long version is asked for by the environment, and then every step is tried too.
    private static readonly bool IsLong = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_ROLLOUT_KILLS"), CultureInfo.InvariantCulture, out _);
    private static readonly int Kills = IsLong ? int.Parse(Environment.GetEnvironmentVariable("EDGESENSORS_ROLLOUT_KILLS")!, CultureInfo.InvariantCulture) : 10;

    private const int MostSteps = 1_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_random_moments_of_publishing_and_rolling_out_nothing_is_half_applied_lost_or_back_again()
    {
        using var fire = await RolloutUnderFire.StartOrSkipAsync(seed: 20261126);
        for (var kill = 1; kill <= Kills; kill++)
        {
            var deciding = fire.DecideAsync();
            await Task.Delay(fire.Random.Next(0, 500), Stop);
            var victim = fire.Random.Next(8) switch
            {
                < 4 => fire.Hub.Serving,
                < 6 => fire.Hub.Witness.Serving,
                var which => fire.Agents[which - 6].Agent,
            };
            victim.Kill();
            fire.CheckKernels($"{victim.Name} was killed ({kill})");
            await Task.Delay(fire.Random.Next(0, 200), Stop);
            await fire.ReviveAsync();
            await deciding;
            fire.CheckKernels($"{victim.Name} is back ({kill})");

            // Not always: the next one may die before this one's harm is undone.
            if (kill == Kills || fire.Random.Next(3) == 0)
            {
                await fire.SettleAsync();
            }

            TestContext.Current.SendDiagnosticMessage($"kill {kill} of {Kills}: {victim.Name}");
        }

        await fire.AuditAsync();
    }

    [Fact]
    public async Task Killed_before_each_step_of_a_rollout_all_comes_to_what_was_decided()
    {
        using var fire = await RolloutUnderFire.StartOrSkipAsync(seed: 7);
        if (!KillStep.TryBuild(fire.Folder, out var library, out var reason))
        {
            Assert.Skip(reason);
        }

        // The short version tries a few of the steps; how many there are differs a little from time to time.
        foreach (var (who, few) in ((string, int[])[])[("hub", [9, 33, 61]), ("witness", [5]), ("agent", [12, 25])])
        {
            var died = 0;
            var survived = 0;
            foreach (var step in IsLong ? Enumerable.Range(1, MostSteps).TakeWhile(_ => survived < 2) : few)
            {
                using var killing = new KillStep(library, Path.Combine(fire.Folder, $"{who}-{step}"));
                await fire.StartCountedAsync(who, killing);
                killing.Arm(step);
                var deciding = fire.DecideAsync();
                var last = await fire.UntilDeadOrDoneAsync(who, deciding, killing);
                fire.CheckKernels($"{who} before step {step} ({last})");
                (died, survived) = last.Length > 0 ? (died + 1, 0) : (died, survived + 1);
                TestContext.Current.SendDiagnosticMessage($"{who} step {step}: {(last.Length == 0 ? "done before it" : last)}");
                await fire.ReviveAsync();
                await deciding;
                await fire.SettleAsync();
            }

            Assert.True(died > 0, $"the {who} never came to a step");
        }

        await fire.AuditAsync();
        await fire.CheckTheCheckAsync();
    }
}
