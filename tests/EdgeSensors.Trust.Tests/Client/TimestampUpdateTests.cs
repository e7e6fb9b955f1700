using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.4.</summary>
public sealed class TimestampUpdateTests : ClientTest
{
    private const string Timestamp = TopLevelRole.Timestamp;

    [Fact]
    public async Task Arbitrary_software_a_timestamp_signed_with_the_wrong_key_is_refused()
    {
        await Accepted();
        Repository.Signers[Timestamp] = [Repository.NewKey()];
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.ThresholdUnmet, Timestamp, "5.4.2");

        Assert.Equal(1, Store.Version(Timestamp));
    }

    [Fact]
    public async Task Metadata_of_another_role_under_the_timestamps_name_is_refused()
    {
        // Signed by the timestamp's key all the same: only the type tells.
        Repository.MetadataFiles["timestamp.json"] = Repository.Sign(Timestamp, Repository.Snapshot with { Version = 9 });

        await Refused(TufErrorKind.WrongType, Timestamp, "5.4.2");
    }

    [Fact]
    public async Task A_rolled_back_timestamp_is_refused()
    {
        Repository.PublishTimestamp();
        await Accepted();
        Repository.Timestamp = Repository.Timestamp with { Version = 1 };
        Repository.StageTimestamp();

        await Refused(TufErrorKind.Rollback, Timestamp, "5.4.3.1");

        Assert.Equal(2, Store.Version(Timestamp));
    }

    [Fact]
    public async Task A_timestamp_that_names_an_older_snapshot_is_refused()
    {
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();
        await Accepted();
        Repository.Snapshot = Repository.Snapshot with { Version = 1 };
        Repository.StageSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Rollback, Timestamp, "5.4.3.2");
    }

    [Fact]
    public async Task A_timestamp_of_the_same_version_and_other_content_changes_nothing()
    {
        await Accepted();
        var before = Store.Files[Timestamp];
        Repository.Timestamp = Repository.Timestamp with { Snapshot = new MetaFile(100, FileHashes.Unknown) };
        Repository.StageTimestamp();

        Assert.Equal(1, (await Accepted()).SnapshotVersion);

        Assert.Same(before, Store.Files[Timestamp]);
    }

    [Fact]
    public async Task Freeze_a_timestamp_that_stays_the_same_until_it_expires_is_refused()
    {
        await Accepted();
        Repository.Time.Advance(TimeSpan.FromDays(31));
        Repository.Root = Repository.Root with { Expires = Repository.Later };
        Repository.PublishRoot();

        await Refused(TufErrorKind.Expired, Timestamp, "5.4.4");
    }

    [Fact]
    public async Task An_expired_timestamp_is_refused_and_not_stored()
    {
        await Accepted();
        Repository.Timestamp = Repository.Timestamp with { Expires = Repository.Past };
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Expired, Timestamp, "5.4.4");

        Assert.Equal(1, Store.Version(Timestamp));
    }

    [Fact]
    public async Task A_stored_timestamp_that_expired_still_guards_against_rollback_and_gives_way_to_a_newer_one()
    {
        Repository.PublishTimestamp();
        await Accepted();
        Repository.Time.Advance(TimeSpan.FromDays(31));
        Repository.Root = Repository.Root with { Expires = Repository.Later };
        Repository.PublishRoot();
        Repository.Roles[TopLevelRole.Targets] = Repository.Roles[TopLevelRole.Targets] with { Expires = Repository.Later };
        Repository.Snapshot = Repository.Snapshot with { Expires = Repository.Later };
        Repository.Timestamp = Repository.Timestamp with { Version = 1, Expires = Repository.Later };
        Repository.StageTimestamp();
        await Refused(TufErrorKind.Rollback, Timestamp, "5.4.3.1");

        Repository.Timestamp = Repository.Timestamp with { Version = 2 };
        Repository.PublishAll();

        Assert.Equal(3, (await Accepted()).TimestampVersion);
    }

    [Fact]
    public async Task Endless_data_in_the_timestamps_place_is_cut_off()
    {
        Repository.MetadataFiles["timestamp.json"] = new byte[TufLimits.Default.MaxTimestampBytes + 1];

        await Refused(TufErrorKind.TooLarge, Timestamp, "5.4.1");
    }

    [Fact]
    public async Task Two_signatures_under_one_key_id_are_refused()
    {
        var text = System.Text.Encoding.UTF8.GetString(Repository.MetadataFiles["timestamp.json"]);
        var start = text.IndexOf('{', 1);
        var signature = text[start..(text.IndexOf('}', start) + 1)];
        Repository.MetadataFiles["timestamp.json"] = System.Text.Encoding.UTF8.GetBytes(text.Replace(signature, $"{signature},{signature}", StringComparison.Ordinal));

        await Refused(TufErrorKind.DuplicateSignature, Timestamp, "5.4.2");
    }

    [Fact]
    public async Task One_bad_signature_beside_a_threshold_of_good_ones_does_no_harm()
    {
        var text = System.Text.Encoding.UTF8.GetString(Repository.MetadataFiles["timestamp.json"]);
        Repository.MetadataFiles["timestamp.json"] = System.Text.Encoding.UTF8.GetBytes(
            text.Replace("[{\"keyid\"", "[{\"keyid\":\"00\",\"sig\":\"no hex\"},{\"keyid\"", StringComparison.Ordinal));

        await Accepted();
    }

    [Fact]
    public async Task Fast_forward_recovery_rotated_timestamp_keys_allow_a_lower_version()
    {
        Repository.Timestamp = Repository.Timestamp with { Version = long.MaxValue - 1 };
        Repository.PublishTimestamp();
        Assert.Equal(long.MaxValue, (await Accepted()).TimestampVersion);

        Repository.SetKeys(Timestamp, 1, Repository.NewKey());
        Repository.PublishRoot();
        Repository.Timestamp = Repository.Timestamp with { Version = 1 };
        Repository.StageTimestamp();

        Assert.Equal(1, (await Accepted()).TimestampVersion);
    }
}
