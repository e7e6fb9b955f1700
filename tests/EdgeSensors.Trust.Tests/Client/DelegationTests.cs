using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.6.7 and the path patterns of §4.5.</summary>
public sealed class DelegationTests : ClientTest
{
    [Fact]
    public async Task A_delegated_role_speaks_of_its_paths()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.AddTarget("control/rules.json", [1, 2], "control");
        Publish("control");

        var repository = await Accepted();

        Assert.True((await repository.FetchTargetAsync("control/rules.json", Token)).TryGet(out var target, out var error), error?.ToString());
        Assert.Equal("control", target.Role);
        Assert.Equal(1, Store.Version("control"));
    }

    [Fact]
    public async Task A_target_that_a_role_lists_outside_its_paths_is_not_found()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.AddTarget("mitigations/national-soc/grant.json", [1], "control");
        Publish("control");

        Assert.Equal(TufErrorKind.TargetNotFound, (await NotFetched("mitigations/national-soc/grant.json")).Kind);
        Assert.DoesNotContain(Repository.Requests, request => request.EndsWith("control.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_below_cannot_reach_beyond_what_its_delegator_was_given()
    {
        Repository.Delegate("targets", "a", "a/*");
        Repository.Delegate("a", "b", "*/*");
        Repository.AddTarget("c/x", [1], "b");
        Publish("a", "b");

        Assert.Equal(TufErrorKind.TargetNotFound, (await NotFetched("c/x")).Kind);
    }

    [Fact]
    public async Task A_delegated_role_signed_with_the_wrong_key_is_refused_and_not_stored()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.AddTarget("control/rules.json", [1], "control");
        Repository.Signers["control"] = [Repository.NewKey()];
        Publish("control");

        var error = await NotFetched("control/rules.json");

        Assert.Equal((TufErrorKind.ThresholdUnmet, "control", "5.6.3"), (error.Kind, error.Role, error.Step));
        Assert.Equal(0, Store.Version("control"));
    }

    [Fact]
    public async Task An_expired_delegated_role_is_refused()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.AddTarget("control/rules.json", [1], "control");
        Repository.Roles["control"] = Repository.Roles["control"] with { Expires = Repository.Past };
        Publish("control");

        var error = await NotFetched("control/rules.json");

        Assert.Equal((TufErrorKind.Expired, "control", "5.6.5"), (error.Kind, error.Role, error.Step));
    }

    [Fact]
    public async Task A_rolled_back_delegated_role_is_refused_by_the_snapshot()
    {
        Repository.Delegate("targets", "control", "control/*");
        Publish("control");
        Publish("control");
        await Accepted();
        Repository.Roles["control"] = Repository.Roles["control"] with { Version = 1 };
        Repository.StageTargets("control");
        Repository.PublishSnapshot();
        Repository.PublishTimestamp();

        await Refused(TufErrorKind.Rollback, "snapshot", "5.5.5");
    }

    [Fact]
    public async Task A_delegated_role_that_the_snapshot_does_not_list_is_refused_unfetched()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.PublishAll();

        var error = await NotFetched("control/rules.json");

        Assert.Equal((TufErrorKind.NotInSnapshot, "control"), (error.Kind, error.Role));
        Assert.DoesNotContain(Repository.Requests, request => request.EndsWith("control.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_search_goes_depth_first_in_the_order_of_the_delegations()
    {
        Repository.Delegate("targets", "a", "*");
        Repository.Delegate("targets", "b", "*");
        Repository.Delegate("a", "c", "*");
        Repository.Delegate("a", "d", "*");
        Publish("a", "b", "c", "d");

        Assert.Equal(TufErrorKind.TargetNotFound, (await NotFetched("x")).Kind);
        Assert.Equal(["1.a.json", "1.c.json", "1.d.json", "1.b.json"], Repository.Requests[^4..]);
    }

    [Fact]
    public async Task A_terminating_delegation_ends_the_search_beyond_its_subtree()
    {
        Repository.Delegate("targets", "a", "*");
        Repository.Delegate("targets", "b", "*");
        Repository.Delegate("a", "c", "*", terminating: true);
        Repository.Delegate("a", "d", "*");
        Repository.AddTarget("x", [1], "b");
        Publish("a", "b", "c", "d");

        Assert.Equal(TufErrorKind.TargetNotFound, (await NotFetched("x")).Kind);
        Assert.Equal(["1.a.json", "1.c.json"], Repository.Requests[^2..]);
    }

    [Fact]
    public async Task A_circle_of_delegations_ends()
    {
        Repository.Delegate("targets", "a", "*");
        Repository.Delegate("a", "b", "*");
        Repository.Delegate("b", "a", "*");
        Publish("a", "b");

        Assert.Equal(TufErrorKind.TargetNotFound, (await NotFetched("x")).Kind);
    }

    [Fact]
    public async Task A_chain_of_delegations_without_end_is_cut_off()
    {
        var delegator = "targets";
        for (var i = 0; i < TufLimits.Default.MaxDelegations + 2; i++)
        {
            Repository.Delegate(delegator, $"role{i}", "*");
            delegator = $"role{i}";
        }

        Publish([.. Repository.Roles.Keys.Where(role => role != "targets")]);

        Assert.Equal(TufErrorKind.TooManyDelegations, (await NotFetched("x")).Kind);
    }

    [Fact]
    public async Task A_role_that_one_delegator_vouched_for_is_verified_again_for_another()
    {
        Repository.Delegate("targets", "parent-a", "a/*");
        Repository.Delegate("targets", "parent-b", "b/*");
        Repository.Delegate("parent-a", "shared", "a/*");
        var keyOfB = Repository.Delegate("parent-b", "shared", "b/*");
        Repository.Signers["shared"].Remove(keyOfB);
        Repository.AddTarget("a/x", [1], "shared");
        Repository.AddTarget("b/x", [2], "shared");
        Publish("parent-a", "parent-b", "shared");
        var repository = await Accepted();

        Assert.True((await repository.FetchTargetAsync("a/x", Token)).IsSuccess);
        Assert.False((await repository.FetchTargetAsync("b/x", Token)).TryGet(out _, out var error));

        Assert.Equal((TufErrorKind.ThresholdUnmet, "shared"), (error.Kind, error.Role));
    }

    [Theory]
    [InlineData("../role")]
    [InlineData("/role")]
    [InlineData("?#%2F")]
    [InlineData("..")]
    public async Task An_unusual_role_name_stays_inside_the_store(string role)
    {
        using var folder = new TemporaryFolder();
        Repository.Delegate("targets", role, "*");
        Repository.AddTarget("x", [1], role);
        Publish(role);
        var client = Repository.Client(new DirectoryMetadataStore(folder["store"]));
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out _));

        Assert.True((await repository.FetchTargetAsync("x", Token)).TryGet(out _, out var error), error?.ToString());

        Assert.Equal(5, Directory.GetFiles(folder["store"]).Length);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_delegated_role_may_not_take_a_top_level_name()
    {
        Repository.Delegate("targets", "snapshot", "*");
        Repository.PublishAll();

        await Refused(TufErrorKind.Malformed, "targets", "5.6.3");
    }

    [Theory]
    [InlineData("*", "a", true)]
    [InlineData("*", "a/b", false)]
    [InlineData("*/*", "a/b", true)]
    [InlineData("*/*", "a/b/c", false)]
    [InlineData("foo-?.tgz", "foo-1.tgz", true)]
    [InlineData("foo-?.tgz", "foo-12.tgz", false)]
    [InlineData("a?b", "a/b", false)]
    [InlineData("*.md", "README.MD", false)]
    [InlineData("a/*b*c", "a/xbybzc", true)]
    [InlineData("a/*b*c", "a/xb/c", false)]
    [InlineData("", "", true)]
    [InlineData("a", "", false)]
    public void A_path_pattern_is_a_shell_pattern_that_stops_at_separators(string pattern, string path, bool matches) =>
        Assert.Equal(matches, PathPattern.Matches(pattern, path));

    [Fact]
    public void Delegation_by_hash_prefix_covers_the_paths_with_that_hash()
    {
        Repository.Delegate("targets", "bin", "unused");
        Repository.AddTarget("x", [1], "bin");
        var delegations = Repository.Roles["targets"].Delegations!;
        Repository.Roles["targets"] = Repository.Roles["targets"] with
        {
            Delegations = delegations with { Roles = [delegations.Roles[0] with { Paths = null, PathHashPrefixes = [PathPattern.HashOf("x")[..3]] }] },
        };

        Assert.True(Repository.Roles["targets"].Delegations!.Roles[0].Covers("x"));
        Assert.False(Repository.Roles["targets"].Delegations!.Roles[0].Covers("y"));
    }

    private void Publish(params string[] roles)
    {
        foreach (var role in roles)
        {
            Repository.PublishTargets(role);
        }

        Repository.PublishAll();
    }

    private async Task<TufError> NotFetched(string name)
    {
        var repository = await Accepted();
        Assert.False((await repository.FetchTargetAsync(name, Token)).TryGet(out _, out var error), "The attack was not noticed.");
        return error;
    }
}
