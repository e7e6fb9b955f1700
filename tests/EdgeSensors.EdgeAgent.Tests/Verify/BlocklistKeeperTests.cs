using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>A real repository, client and store; the transport counts what is fetched.</summary>
public sealed class BlocklistKeeperTests : IDisposable
{
    private static readonly UnixMilliseconds s_later = new(UnixMilliseconds.Now(TimeProvider.System).Value + 3_600_000);

    private readonly string _folder = Directory.CreateTempSubdirectory("edgesensors-blocklist-").FullName;
    private readonly TufRepository _repository;
    private readonly KeyRing _keys;
    private readonly TufClient _client;
    private readonly CountingTransport _transport;
    private readonly DirectoryTargetStore _targets;
    private readonly BlocklistKeeper _keeper;

    public BlocklistKeeperTests()
    {
        var folders = new RepositoryFolders(Path.Combine(_folder, "repository"), Path.Combine(_folder, "online"), Path.Combine(_folder, "offline"));
        Assert.True(Passphrase.TryCreate("a passphrase for tests", out var passphrase));
        var plan = new RepositoryPlan { Operators = [OperatorId.Parse("isp-a")], Issuers = [OperatorId.Parse("national-soc")] };
        Assert.True(TufRepository.Found(folders, plan, passphrase, new KeyProtection(8, 1), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(folders.OnlineKeys, out var keys, out _));
        Assert.True(OfflineKeys.TryOpen(folders.OfflineKeys, passphrase, [], out var offline, out _));
        keys.AddAll(offline);
        (_repository, _keys) = (repository, keys);
        _transport = new CountingTransport(new DirectoryTransport(repository.MetadataDirectory, repository.TargetsDirectory));
        _targets = new DirectoryTargetStore(Path.Combine(_folder, "targets"));
        _client = new TufClient(_transport, new DirectoryMetadataStore(Path.Combine(_folder, "client")), TimeProvider.System, TufLimits.Default, _targets);
        Assert.True(repository.ReadRoot().TryGet(out var root, out _));
        _client.Initialize(root);
        _keeper = new BlocklistKeeper(_targets, "full", NullLogger.Instance);
    }

    public void Dispose()
    {
        _keys.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_delta_is_applied_and_the_snapshot_it_leads_to_is_not_fetched()
    {
        var first = List(1, "203.0.113.1", "203.0.113.2");
        Publish(first, null);
        await UpdateAsync();
        Assert.Equal((1, true, false), (_keeper.Matcher!.Version, Has("203.0.113.1"), Has("203.0.113.3")));
        Assert.Equal(["blocklists/full.snapshot"], _transport.Fetched);

        var second = List(2, "203.0.113.2", "203.0.113.3");
        Publish(second, second.DeltaFrom(first));
        await UpdateAsync();
        Assert.Equal((2, false, true), (_keeper.Matcher!.Version, Has("203.0.113.1"), Has("203.0.113.3")));
        Assert.Equal(["blocklists/full.from-1.delta"], _transport.Fetched);
        await UpdateAsync();
        Assert.Empty(_transport.Fetched);

        // After a restart it is there without the hub.
        var again = new BlocklistKeeper(_targets, "full", NullLogger.Instance);
        Assert.True((await _client.LoadStoredAsync(TestContext.Current.CancellationToken)).TryGet(out var stored, out _));
        Assert.Null(await again.UpdateAsync(stored, TestContext.Current.CancellationToken));
        Assert.Equal(2, again.Matcher!.Version);
    }

    [Fact]
    public async Task A_delta_that_leads_elsewhere_is_refused_and_the_snapshot_fetched()
    {
        var first = List(1, "203.0.113.1");
        Publish(first, null);
        await UpdateAsync();

        var second = List(2, "203.0.113.2");
        Publish(second, List(2, "203.0.113.99").DeltaFrom(first));
        await UpdateAsync();
        Assert.Equal((2, true, false), (_keeper.Matcher!.Version, Has("203.0.113.2"), Has("203.0.113.99")));
        Assert.Equal(["blocklists/full.from-1.delta", "blocklists/full.snapshot"], _transport.Fetched);
    }

    [Fact]
    public async Task What_is_taken_out_of_the_repository_is_listed_no_more_and_garbage_never()
    {
        Publish(List(3, "203.0.113.1"), null);
        await UpdateAsync();
        Assert.True(Has("203.0.113.1"));

        Publish(List(2, "203.0.113.5"), null);
        await UpdateAsync();
        Assert.Equal((3, false), (_keeper.Matcher!.Version, Has("203.0.113.5"))); // signed, but older than what is held

        Assert.True(_repository.Publish(new RepositoryChange().SetTarget("blocklists/full.snapshot", new byte[] { 1, 2, 3 }), _keys).TryGet(out _, out _));
        await UpdateAsync();
        Assert.Null(_keeper.Matcher);

        Publish(List(4, "203.0.113.1"), null);
        await UpdateAsync();
        Assert.True(_repository.Publish(new RepositoryChange().RemoveTarget("blocklists/full.snapshot"), _keys).TryGet(out _, out _));
        await UpdateAsync();
        Assert.Null(_keeper.Matcher);
    }

    [Fact]
    public async Task Where_a_list_is_too_large_to_be_enforced_the_largest_tier_that_fits_is()
    {
        Publish(List(1, "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"), null);
        Assert.True(_repository.Publish(
            new RepositoryChange().SetTarget("blocklists/at-most-2.snapshot", List(1, "203.0.113.1", "203.0.113.2").ToSnapshot())
                .SetTarget("blocklists/at-most-3.snapshot", List(1, "203.0.113.1", "203.0.113.2", "203.0.113.3").ToSnapshot()), _keys).TryGet(out _, out _));
        await UpdateAsync();
        var document = new BlocklistEnforcement
        {
            Version = 1, Categories = [new EnforcedCategory(DocumentId.Parse("c2"), MitigationStep.Drop, SlpfDirection.Both)], Sensors = [SensorPattern.All], MaxEntries = 5,
            MinPrefixLengthV4 = 24, MinPrefixLengthV6 = 48, Tiers = [2, 3], NotBefore = new(0), NotAfter = s_later,
        };

        async Task<int?> Held(BlocklistEnforcement? enforcement, int capacity)
        {
            Assert.True((await _client.RefreshAsync(TestContext.Current.CancellationToken)).TryGet(out var repository, out _));
            var enforced = new EnforcedListKeeper(_targets, NullLogger.Instance);
            Assert.Null(await enforced.UpdateAsync(enforcement, _keeper.List, capacity, repository, TestContext.Current.CancellationToken));
            return enforced.List?.EntryCount;
        }

        Assert.Equal([5, 3, 3, 2, 5, null, null], [
            await Held(document, 5), await Held(document, 4), await Held(document, 3), await Held(document, 2), await Held(document, 1), await Held(document, 0), await Held(null, 5)]);
        Assert.Equal(5, await Held(document with { MaxEntries = 4 }, 3)); // and is refused whole
        Assert.Equal(5, await Held(document with { Categories = [document.Categories[0] with { Category = DocumentId.Parse("other") }] }, 1)); // of which nothing is meant
    }

    private static Blocklist List(long version, params string[] addresses)
    {
        var builder = new BlocklistBuilder();
        foreach (var address in addresses)
        {
            builder.Add(Prefix.Parse(address), DocumentId.Parse("c2"), s_later);
        }

        return builder.Build(version);
    }

    private bool Has(string address) => _keeper.Matcher!.TryMatch(HostAddress.From(System.Net.IPAddress.Parse(address)), UnixMilliseconds.Now(TimeProvider.System), out _);

    private void Publish(Blocklist list, byte[]? delta)
    {
        var change = new RepositoryChange().SetTarget("blocklists/full.snapshot", list.ToSnapshot());
        if (delta is not null)
        {
            change.SetTarget("blocklists/full.from-1.delta", delta);
        }

        Assert.True(_repository.Publish(change, _keys).TryGet(out _, out var error), error?.ToString());
    }

    private async Task UpdateAsync()
    {
        Assert.True((await _client.RefreshAsync(TestContext.Current.CancellationToken)).TryGet(out var repository, out var error), error?.ToString());
        _transport.Fetched.Clear();
        Assert.Null(await _keeper.UpdateAsync(repository, TestContext.Current.CancellationToken));
    }

    /// <summary>Notes the targets that are fetched, by their names without the hash.</summary>
    private sealed class CountingTransport(ITufTransport inner) : ITufTransport
    {
        public List<string> Fetched { get; } = [];

        public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) => inner.FetchMetadataAsync(fileName, maxBytes, cancellationToken);

        public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken)
        {
            var slash = path.LastIndexOf('/');
            Fetched.Add(path[..(slash + 1)] + path[(path.IndexOf('.', slash + 1) + 1)..]);
            return inner.FetchTargetAsync(path, maxBytes, cancellationToken);
        }
    }
}
