using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary><c>blocklist publish</c> is run by a timer: nobody is there to say that what was cut off is given up.</summary>
public sealed class UnattendedPublicationTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private string Unfinished => Path.Combine(hub.Offline, "unfinished.request");

    private string[] Publish => ["blocklist", "publish", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase];

    [Fact]
    public async Task A_publication_that_was_cut_off_after_it_was_remembered_is_taken_up_by_the_next_run_and_by_no_other_content()
    {
        await ImportAsync("203.0.113.101");
        await PublishAsync();
        var (before, version) = (Snapshot().Version, RoleVersion());

        // The disk gives out between the memory and the first timestamp that would name it.
        await ImportAsync("203.0.113.102");
        var obstacle = Directory.CreateDirectory(Path.Combine(hub.Hub, "repository", "metadata", $"{version + 1}.blocklists.json")).FullName;
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(Publish), 1, "error[repository]");
        Directory.Delete(obstacle);
        Assert.Equal((before, version), (Snapshot().Version, RoleVersion()));
        var octets = await File.ReadAllBytesAsync(Unfinished, TestContext.Current.CancellationToken);

        // Another content in its place is not what was signed, and is not signed now.
        File.Delete(Unfinished);
        HubProcess.Succeeded(await HubProcess.RunAsync("listed", "add", "203.0.113.110", "--category", "c2", "--dir", hub.Hub, "--request", Unfinished));
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(Publish), 1, "another version");
        Assert.Equal(version, RoleVersion());

        await File.WriteAllBytesAsync(Unfinished, octets, TestContext.Current.CancellationToken);
        await ImportAsync("203.0.113.103");
        var output = await PublishAsync();
        Assert.Contains("published what the run before was cut off in", output, StringComparison.Ordinal);
        Assert.Equal((before + 2, version + 2), (Snapshot().Version, RoleVersion()));
        Assert.Contains("203.0.113.103", Listed());
        Assert.DoesNotContain("203.0.113.102", Listed());
        Assert.False(File.Exists(Unfinished));
        Assert.DoesNotContain("cut off", await PublishAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_at_any_moment_of_signing_and_publishing_the_next_run_needs_nobody()
    {
        var random = new Random(20_261_126);
        for (var round = 0; round < 12; round++)
        {
            await ImportAsync($"203.0.113.{120 + round}");
            var moment = random.Next(60);
            await HubProcess.KillAsync(Publish, async ended =>
            {
                while (!File.Exists(Unfinished) && !ended())
                {
                    await Task.Yield();
                }

                await Task.Delay(moment, TestContext.Current.CancellationToken);
            });
        }

        await ImportAsync("203.0.113.140");
        await PublishAsync();
        Assert.Contains("203.0.113.140", Listed());
    }

    private async Task ImportAsync(string address)
    {
        var file = Path.Combine(hub.Folder, "list.txt");
        await File.WriteAllTextAsync(file, address + "\n", TestContext.Current.CancellationToken);
        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "import", file, "--source", "feed", "--category", "c2", "--dir", hub.Hub));
    }

    private async Task<string> PublishAsync()
    {
        var run = await HubProcess.RunAsync(Publish);
        HubProcess.Succeeded(run);
        return run.Output;
    }

    private TufRepository Open()
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        return repository;
    }

    private long RoleVersion()
    {
        Assert.True(Open().ReadRoles().TryGet(out var roles, out var error), error?.ToString());
        return roles.Single(role => role.Role == RepositoryRoles.Blocklists).Version;
    }

    private Blocklist Snapshot()
    {
        Assert.True(Open().ReadTarget(TargetNames.BlocklistSnapshot("full")).TryGet(out var bytes, out var error), error?.ToString());
        Assert.True(Blocklist.TryRead(bytes, out var list, out var fault), fault?.ToString());
        return list;
    }

    private List<string> Listed() => [.. Snapshot().Sections.SelectMany(section => Enumerable.Range(0, section.Count).Select(place => section[place].ToString()))];
}
