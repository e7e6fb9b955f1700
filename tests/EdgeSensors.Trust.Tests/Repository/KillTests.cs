using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Trust.Tests.Repository;

/// <summary>A process may die before any single change to the disk. What is left must be the old state or the new one, and go on.</summary>
public sealed class KillTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed class Killed : Exception;

    [Fact]
    public async Task A_publication_killed_at_any_step_leaves_the_old_rules_or_the_new_and_can_go_on()
    {
        using var foundation = new Foundation();
        using var keys = foundation.Online();
        var client = foundation.Client();
        var revision = 0L;
        var killed = 0;
        for (var step = 0; ; step++)
        {
            var next = new RuleSet { Revision = revision + 1, Rules = [foundation.Rule($"rule-{revision + 1}")] };
            try
            {
                foundation.Repository.Watched(KillAt(step)).Publish(new RepositoryChange().Set(next), keys);
                break; // more steps than there are
            }
            catch (Killed)
            {
                killed++;
            }

            // What a client sees is whole: the rules before, or those that were being published.
            var seen = await Rules(client);
            Assert.InRange(seen.Revision, revision, revision + 1);

            // And the repository goes on from there.
            revision += 2;
            foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = revision, Rules = [foundation.Rule($"rule-{revision}")] }), keys);
            Assert.Equal(revision, (await Rules(client)).Revision);
        }

        Assert.True(killed >= 5, $"{killed} steps were tried");
    }

    [Fact]
    public async Task A_root_rotation_killed_at_any_step_can_be_repeated()
    {
        using var foundation = new Foundation();
        var keys = foundation.All();
        var client = foundation.Client();
        for (var step = 0; ; step++)
        {
            var next = SigningKey.Create();
            keys.Add(next); // saved before it is published, as a rotation must
            var change = new RepositoryChange().ReplaceKeys("timestamp", [next.PublicKey], 1);
            try
            {
                foundation.Repository.Watched(KillAt(step)).Publish(change, keys);
                break;
            }
            catch (Killed)
            {
                foundation.Publish(change, keys);
                await Rules(client);
            }
        }

        await Rules(client);
        keys.Dispose();
    }

    [Fact]
    public void A_foundation_killed_at_any_step_is_taken_up_again()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.True(Passphrase.TryCreate("a passphrase for tests", out var passphrase));
        var killed = 0;
        for (var step = 0; ; step++)
        {
            var folders = new RepositoryFolders(folder[$"{step}/repository"], folder[$"{step}/online"], folder[$"{step}/offline"]);
            Directory.CreateDirectory(folder[$"{step}"]);
            try
            {
                TufRepository.Found(folders, Foundation.Plan, passphrase, Foundation.Cheap, RepositoryOptions.Default, time, KillAt(step));
                break;
            }
            catch (Killed)
            {
                killed++;
            }

            var again = TufRepository.Found(folders, Foundation.Plan, passphrase, Foundation.Cheap, RepositoryOptions.Default, time);
            Assert.True(again.TryGet(out var repository, out var error), $"after step {step}: {error}");

            // The keys belong to the repository, and nothing half made is left.
            Assert.True(OnlineKeys.TryLoad(folders.OnlineKeys, out var keys, out _));
            Assert.True(OfflineKeys.TryOpen(folders.OfflineKeys, passphrase, [], out var offline, out _));
            keys.AddAll(offline);
            var everything = new RepositoryChange().Renew("targets").Renew("control").Renew("blocklists").Renew("mitigations-national-soc").Renew("authorizations-carrier-a").Renew("root");
            Assert.True(repository.Publish(everything, keys).TryGet(out _, out error), $"after step {step}: {error}");
            Assert.Equal(3, Directory.GetFileSystemEntries(folder[$"{step}"]).Length);
            keys.Dispose();
        }

        Assert.True(killed > 20, $"{killed} steps were tried");
        passphrase.Dispose();
    }

    private static Action<string> KillAt(int step) => _ =>
    {
        if (step-- == 0)
        {
            throw new Killed();
        }
    };

    private static async Task<RuleSet> Rules(TufClient client)
    {
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.True((await repository.FetchTargetAsync(TargetNames.Rules, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.True(RuleSet.TryParse(target.Bytes, out var rules, out var fault), fault?.ToString());
        return rules;
    }
}
