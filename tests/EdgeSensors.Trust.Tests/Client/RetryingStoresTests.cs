using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Tests.Log;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>What the disk does not take holds in memory, and the disk is never ahead of what it may permit.</summary>
public sealed class RetryingStoresTests : IDisposable
{
    private readonly SimulatedRepository _repository = new();
    private readonly SampleLog _log = new(witnesses: 1);
    private readonly FaultyDisk _disk = new();

    public RetryingStoresTests()
    {
        _repository.Root = _repository.Root with { Version = 0, WitnessPolicy = _log.Policy(quorum: 1) };
        _repository.PublishRoot();
        Publish();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _repository.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)] // the proof fits, the timestamp does not
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_stored_before_is_not_taken_by_a_restart_that_does_not_reach_the_repository_and_still_guards_against_rollback(int fits)
    {
        var (stores, client) = Start();
        var before = await AcceptedAsync(client);
        var old = _repository.MetadataFiles["timestamp.json"];
        Publish();
        _disk.Room = fits;
        var newest = await AcceptedAsync(client);
        Assert.NotNull(stores.Trouble);

        var (_, next) = Start();
        Assert.False((await next.LoadStoredAsync(Token)).IsSuccess);
        Assert.Equal(newest.TimestampVersion, (await AcceptedAsync(next)).TimestampVersion);

        Assert.True(before.TimestampVersion < newest.TimestampVersion);
        _repository.MetadataFiles["timestamp.json"] = old;
        Assert.False((await next.RefreshAsync(Token)).TryGet(out _, out var error));
        Assert.Equal(TufErrorKind.Rollback, error.Kind);
    }

    [Fact]
    public async Task With_room_again_a_start_finds_all_of_it()
    {
        var (stores, client) = Start();
        await AcceptedAsync(client);
        Publish();
        _disk.Room = 0;
        var newest = await AcceptedAsync(client);
        stores.Retry();
        Assert.NotNull(stores.Trouble);

        _disk.Room = int.MaxValue;
        stores.Retry();
        Assert.Null(stores.Trouble);
        Assert.True((await Start().Client.LoadStoredAsync(Token)).TryGet(out var stored, out var error), error?.ToString());
        Assert.Equal(newest.TimestampVersion, stored.TimestampVersion);
    }

    [Fact]
    public async Task A_new_root_that_could_not_be_stored_holds_and_what_its_predecessors_keys_signed_is_forgotten_only_with_it()
    {
        var (stores, client) = Start();
        var before = await AcceptedAsync(client);
        _disk.Room = 0;
        _repository.SetKeys(TopLevelRole.Timestamp, 1, _repository.NewKey());
        _repository.PublishRoot();
        Prove("root", _repository.Root.Version);
        _repository.Timestamp = _repository.Timestamp with { Version = 0 }; // recovery from a fast-forward attack
        Publish();
        Assert.Equal((2, 1), ((await AcceptedAsync(client)).RootVersion, (await AcceptedAsync(client)).TimestampVersion));
        Assert.Equal((1, before.TimestampVersion), (_disk.Files.Version("root"), _disk.Files.Version("timestamp")));

        _disk.Room = int.MaxValue;
        stores.Retry();
        Assert.Equal((2, 1), (_disk.Files.Version("root"), _disk.Files.Version("timestamp")));
    }

    [Fact]
    public void Beyond_the_bound_a_write_fails_as_the_disk_does_and_what_waits_is_not_lost()
    {
        var (stores, _) = Start(maxWaiting: 100);
        stores.Metadata.Write("timestamp", [1]);
        _disk.Room = 0;
        stores.Metadata.Write("timestamp", [2]);
        stores.Metadata.Write("snapshot", new byte[99]);
        Assert.Throws<IOException>(() => stores.Metadata.Write("timestamp", [3, 3]));
        Assert.Throws<IOException>(() => stores.Metadata.Write("targets", [3]));

        Assert.Equal([2], stores.Metadata.Read("timestamp", 10)!);
        stores.Metadata.Delete("timestamp");
        Assert.Null(stores.Metadata.Read("timestamp", 10));
        Assert.Equal([1], _disk.Files.Files["timestamp"]);
    }

    [Fact]
    public async Task A_client_without_it_fails_where_it_cannot_store()
    {
        await AcceptedAsync(Start().Client);
        Publish();
        _disk.Room = 0;
        var client = new TufClient(_repository, _disk, _repository.Time, TufLimits.Default, _disk, witnessed: true);
        Assert.False((await client.RefreshAsync(Token)).TryGet(out _, out var error));
        Assert.Equal(TufErrorKind.Store, error.Kind);
    }

    [Fact]
    public void A_target_that_may_not_wait_fails_as_the_disk_does_and_is_no_trouble_of_the_others()
    {
        var (stores, _) = Start();
        _disk.Room = 0;
        Assert.Throws<IOException>(() => stores.Targets.Write("list", [1]));
        Assert.Null(stores.Trouble);
        stores.Targets.Write("word", [1]);
        Assert.Equal("No space left on device", stores.Trouble);
        Assert.Equal([1], stores.Targets.Read("word", 1)!);
        Assert.Null(stores.Targets.Read("word", 0));
    }

    private (RetryingStores Stores, TufClient Client) Start(long maxWaiting = 1 << 20)
    {
        var stores = new RetryingStores(_disk, _disk, maxWaiting, name => name != "list");
        var client = new TufClient(_repository, stores.Metadata, _repository.Time, TufLimits.Default, stores.Targets, witnessed: true);
        if (_disk.Files.Version("root") == 0)
        {
            Assert.Null(client.Initialize(_repository.MetadataFiles["1.root.json"]));
        }

        return (stores, client);
    }

    private void Publish()
    {
        _repository.PublishAll();
        Prove("timestamp", _repository.Timestamp.Version);
    }

    private void Prove(string role, long version)
    {
        var file = _repository.MetadataFiles[role == "timestamp" ? "timestamp.json" : SimulatedRepository.Name(version, role)];
        _repository.MetadataFiles[$"{version}.{role}.tlog-proof"] = _log.Prove(_log.Append(LogEntry.OfMetadata(file).ToBytes()), 0).ToBytes();
    }

    private static async Task<VerifiedRepository> AcceptedAsync(TufClient client)
    {
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        return repository;
    }

    /// <summary>A disk that takes so many more files.</summary>
    private sealed class FaultyDisk : IMetadataStore, ITargetStore
    {
        public MemoryStore Files { get; } = new();

        public int Room { get; set; } = int.MaxValue;

        public byte[]? Read(string role, int maxBytes) => Files.Read(role, maxBytes);

        public byte[]? Read(string targetName, long maxBytes) => Files.Read(targetName, maxBytes);

        public void Write(string role, ReadOnlySpan<byte> file)
        {
            if (Room-- <= 0)
            {
                Room = 0;
                throw new IOException($"No space left on device : '/{role}.{Guid.NewGuid()}.tmp'");
            }

            Files.Write(role, file);
        }

        public void Delete(string role) => Files.Delete(role);
    }
}
