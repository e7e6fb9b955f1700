using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Run;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Tests.Enforce;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>A real repository and its stores, the agent's update loop and its keepers of rules and lists; the line, the disk and the kernel are played.</summary>
internal sealed class UpdateRig : IDisposable
{
    private const string Tier = "full";

    private static readonly SensorName s_sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    private static readonly UnixMilliseconds s_start = UnixMilliseconds.Now(TimeProvider.System);

    private static readonly Grant s_grant = new()
    {
        Id = DocumentId.Parse("standing"), Issuer = OperatorId.Parse("national-soc"), Actions = new HashSet<MitigationStep> { MitigationStep.Drop }, MinPrefixLengthV4 = 32, MinPrefixLengthV6 = 128,
        MaxDurationMs = 3_600_000, MaxRules = 10, Sensors = [SensorPattern.All], Tiers = [OpenTier.Tier], NotBefore = new(0), NotAfter = SampleSections.Later,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("edgesensors-updates-").FullName;
    private readonly TufRepository _repository;
    private readonly KeyRing _keys;
    private readonly HeardLogger _heard = new();
    private readonly SealingKey _sealing = SealingKey.Create();
    private readonly List<CancellationTokenSource> _runs = [];
    private readonly DurableOutbox _outbox;
    private UpdateClient? _client;
    private ListKeeper? _keeper;
    private RuleKeeper? _rules;

    public UpdateRig()
    {
        var folders = new RepositoryFolders(Path.Combine(_folder, "repository"), Path.Combine(_folder, "online"), Path.Combine(_folder, "offline"));
        Assert.True(Passphrase.TryCreate("a passphrase for tests", out var passphrase));
        var plan = new RepositoryPlan { Operators = [s_sensor.Operator], Issuers = [OperatorId.Parse("national-soc")] };
        Assert.True(TufRepository.Found(folders, plan, passphrase, new KeyProtection(8, 1), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(folders.OnlineKeys, out var keys, out _));
        Assert.True(OfflineKeys.TryOpen(folders.OfflineKeys, passphrase, [], out var offline, out _));
        keys.AddAll(offline);
        (_repository, _keys) = (repository, keys);
        Assert.True(DurableOutbox.TryOpen(Path.Combine(_folder, "outbox"), 1 << 20, out var outbox, out var broken), broken);
        _outbox = outbox;
        Line = new PlayedLine(new DirectoryTransport(repository.MetadataDirectory, repository.TargetsDirectory));
        Publish(new RepositoryChange().SetTarget(TargetNames.BlocklistEnforcement, Document().ToCanonicalJson()).SetTarget(TargetNames.BlocklistSnapshot(Tier), List(1, "203.0.113.1").ToSnapshot()));
    }

    public PlayedLine Line { get; }

    public PlayedKernel Kernel { get; } = new();

    public PlayedRules Rules { get; } = new();

    /// <summary>Whether nothing can be written to disk.</summary>
    public bool DiskIsFull { get; set; }

    /// <summary>What the loop has said.</summary>
    public IReadOnlyList<string> Said => [.. _heard.Lines];

    /// <summary>The version of the timestamp that a start would find.</summary>
    public long StoredVersion
    {
        get
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "client", "timestamp.json")));
            return json.RootElement.GetProperty("signed").GetProperty("version").GetInt64();
        }
    }

    public UpdateLoop Loop { get; private set; } = null!;

    /// <summary>Starts the agent's part on what is on disk; it runs until the rig ends or another starts.</summary>
    public void Start()
    {
        _runs.LastOrDefault()?.Cancel();
        var turn = new SemaphoreSlim(1);
        var transport = new TurnTransport(Line, turn);
        var disk = new Disk(this, new DirectoryMetadataStore(Path.Combine(_folder, "client")), new DirectoryTargetStore(Path.Combine(_folder, "targets")));
        var stores = UpdateClient.StoresFor(disk, disk);
        var tuf = new TufClient(transport, stores.Metadata, TimeProvider.System, TufLimits.Default, stores.Targets);
        if (_client is null)
        {
            Assert.True(_repository.ReadRoot().TryGet(out var root, out _));
            Assert.Null(tuf.Initialize(root));
        }

        var source = new UpdateSource(new HubEndpoint("localhost", 1, s_sensor, null!, []), 1, "", _sealing, _folder);
        _client = new UpdateClient(source, tuf, stores, transport, turn, NullLogger.Instance) { ListCapacity = 100 };
        var keeper = _keeper = new ListKeeper(new OwnerLimits { BlocklistEntries = 100 }, Kernel, _outbox, TimeProvider.System, NullLogger.Instance);
        StatusWriter? status = null;
        var rules = _rules = new RuleKeeper(s_sensor, new AgentConfiguration(), Rules, _outbox, TimeProvider.System, NullLogger.Instance);
        Loop = new UpdateLoop(_client, TimeSpan.FromHours(1), TimeProvider.System, new Random(1), _heard)
        {
            Refreshed = async (state, refusal, token) =>
            {
                await rules.ApplyAsync(state, refusal, token);
                await keeper.ApplyAsync(state, token);
                status!.TellChange();
            },
        };
        status = new StatusWriter(_outbox, new AuthorityHolder(s_sensor, TimeProvider.System), Loop, rules, Rules, 100, null, exports: false, TimeProvider.System);
        var run = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _runs.Add(run);
        _ = Loop.RunAsync(run.Token);
    }

    public void Publish(RepositoryChange change)
    {
        Assert.True(_repository.Publish(change, _keys).TryGet(out _, out var error), error?.ToString());
        Loop?.Announce();
    }

    public void PublishList(long version, params string[] addresses) => Publish(new RepositoryChange().SetTarget(TargetNames.BlocklistSnapshot(Tier), List(version, addresses).ToSnapshot()));

    /// <summary>Rules by these names are in force, and no others.</summary>
    public void PublishRules(long revision, params string[] names) => Publish(new RepositoryChange()
        .SetTarget(TargetNames.Grant(s_grant.Reference), s_grant.ToCanonicalJson())
        .SetTarget(TargetNames.Rules, new RuleSet { Revision = revision, Rules = [.. names.Select(Rule)] }.ToCanonicalJson()));

    /// <summary>Shows the timestamp of before to whoever asks, as if it were the newest.</summary>
    public Action Replay()
    {
        var path = Path.Combine(_repository.MetadataDirectory, "timestamp.json");
        var old = File.ReadAllBytes(path);
        return () => File.WriteAllBytes(path, old);
    }

    /// <summary>Whether the last status has a token; nobody witnesses here, so that it is none for a hub.</summary>
    public bool StatusSays(string token) => _outbox.Read(0, 1000).Last(message => message.Channel == Channel.Status).Payload.AsSpan().IndexOf(Encoding.ASCII.GetBytes(token)) >= 0;

    /// <summary>Stop-all, as the hub says it, with the rules taken back.</summary>
    public void Hold(long revision) => Publish(new RepositoryChange()
        .SetTarget(TargetNames.Hold, new EnforcementHold { Since = new(1) }.ToCanonicalJson()).SetTarget(TargetNames.Rules, new RuleSet { Revision = revision, Rules = [] }.ToCanonicalJson()));

    public void Release() => Publish(new RepositoryChange().RemoveTarget(TargetNames.Hold));

    /// <summary>Waits at most 15 s for something to be so.</summary>
    public static async Task UntilAsync(Func<bool> so, string what)
    {
        for (var looks = 0; !so(); looks++)
        {
            Assert.True(looks < 750, what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public static BlocklistEnforcement Document() => new()
    {
        Version = 1, Categories = [new EnforcedCategory(DocumentId.Parse("c2"), MitigationStep.Drop, SlpfDirection.Ingress)], Sensors = [SensorPattern.All], MaxEntries = 100,
        MinPrefixLengthV4 = 24, MinPrefixLengthV6 = 48, NotBefore = new(0), NotAfter = SampleSections.Later,
    };

    public void Dispose()
    {
        _runs.ForEach(run => run.Cancel());
        _client?.Dispose();
        _keeper?.Dispose();
        _rules?.Dispose();
        _outbox.Dispose();
        _keys.Dispose();
        _sealing.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Blocklist List(long version, params string[] addresses)
    {
        var builder = new BlocklistBuilder();
        foreach (var address in addresses)
        {
            builder.Add(Prefix.Parse(address), DocumentId.Parse("c2"), SampleSections.Later);
        }

        return builder.Build(version);
    }

    private static MitigationRule Rule(string name) => new()
    {
        Id = DocumentId.Parse(name), Grant = s_grant.Reference, Tier = OpenTier.Id, Approvals = new RuleApprovals(1, false), Because = "the source is proven", ReasonText = "scan",
        OpenC2 = new SlpfCommand { Target = Prefix.Parse("198.51.100.7"), Direction = SlpfDirection.Ingress, StartTime = s_start, StopTime = new(s_start.Value + 3_600_000) },
        Sensors = [SensorPattern.All], Step = MitigationStep.Drop, ExpectedCollateral = "none", NotAfter = new(s_start.Value + 3_600_000),
    };

    private sealed class Disk(UpdateRig rig, DirectoryMetadataStore metadata, DirectoryTargetStore targets) : IMetadataStore, ITargetStore
    {
        public byte[]? Read(string role, int maxBytes) => metadata.Read(role, maxBytes);

        public byte[]? Read(string targetName, long maxBytes) => targets.Read(targetName, maxBytes);

        void IMetadataStore.Write(string role, ReadOnlySpan<byte> file)
        {
            HasRoom(role);
            metadata.Write(role, file);
        }

        void ITargetStore.Write(string targetName, ReadOnlySpan<byte> bytes)
        {
            HasRoom(targetName);
            targets.Write(targetName, bytes);
        }

        public void Delete(string role) => metadata.Delete(role);

        // The name of the file beside is another one each time.
        private void HasRoom(string name)
        {
            if (rig.DiskIsFull)
            {
                throw new IOException($"No space left on device : '/{name}.{Guid.NewGuid()}.tmp'");
            }
        }
    }
}

/// <summary>Lists come over it as the test says, all else at once.</summary>
internal sealed class PlayedLine(ITufTransport inner) : ITufTransport
{
    private int _lists;

    /// <summary>What becomes of a list that is asked for; null: it comes.</summary>
    public Func<CancellationToken, Task<FetchOutcome?>>? Lists { get; set; }

    /// <summary>Whether nothing comes over it.</summary>
    public bool IsCut { get; set; }

    /// <summary>How many lists were asked for.</summary>
    public int ListsAsked => Volatile.Read(ref _lists);

    public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) => IsCut
        ? Task.FromResult(new FetchOutcome(FetchStatus.Unreachable, default, "the line is cut"))
        : inner.FetchMetadataAsync(fileName, maxBytes, cancellationToken);

    public async Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken)
    {
        if (path.EndsWith(TargetNames.BlocklistSnapshotEnd, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _lists);
            if (Lists is { } played && await played(cancellationToken) is { } outcome)
            {
                return outcome;
            }
        }

        return await inner.FetchTargetAsync(path, maxBytes, cancellationToken);
    }
}

/// <summary>Notes what stands.</summary>
internal sealed class PlayedKernel : IListEnforcer
{
    private volatile string[] _standing = [];

    /// <summary>The prefixes that are dropped now.</summary>
    public string[] Standing => _standing;

    public int Capacity => 100;

    public string Name => "played";

    public bool Can(MitigationStep step) => true;

    public Task<string?> ApplyAsync(IReadOnlyList<EnforcedSection> sections, CancellationToken cancellationToken)
    {
        _standing = [.. sections.SelectMany(section => Enumerable.Range(0, section.Count).Select(i => section[i].ToString()))];
        return Task.FromResult<string?>(null);
    }

    public Task<ListReading?> ReadHitsAsync(CancellationToken cancellationToken) => Task.FromResult<ListReading?>(null);
}

/// <summary>Notes which rules stand.</summary>
internal sealed class PlayedRules : IEnforcer
{
    private volatile string[] _standing = [];

    public string[] Standing => _standing;

    public string Name => "played";

    public string? Limitation => null;

    public Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
    {
        _standing = [.. plan.Rules.Select(rule => rule.Id.Text)];
        return Task.FromResult(new EnforcementOutcome([.. plan.Rules.Select(rule => new RuleEnforcement(rule.Id, RuleState.Enforced))]));
    }

    public Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken) => Task.FromResult(new HitReading([], Intact: true));
}

/// <summary>Keeps what is said.</summary>
internal sealed class HeardLogger : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
}
