using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.2 and §5.3.</summary>
public sealed class RootUpdateTests : ClientTest
{
    private const string Root = TopLevelRole.Root;

    [Fact]
    public async Task A_client_without_a_root_asks_the_repository_for_nothing()
    {
        var client = new TufClient(Repository, Store, Repository.Time, TufLimits.Default);

        Assert.False((await client.RefreshAsync(Token)).TryGet(out _, out var error));

        Assert.Equal((TufErrorKind.NoTrustedRoot, "5.2"), (error.Kind, error.Step));
        Assert.Empty(Repository.Requests);
    }

    [Fact]
    public void A_first_root_that_its_own_keys_did_not_sign_is_refused()
    {
        Repository.Signers[Root] = [Repository.NewKey()];
        Repository.PublishRoot();

        var error = new TufClient(Repository, Store, Repository.Time, TufLimits.Default).Initialize(Repository.MetadataFiles["2.root.json"]);

        Assert.Equal((TufErrorKind.ThresholdUnmet, "5.2"), (error?.Kind, error?.Step));
        Assert.Empty(Store.Files);
    }

    [Fact]
    public async Task A_stored_root_that_the_disk_damaged_is_no_anchor_of_trust()
    {
        await Accepted();
        Store.Files[Root][200] ^= 1;
        Repository.Requests.Clear();

        await Refused(TufErrorKind.NoTrustedRoot, Root, "5.2");

        Assert.Empty(Repository.Requests);
    }

    [Fact]
    public async Task A_chain_of_rotated_root_keys_is_followed_link_by_link()
    {
        await Accepted();
        for (var i = 0; i < 5; i++)
        {
            Rotate([Repository.NewKey()], 1);
        }

        Assert.Equal(6, (await Accepted()).RootVersion);
        Assert.Equal(6, Store.Version(Root));
    }

    [Fact]
    public async Task A_new_root_that_the_old_keys_did_not_sign_is_refused()
    {
        await Accepted();
        Repository.SetKeys(Root, 1, Repository.NewKey());
        Repository.PublishRoot();

        await Refused(TufErrorKind.ThresholdUnmet, Root, "5.3.4");

        Assert.Equal(1, Store.Version(Root));
    }

    [Fact]
    public async Task A_new_root_that_its_own_keys_did_not_sign_is_refused()
    {
        await Accepted();
        var old = Repository.Signers[Root];
        Repository.SetKeys(Root, 1, Repository.NewKey());
        Repository.Signers[Root] = old;
        Repository.PublishRoot();

        await Refused(TufErrorKind.ThresholdUnmet, Root, "5.3.4");

        Assert.Equal(1, Store.Version(Root));
    }

    [Fact]
    public async Task An_intermediate_root_below_its_threshold_breaks_the_chain_there()
    {
        await Accepted();
        SigningKey[] three = [Repository.NewKey(), Repository.NewKey(), Repository.NewKey()];
        Rotate(three, 2); // version 2, well signed
        Repository.Signers[Root] = [three[0]];
        Repository.PublishRoot(); // version 3: one of the two that must sign
        Repository.Signers[Root] = [.. three];
        Repository.PublishRoot(); // version 4 would be well signed again

        await Refused(TufErrorKind.ThresholdUnmet, Root, "5.3.4");

        Assert.Equal(2, Store.Version(Root));
    }

    [Fact]
    public async Task A_raised_threshold_binds_the_root_that_raises_it()
    {
        await Accepted();
        var key = Repository.Signers[Root][0];
        Repository.SetKeys(Root, 2, key, Repository.NewKey());
        Repository.Signers[Root] = [key];
        Repository.PublishRoot();

        await Refused(TufErrorKind.ThresholdUnmet, Root, "5.3.4");
    }

    [Fact]
    public async Task A_root_of_the_same_version_under_the_next_number_is_a_rollback()
    {
        await Accepted();
        Repository.MetadataFiles["2.root.json"] = Repository.MetadataFiles["1.root.json"];

        await Refused(TufErrorKind.Rollback, Root, "5.3.5");

        Assert.Equal(1, Store.Version(Root));
    }

    [Fact]
    public async Task A_root_that_skips_a_version_is_refused()
    {
        await Accepted();
        Repository.PublishRoot();
        Repository.PublishRoot();
        Repository.MetadataFiles["2.root.json"] = Repository.MetadataFiles["3.root.json"];

        await Refused(TufErrorKind.WrongVersion, Root, "5.3.5");
    }

    [Fact]
    public async Task An_expired_root_freezes_the_update_and_is_stored_all_the_same()
    {
        await Accepted();
        Repository.Root = Repository.Root with { Expires = Repository.Past };
        Repository.PublishRoot();
        Repository.PublishAll();

        await Refused(TufErrorKind.Expired, Root, "5.3.10");

        Assert.Equal(2, Store.Version(Root));
        Assert.Equal(1, Store.Version(TopLevelRole.Timestamp));
    }

    [Fact]
    public async Task An_expired_root_in_the_middle_of_the_chain_does_not_matter()
    {
        await Accepted();
        var expires = Repository.Root.Expires;
        Repository.Root = Repository.Root with { Expires = Repository.Past };
        Repository.PublishRoot();
        Repository.Root = Repository.Root with { Expires = expires };
        Repository.PublishRoot();

        Assert.Equal(3, (await Accepted()).RootVersion);
    }

    [Fact]
    public async Task A_failure_that_is_not_an_absence_cannot_hide_a_new_root()
    {
        await Accepted();
        Repository.MetadataFiles["2.root.json"] = new byte[TufLimits.Default.MaxRootBytes + 1];

        await Refused(TufErrorKind.TooLarge, Root, "5.3.3");
    }

    [Fact]
    public async Task Roots_without_end_are_cut_off()
    {
        for (var i = 0; i < 5; i++)
        {
            Repository.PublishRoot();
        }

        await Refused(TufErrorKind.TooLarge, Root, "5.3.2", new TufLimits { MaxRootRotations = 3 });
    }

    [Fact]
    public async Task A_key_listed_under_an_id_that_is_not_its_own_is_refused()
    {
        await Accepted();
        var stranger = Repository.NewKey();
        var listed = Repository.Root.Roles[TopLevelRole.Targets].KeyIds[0];
        Repository.Root = Repository.Root with
        {
            Keys = new Dictionary<string, TufKey>(Repository.Root.Keys, StringComparer.Ordinal) { [listed] = stranger.PublicKey },
        };
        Repository.PublishRoot();

        await Refused(TufErrorKind.KeyIdMismatch, Root, "5.3.4");
    }

    private void Rotate(SigningKey[] next, int threshold)
    {
        var old = Repository.Signers[Root].ToArray();
        Repository.SetKeys(Root, threshold, next);
        Repository.Signers[Root] = [.. old, .. next];
        Repository.PublishRoot();
        Repository.Signers[Root] = [.. next];
    }
}
