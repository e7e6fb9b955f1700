using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.6.1 to §5.6.6.</summary>
public sealed class TargetsUpdateTests : ClientTest
{
    private const string Targets = TopLevelRole.Targets;

    [Fact]
    public async Task A_first_update_fetches_each_role_once_in_the_workflows_order()
    {
        await Accepted();

        Assert.Equal(["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"], Repository.Requests);
    }

    [Fact]
    public async Task Only_what_changed_is_fetched()
    {
        await Accepted();
        Repository.Requests.Clear();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Accepted();

        Assert.Equal(["2.root.json", "timestamp.json", "2.snapshot.json"], Repository.Requests);
    }

    [Fact]
    public async Task The_bytes_are_stored_as_they_came()
    {
        Repository.MetadataFiles["timestamp.json"] = [.. Repository.MetadataFiles["timestamp.json"], (byte)' ', (byte)'\n'];

        await Accepted();

        Assert.Equal(Repository.MetadataFiles["timestamp.json"], Store.Files["timestamp"]);
    }

    [Fact]
    public async Task Arbitrary_software_targets_signed_with_the_wrong_key_are_refused()
    {
        await Accepted();
        Repository.Signers[Targets] = [Repository.NewKey()];
        Repository.PublishAll();

        await Refused(TufErrorKind.ThresholdUnmet, Targets, "5.6.3");

        Assert.Equal((2, 1), (Store.Version(TopLevelRole.Snapshot), Store.Version(Targets)));
    }

    [Fact]
    public async Task Mix_and_match_targets_of_another_version_than_the_snapshot_names_are_refused()
    {
        Repository.UseHashes = false;
        Repository.PublishAll();
        Repository.MetadataFiles["2.targets.json"] = Repository.MetadataFiles["1.targets.json"];

        await Refused(TufErrorKind.WrongVersion, Targets, "5.6.4");
    }

    [Fact]
    public async Task Targets_whose_hash_differs_from_the_snapshots_are_refused()
    {
        Repository.MetadataFiles["1.targets.json"][^2] ^= 1;

        await Refused(TufErrorKind.HashMismatch, Targets, "5.6.2");
    }

    [Fact]
    public async Task Targets_longer_than_the_snapshot_says_are_cut_off()
    {
        Repository.MetadataFiles["1.targets.json"] = [.. Repository.MetadataFiles["1.targets.json"], (byte)' '];

        await Refused(TufErrorKind.TooLarge, Targets, "5.6.1");
    }

    [Fact]
    public async Task Expired_targets_are_refused_and_not_stored()
    {
        await Accepted();
        Repository.Roles[Targets] = Repository.Roles[Targets] with { Expires = Repository.Past };
        Repository.PublishAll();

        await Refused(TufErrorKind.Expired, Targets, "5.6.5");

        Assert.Equal(1, Store.Version(Targets));
    }

    [Fact]
    public async Task A_snapshot_that_lists_no_targets_is_refused()
    {
        Repository.Snapshot = Repository.Snapshot with { Meta = new Dictionary<string, MetaFile>() };
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.NotInSnapshot, Targets, "5.6.1");
    }

    [Fact]
    public async Task A_member_added_after_signing_breaks_the_signature()
    {
        var name = "1.targets.json";
        var text = System.Text.Encoding.UTF8.GetString(Repository.MetadataFiles[name]);
        Repository.UseHashes = false;
        Repository.StageTargets();
        Repository.StageSnapshot();
        Repository.StageTimestamp();
        Repository.MetadataFiles[name] = System.Text.Encoding.UTF8.GetBytes(
            text.Replace("\"spec_version\"", "\"added\":{\"by\":1},\"spec_version\"", StringComparison.Ordinal));

        await Refused(TufErrorKind.ThresholdUnmet, Targets, "5.6.3");
    }

    [Fact]
    public async Task A_broken_stored_file_is_fetched_again()
    {
        await Accepted();
        Store.Files[Targets] = "{"u8.ToArray();
        Store.Files[TopLevelRole.Snapshot] = [];
        Repository.Requests.Clear();

        await Accepted();

        Assert.Equal(["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"], Repository.Requests);
    }

    [Fact]
    public async Task What_is_stored_serves_without_the_repository_until_it_expires()
    {
        Repository.AddTarget("a", [1]);
        Repository.PublishAll();
        var targets = new MemoryStore();
        var client = Repository.Client(Store, targets: targets);
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var online, out _));
        Assert.True((await online.FetchTargetAsync("a", Token)).IsSuccess);
        Repository.Requests.Clear();

        Assert.True((await client.LoadStoredAsync(Token)).TryGet(out var stored, out var error), error?.ToString());
        Assert.True((await stored.FetchTargetAsync("a", Token)).IsSuccess);
        Assert.Empty(Repository.Requests);

        Repository.Time.Advance(TimeSpan.FromDays(31));
        Assert.False((await client.LoadStoredAsync(Token)).TryGet(out _, out error));
        Assert.Equal(TufErrorKind.Expired, error.Kind);
        Assert.False((await stored.FetchTargetAsync("a", Token)).TryGet(out _, out error));
        Assert.Equal(TufErrorKind.Expired, error.Kind);
    }
}
