using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.5.</summary>
public sealed class SnapshotUpdateTests : ClientTest
{
    private const string Snapshot = TopLevelRole.Snapshot;

    [Fact]
    public async Task Arbitrary_software_a_snapshot_signed_with_the_wrong_key_is_refused()
    {
        await Accepted();
        Repository.Signers[Snapshot] = [Repository.NewKey()];
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.ThresholdUnmet, Snapshot, "5.5.3");

        Assert.Equal((2, 1), (Store.Version(TopLevelRole.Timestamp), Store.Version(Snapshot)));
    }

    [Fact]
    public async Task Threshold_unmet_two_of_the_three_that_must_sign_are_not_enough()
    {
        var first = Repository.Signers[Snapshot][0];
        var second = Repository.NewKey();
        Repository.SetKeys(Snapshot, 3, first, second, Repository.NewKey());
        Repository.Signers[Snapshot] = [first, second];
        Repository.PublishRoot();
        Repository.PublishAll();

        var error = await Refused(TufErrorKind.ThresholdUnmet, Snapshot, "5.5.3");

        Assert.Contains("has 2 good signatures", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duplicate_signatures_by_one_key_under_two_ids_count_once()
    {
        // The same Ed25519 key, once more with an extra member and so with another, true, key id.
        var key = Repository.Signers[Snapshot][0];
        var canonical = $$"""{"keytype":"ed25519","keyval":{"public":"{{PublicHex(key)}}"},"scheme":"ed25519","x":1}""";
        using var json = System.Text.Json.JsonDocument.Parse(canonical);
        var alias = Trust.Keys.TufKey.Read(new Trust.Json.ObjectReader(json.RootElement, "", new Trust.Json.FaultLog()), json.RootElement)!;
        Assert.NotEqual(key.Id, alias.Id);
        Repository.SetKeys(Snapshot, 2, key);
        Repository.Root = Repository.Root with
        {
            Keys = new Dictionary<string, Trust.Keys.TufKey>(Repository.Root.Keys, StringComparer.Ordinal) { [alias.Id] = alias },
            Roles = new Dictionary<string, RoleKeys>(Repository.Root.Roles, StringComparer.Ordinal) { [Snapshot] = new([key.Id, alias.Id], 2) },
        };
        Repository.PublishRoot();
        Repository.UseHashes = false;
        Repository.PublishAll();
        var name = SimulatedRepository.Name(Repository.Snapshot.Version, Snapshot);
        var text = System.Text.Encoding.UTF8.GetString(Repository.MetadataFiles[name]);
        var signature = text[text.IndexOf('{', 1)..(text.IndexOf('}', 2) + 1)];
        Repository.MetadataFiles[name] = System.Text.Encoding.UTF8.GetBytes(text.Replace(
            signature, $"{signature},{signature.Replace(key.Id, alias.Id, StringComparison.Ordinal)}", StringComparison.Ordinal));

        var error = await Refused(TufErrorKind.ThresholdUnmet, Snapshot, "5.5.3");

        Assert.Contains("has 1 good signatures", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mix_and_match_a_snapshot_of_another_version_than_the_timestamp_names_is_refused()
    {
        Repository.UseHashes = false;
        Repository.PublishAll();
        Repository.MetadataFiles["2.snapshot.json"] = Repository.MetadataFiles["1.snapshot.json"];

        await Refused(TufErrorKind.WrongVersion, Snapshot, "5.5.4");

        Assert.Equal(0, Store.Version(Snapshot));
    }

    [Fact]
    public async Task A_snapshot_whose_hash_differs_from_the_timestamps_is_refused()
    {
        Repository.MetadataFiles["1.snapshot.json"][^2] ^= 1;

        await Refused(TufErrorKind.HashMismatch, Snapshot, "5.5.2");
    }

    [Fact]
    public async Task A_snapshot_longer_than_the_timestamp_says_is_cut_off()
    {
        Repository.MetadataFiles["1.snapshot.json"] = [.. Repository.MetadataFiles["1.snapshot.json"], (byte)' '];

        await Refused(TufErrorKind.TooLarge, Snapshot, "5.5.1");
    }

    [Fact]
    public async Task A_snapshot_that_takes_a_role_back_to_an_older_version_is_refused()
    {
        Repository.PublishAll();
        await Accepted();
        Repository.Roles[TopLevelRole.Targets] = Repository.Roles[TopLevelRole.Targets] with { Version = 1 };
        Repository.StageTargets();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Rollback, Snapshot, "5.5.5");

        Assert.Equal(2, Store.Version(Snapshot));
    }

    [Fact]
    public async Task A_snapshot_that_has_lost_a_role_is_refused()
    {
        Repository.Delegate("targets", "delegated", "a/*");
        Repository.PublishTargets("delegated");
        Repository.PublishAll();
        await Accepted();
        Repository.Snapshot = Repository.Snapshot with
        {
            Meta = Repository.Snapshot.Meta.Where(meta => meta.Key != "delegated.json").ToDictionary(StringComparer.Ordinal),
        };
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Rollback, Snapshot, "5.5.5");
    }

    [Fact]
    public async Task An_expired_snapshot_is_refused_and_not_stored()
    {
        await Accepted();
        Repository.Snapshot = Repository.Snapshot with { Expires = Repository.Past };
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Expired, Snapshot, "5.5.6");

        Assert.Equal(1, Store.Version(Snapshot));
    }

    [Fact]
    public async Task A_snapshot_that_is_not_there_is_an_error_and_the_timestamp_stays()
    {
        await Accepted();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        Repository.MetadataFiles.Remove("2.snapshot.json");

        await Refused(TufErrorKind.NotFound, Snapshot, "5.5.1");

        Assert.Equal(2, Store.Version(TopLevelRole.Timestamp));
    }

    [Fact]
    public async Task Fast_forward_recovery_rotated_snapshot_keys_allow_lower_versions_and_lost_roles()
    {
        Repository.Delegate("targets", "delegated", "a/*");
        Repository.PublishTargets("delegated");
        Repository.Roles[TopLevelRole.Targets] = Repository.Roles[TopLevelRole.Targets] with { Version = long.MaxValue - 1 };
        Repository.PublishAll();
        await Accepted();

        Repository.SetKeys(Snapshot, 1, Repository.NewKey());
        Repository.PublishRoot();
        Repository.Snapshot = Repository.Snapshot with { Meta = new Dictionary<string, MetaFile>() };
        Repository.Roles[TopLevelRole.Targets] = Repository.Roles[TopLevelRole.Targets] with { Version = 1, Delegations = null };
        Repository.StageTargets();
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        Assert.Equal(1, (await Accepted()).TargetsVersion);
    }

    [Fact]
    public async Task A_current_snapshot_is_not_fetched_again_and_expires_all_the_same()
    {
        Repository.Snapshot = Repository.Snapshot with { Expires = Repository.Time.GetUtcNow().AddDays(5) };
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await Accepted();
        Repository.Requests.Clear();

        await Accepted();
        Assert.Equal(["2.root.json", "timestamp.json"], Repository.Requests);

        Repository.Time.Advance(TimeSpan.FromDays(6));
        await Refused(TufErrorKind.Expired, Snapshot, "5.5.6");
    }

    private static string PublicHex(Trust.Keys.SigningKey key) => key.PublicKey.Material.Split(':')[1];
}
