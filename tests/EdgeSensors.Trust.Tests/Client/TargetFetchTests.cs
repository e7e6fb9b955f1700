using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Specification §5.7.</summary>
public sealed class TargetFetchTests : ClientTest
{
    private static readonly byte[] Content = "the target"u8.ToArray();

    [Fact]
    public async Task A_target_is_fetched_under_its_hash_and_verified()
    {
        Publish("dir/a.json");

        var target = await Fetched("dir/a.json");

        Assert.Equal(Content, target.Bytes.ToArray());
        Assert.Equal("targets", target.Role);
        Assert.Equal($"dir/{target.Sha256}.a.json", Repository.Requests[^1]);
    }

    [Fact]
    public async Task Arbitrary_software_a_target_with_another_hash_is_refused_and_not_kept()
    {
        Publish("a");
        var key = Assert.Single(Repository.TargetFiles.Keys);
        Repository.TargetFiles[key] = "the tamper"u8.ToArray();
        var kept = new MemoryStore();

        await RefusedTarget("a", TufErrorKind.HashMismatch, "5.7.3", kept);

        Assert.Empty(kept.Files);
    }

    [Fact]
    public async Task Endless_data_behind_a_target_is_cut_off_at_its_signed_length()
    {
        Publish("a");
        var key = Assert.Single(Repository.TargetFiles.Keys);
        Repository.TargetFiles[key] = [.. Content, 0];

        await RefusedTarget("a", TufErrorKind.TooLarge, "5.7.3");
    }

    [Fact]
    public async Task A_target_larger_than_the_bound_is_not_even_asked_for()
    {
        Publish("a");
        var requests = Repository.Requests.Count;
        var client = Repository.Client(Store, new TufLimits { MaxTargetBytes = Content.Length - 1 });
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out _));

        Assert.False((await repository.FetchTargetAsync("a", Token)).TryGet(out _, out var error));

        Assert.Equal(TufErrorKind.TooLarge, error.Kind);
        Assert.DoesNotContain(Repository.Requests.Skip(requests), request => request.EndsWith(".a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_target_that_is_kept_with_the_right_hash_is_not_fetched_again()
    {
        Publish("a");
        var kept = new MemoryStore();
        await Fetched("a", kept);
        Repository.TargetFiles.Clear();

        Assert.Equal(Content, (await Fetched("a", kept)).Bytes.ToArray());
    }

    [Fact]
    public async Task A_kept_target_that_has_changed_is_fetched_again()
    {
        Publish("a");
        var kept = new MemoryStore { Files = { ["a"] = "the tamper"u8.ToArray() } };

        Assert.Equal(Content, (await Fetched("a", kept)).Bytes.ToArray());
        Assert.Equal(Content, kept.Files["a"]);
    }

    [Fact]
    public async Task A_target_with_hashes_of_unknown_kinds_only_is_refused()
    {
        Repository.Roles["targets"] = Repository.Roles["targets"] with
        {
            Files = new Dictionary<string, FileHashes> { ["a"] = new(1, new Dictionary<string, string> { ["md5"] = "00" }) },
        };
        Repository.PublishAll();

        await RefusedTarget("a", TufErrorKind.HashMismatch, "5.7.2");
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a\nb")]
    public async Task A_name_that_could_leave_its_folder_is_refused(string name) =>
        await RefusedTarget(name, TufErrorKind.UnsafeName, "5.7.1");

    [Fact]
    public async Task A_target_that_nobody_lists_is_not_found() => await RefusedTarget("nothing", TufErrorKind.TargetNotFound, "5.6.7");

    private void Publish(string name)
    {
        Repository.AddTarget(name, Content);
        Repository.PublishAll();
    }

    private async Task<VerifiedTarget> Fetched(string name, ITargetStore? kept = null)
    {
        Assert.True((await Repository.Client(Store, targets: kept).RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.True((await repository.FetchTargetAsync(name, Token)).TryGet(out var target, out error), error?.ToString());
        return target;
    }

    private async Task RefusedTarget(string name, TufErrorKind kind, string step, ITargetStore? kept = null)
    {
        Assert.True((await Repository.Client(Store, targets: kept).RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.False((await repository.FetchTargetAsync(name, Token)).TryGet(out _, out error), "The attack was not noticed.");
        Assert.Equal((kind, step), (error.Kind, error.Step));
    }
}
