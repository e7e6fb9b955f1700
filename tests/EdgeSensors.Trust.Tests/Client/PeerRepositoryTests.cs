using EdgeSensors.Trust.Client;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Repositories that tough and python-tuf made, good and bad.</summary>
public sealed class PeerRepositoryTests : IDisposable
{
    private const string Tough = "crypto/tough-tuf-testdata/tough/tests/data";
    private const string PythonTuf = "crypto/python-tuf/tests/repository_data";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData($"{Tough}/tuf-reference-impl/metadata", $"{Tough}/tuf-reference-impl/targets", "file1.txt")]
    [InlineData($"{Tough}/tuf-reference-impl/metadata", $"{Tough}/tuf-reference-impl/targets", "file3.txt")] // by role1
    [InlineData($"{Tough}/consistent-snapshots/metadata", $"{Tough}/consistent-snapshots/targets", "data1.txt")]
    [InlineData($"{PythonTuf}/repository/metadata", $"{PythonTuf}/repository/targets", "file2.txt")]
    [InlineData($"{PythonTuf}/repository/metadata", $"{PythonTuf}/repository/targets", "file3.txt")]
    public async Task A_good_repository_is_accepted_and_its_target_fetched(string metadata, string targets, string name)
    {
        Assert.True((await Refresh(metadata, "1.root.json", targets)).TryGet(out var repository, out var error), error?.ToString());

        Assert.True((await repository.FetchTargetAsync(name, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.NotEmpty(target.Bytes.ToArray());
    }

    [Fact]
    public async Task A_rotated_root_is_followed_though_the_first_has_expired()
    {
        Assert.True((await Refresh($"{Tough}/rotated-root", "1.root.json")).TryGet(out var repository, out var error), error?.ToString());
        Assert.Equal(2, repository.RootVersion);
    }

    [Fact]
    public async Task Dubious_role_names_are_searched_and_stay_inside_the_store()
    {
        Assert.True((await Refresh($"{Tough}/dubious-role-names/metadata", "1.root.json")).TryGet(out var repository, out var error), error?.ToString());

        Assert.False((await repository.FetchTargetAsync("foo", Token)).TryGet(out _, out error));

        Assert.Equal(TufErrorKind.TargetNotFound, error.Kind);
        Assert.Equal(4 + 3, Directory.GetFiles(_folder["store"]).Length);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Target_paths_that_climb_are_refused_by_name()
    {
        Assert.True((await Refresh($"{Tough}/safe-target-paths/metadata", "1.root.json", $"{Tough}/safe-target-paths/targets")).TryGet(out var repository, out var error), error?.ToString());

        Assert.False((await repository.FetchTargetAsync("foo/../bar/../baz/../data1.txt", Token)).TryGet(out _, out error));

        Assert.Equal(TufErrorKind.UnsafeName, error.Kind);
    }

    [Fact]
    public async Task An_expired_repository_is_refused()
    {
        Assert.False((await Refresh($"{Tough}/expired-repository/metadata", "1.root.json")).TryGet(out _, out var error));
        Assert.Equal((TufErrorKind.Expired, "timestamp", "5.4.4"), (error.Kind, error.Role, error.Step));
    }

    [Fact]
    public async Task An_expired_root_is_refused()
    {
        Assert.False((await Refresh($"{Tough}/expired-root-json-signature", "root.json")).TryGet(out _, out var error));
        Assert.Equal((TufErrorKind.Expired, "root", "5.3.10"), (error.Kind, error.Role, error.Step));
    }

    [Fact]
    public async Task Key_ids_that_are_no_hash_of_their_keys_are_refused()
    {
        // python-tuf takes any id; the specification (§4.3) has clients calculate it.
        Assert.False((await Refresh($"{PythonTuf}/fishy_rolenames/metadata", "1.root.json")).TryGet(out _, out var error));
        Assert.Equal((TufErrorKind.KeyIdMismatch, "root", "5.2"), (error.Kind, error.Role, error.Step));
    }

    [Theory]
    [InlineData("simple-rsa")]
    [InlineData("hex-encoded-ecdsa-sig-keys")]
    [InlineData("pem-encoded-ecdsa-sig-keys")]
    [InlineData("ecdsa-new-type-sig-keys")]
    public void A_root_signed_by_rsa_or_ecdsa_keys_is_accepted(string name) => Assert.Null(Initialize(name));

    [Theory]
    [InlineData("duplicate-keyid", TufErrorKind.Malformed)]
    [InlineData("duplicate-sigs", TufErrorKind.DuplicateSignature)]
    [InlineData("duplicate-sig-keys", TufErrorKind.DuplicateSignature)]
    [InlineData("invalid-root-json-signature", TufErrorKind.ThresholdUnmet)]
    [InlineData("no-root-json-signatures", TufErrorKind.ThresholdUnmet)]
    [InlineData("mismatched-root-json-keyids", TufErrorKind.ThresholdUnmet)]
    [InlineData("cross-sign-root", TufErrorKind.ThresholdUnmet)] // waits for its signatures
    public void A_bad_root_is_refused(string name, TufErrorKind kind) => Assert.Equal(kind, Initialize(name)?.Kind);

    private TufError? Initialize(string name)
    {
        var root = SharedData.Require(name == "cross-sign-root" ? $"{Tough}/{name}/1.root.json" : $"{Tough}/{name}/root.json");
        return Client(Path.GetDirectoryName(root)!, "").Initialize(File.ReadAllBytes(root));
    }

    private async Task<TufResult<VerifiedRepository>> Refresh(string metadata, string root, string? targets = null)
    {
        var directory = SharedData.Require(metadata);
        var client = Client(directory, targets is null ? "" : SharedData.Require(targets));
        return client.Initialize(await File.ReadAllBytesAsync(Path.Combine(directory, root), Token)) is { } error
            ? TufResult<VerifiedRepository>.Of(error)
            : await client.RefreshAsync(Token);
    }

    private TufClient Client(string metadata, string targets) =>
        new(new DirectoryTransport(metadata, targets), new DirectoryMetadataStore(_folder["store"]), _time, TufLimits.Default);
}
