using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary>What of a list is enforced is said by the key of the lists and nobody else's.</summary>
public sealed class BlocklistEnforceCommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    [Fact]
    public async Task What_is_enforced_is_signed_beside_the_list_and_names_the_tiers_that_there_are()
    {
        async Task<(int Code, string Output, string Error)> EnforceAsync(params string[] rest) =>
            await HubProcess.RunAsync(["blocklist", "enforce", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase, .. rest]);

        await ImportAsync("feed-e", "203.0.113.30\n203.0.113.31\n203.0.113.32\n");
        await PublishAsync("--at-most", "2");
        HubProcess.FailedInOneLine(await EnforceAsync("nowhere=drop"), 1, "has no category nowhere");
        HubProcess.FailedInOneLine(await EnforceAsync("exploit=drop", "--max-entries", "2"), 1, "3 entries");
        HubProcess.FailedInOneLine(await EnforceAsync("exploit=shout"), 2, "CATEGORY=STEP,DIRECTION");
        HubProcess.FailedInOneLine(await EnforceAsync(), 2, "--off");
        HubProcess.Succeeded(await EnforceAsync("exploit=drop,ingress", "--sensor", "isp-a/*", "--days", "3"));
        Assert.True(BlocklistEnforcement.TryParse(Target(TargetNames.BlocklistEnforcement), out var document, out var error), error?.ToString());
        Assert.Equal((new EnforcedCategory(DocumentId.Parse("exploit"), MitigationStep.Drop, SlpfDirection.Ingress), 6, 1L), (Assert.Single(document.Categories), document.MaxEntries, document.Version));
        Assert.Equal([2], document.Tiers);

        // A tier more, and the document names it.
        await ImportAsync("feed-f", "203.0.113.33\n");
        await PublishAsync("--at-most", "1");
        Assert.True(BlocklistEnforcement.TryParse(Target(TargetNames.BlocklistEnforcement), out document, out _));
        Assert.Equal(2L, document.Version);
        Assert.Equal([1, 2], document.Tiers);

        HubProcess.Succeeded(await EnforceAsync("--off"));
        Assert.DoesNotContain(TargetNames.BlocklistEnforcement, Targets());
    }

    [Fact]
    public async Task What_is_enforced_is_signed_elsewhere_by_who_is_shown_all_of_it()
    {
        await ImportAsync("feed-g", "203.0.113.40\n203.0.113.41\n", "worm");
        await PublishAsync();
        var request = Path.Combine(hub.Folder, "enforce-request");
        var asked = await HubProcess.RunAsync("blocklist", "enforce", "worm=drop,ingress", "--sensor", "isp-a/*", "--dir", hub.Hub, "--request", request);
        HubProcess.Succeeded(asked);
        Assert.Contains("nothing is published yet", asked.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("enforced:", asked.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(TargetNames.BlocklistEnforcement, Targets());

        // Another machine: one key, and the root that its holder knows.
        var machine = Directory.CreateDirectory(Path.Combine(hub.Folder, "enforce-machine")).FullName;
        foreach (var file in new[] { "root.json", "blocklists-1.key" })
        {
            File.Copy(Path.Combine(hub.Offline, file), Path.Combine(machine, file));
        }

        string[] sign = ["--key", Path.Combine(machine, "blocklists-1.key"), "--yes", "--passphrase-file", hub.Passphrase];
        var signed = await HubProcess.RunAsync(["keys", "sign", request, .. sign]);
        HubProcess.Succeeded(signed);
        Assert.Contains("edgesensors-hub blocklist enforce worm=drop,ingress", signed.Output, StringComparison.Ordinal);
        Assert.Contains("\"isp-a/*\"", signed.Output, StringComparison.Ordinal);
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "apply", request, "--dir", hub.Hub));
        Assert.True(BlocklistEnforcement.TryParse(Target(TargetNames.BlocklistEnforcement), out var document, out var error), error?.ToString());
        Assert.Equal(new EnforcedCategory(DocumentId.Parse("worm"), MitigationStep.Drop, SlpfDirection.Ingress), Assert.Single(document.Categories));

        // And taken back the same way.
        File.Delete(request);
        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "enforce", "--off", "--dir", hub.Hub, "--request", request));
        Assert.Contains("  - blocklists/enforce.json", (await HubProcess.RunAsync(["keys", "sign", request, .. sign])).Output, StringComparison.Ordinal);
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "apply", request, "--dir", hub.Hub));
        Assert.DoesNotContain(TargetNames.BlocklistEnforcement, Targets());
    }

    private async Task ImportAsync(string source, string text, string category = "exploit")
    {
        var file = Path.Combine(hub.Folder, $"{source}.txt");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        HubProcess.Succeeded(await HubProcess.RunAsync("blocklist", "import", file, "--source", source, "--dir", hub.Hub, "--category", category));
    }

    private async Task PublishAsync(params string[] rest) =>
        HubProcess.Succeeded(await HubProcess.RunAsync(["blocklist", "publish", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase, .. rest]));

    private IReadOnlyCollection<string> Targets()
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out _));
        Assert.True(repository.ListTargets().TryGet(out var names, out var error), error?.ToString());
        return [.. names];
    }

    private byte[] Target(string name)
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out _));
        Assert.True(repository.ReadTarget(name).TryGet(out var bytes, out var error), error?.ToString());
        return bytes;
    }
}
