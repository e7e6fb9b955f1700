using System.Globalization;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>A repository in memory that signs whatever it is told to, so that every attack can be played; it is the wire, and the only fake here.</summary>
internal sealed class SimulatedRepository : ITufTransport, IDisposable
{
    private readonly List<SigningKey> _made = [];

    public SimulatedRepository()
    {
        foreach (var role in new[] { TopLevelRole.Root, TopLevelRole.Timestamp, TopLevelRole.Snapshot, TopLevelRole.Targets })
        {
            Signers[role] = [NewKey()];
        }

        Root = new Root
        {
            Version = 0,
            Expires = Later,
            ConsistentSnapshot = true,
            Keys = new Dictionary<string, TufKey>(),
            Roles = new Dictionary<string, RoleKeys>(),
        };
        foreach (var role in Signers.Keys)
        {
            SetKeys(role, 1, [.. Signers[role]]);
        }

        Roles[TopLevelRole.Targets] = EmptyTargets;
        Snapshot = new Snapshot { Version = 0, Expires = Later, Meta = new Dictionary<string, MetaFile>() };
        Timestamp = new Timestamp { Version = 0, Expires = Later, Snapshot = new MetaFile(1, FileHashes.Unknown) };
        PublishRoot();
        PublishAll();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public DateTimeOffset Later => Time.GetUtcNow().AddDays(30);

    public DateTimeOffset Past => Time.GetUtcNow().AddDays(-1);

    public Root Root { get; set; }

    public Timestamp Timestamp { get; set; }

    public Snapshot Snapshot { get; set; }

    /// <summary>The targets roles, the top-level one among them.</summary>
    public Dictionary<string, Targets> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>Who signs each role, whether its delegator lists them or not.</summary>
    public Dictionary<string, List<SigningKey>> Signers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, byte[]> MetadataFiles { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, byte[]> TargetFiles { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for, in order.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Whether timestamp and snapshot say length and hashes, and not versions alone.</summary>
    public bool UseHashes { get; set; } = true;

    private Targets EmptyTargets => new() { Version = 0, Expires = Later, Files = new Dictionary<string, FileHashes>() };

    public SigningKey NewKey()
    {
        var key = SigningKey.Create();
        _made.Add(key);
        return key;
    }

    /// <summary>Lists keys for a top-level role in the next root, and lets them sign.</summary>
    public void SetKeys(string role, int threshold, params SigningKey[] keys)
    {
        var table = new Dictionary<string, TufKey>(Root.Keys, StringComparer.Ordinal);
        foreach (var key in keys)
        {
            table[key.Id] = key.PublicKey;
        }

        Root = Root with
        {
            Keys = table,
            Roles = new Dictionary<string, RoleKeys>(Root.Roles, StringComparer.Ordinal) { [role] = new(keys.Select(k => k.Id).ToList(), threshold) },
        };
        Signers[role] = [.. keys];
    }

    public void PublishRoot()
    {
        Root = Root with { Version = Root.Version + 1 };
        MetadataFiles[Name(Root.Version, TopLevelRole.Root)] = Sign(TopLevelRole.Root, Root);
    }

    public void PublishTargets(string role = TopLevelRole.Targets)
    {
        Roles[role] = Roles[role] with { Version = Roles[role].Version + 1 };
        StageTargets(role);
    }

    /// <summary>Signs the targets role as it stands and lists it in the next snapshot.</summary>
    public void StageTargets(string role = TopLevelRole.Targets)
    {
        var file = Sign(role, Roles[role]);
        MetadataFiles[Name(Roles[role].Version, role)] = file;
        Snapshot = Snapshot with
        {
            Meta = new Dictionary<string, MetaFile>(Snapshot.Meta, StringComparer.Ordinal) { [$"{role}.json"] = Meta(Roles[role].Version, file) },
        };
    }

    public void PublishSnapshot()
    {
        Snapshot = Snapshot with { Version = Snapshot.Version + 1 };
        StageSnapshot();
    }

    public void StageSnapshot()
    {
        var file = Sign(TopLevelRole.Snapshot, Snapshot);
        MetadataFiles[Name(Snapshot.Version, TopLevelRole.Snapshot)] = file;
        Timestamp = Timestamp with { Snapshot = Meta(Snapshot.Version, file) };
    }

    public void PublishTimestamp()
    {
        Timestamp = Timestamp with { Version = Timestamp.Version + 1 };
        StageTimestamp();
    }

    public void StageTimestamp() => MetadataFiles["timestamp.json"] = Sign(TopLevelRole.Timestamp, Timestamp);

    public void PublishAll()
    {
        PublishTargets();
        PublishSnapshot();
        PublishTimestamp();
    }

    /// <summary>Adds a target to a role; it is visible after the role is published.</summary>
    public void AddTarget(string name, byte[] content, string role = TopLevelRole.Targets)
    {
        var file = FileHashes.Of(content);
        Roles[role] = Roles[role] with { Files = new Dictionary<string, FileHashes>(Roles[role].Files, StringComparer.Ordinal) { [name] = file } };
        var slash = name.LastIndexOf('/') + 1;
        TargetFiles[$"{name[..slash]}{file.Prefix}.{name[slash..]}"] = content;
    }

    /// <summary>Delegates paths to a role with a key of its own, and gives the role empty metadata if it has none.</summary>
    public SigningKey Delegate(string delegator, string role, string path, bool terminating = false)
    {
        var key = NewKey();
        var before = Roles[delegator].Delegations ?? new Delegations(new Dictionary<string, TufKey>(), []);
        Roles[delegator] = Roles[delegator] with
        {
            Delegations = new Delegations(
                new Dictionary<string, TufKey>(before.Keys, StringComparer.Ordinal) { [key.Id] = key.PublicKey },
                [.. before.Roles, new DelegatedRole { Name = role, Keys = new RoleKeys([key.Id], 1), Paths = [path], Terminating = terminating }]),
        };
        Roles.TryAdd(role, EmptyTargets);
        Signers.TryAdd(role, []);
        Signers[role].Add(key);
        return key;
    }

    public TufClient Client(IMetadataStore store, TufLimits? limits = null, ITargetStore? targets = null)
    {
        var client = new TufClient(this, store, Time, limits ?? TufLimits.Default, targets);
        if (store.Read(TopLevelRole.Root, int.MaxValue) is null)
        {
            Assert.Null(client.Initialize(MetadataFiles["1.root.json"]));
        }

        return client;
    }

    public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) =>
        Task.FromResult(Answer(MetadataFiles, Uri.UnescapeDataString(fileName), maxBytes));

    public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken) =>
        Task.FromResult(Answer(TargetFiles, Uri.UnescapeDataString(path), maxBytes));

    public void Dispose() => _made.ForEach(key => key.Dispose());

    public byte[] Sign<T>(string role, T payload)
        where T : SignedPayload => SignedMetadata<T>.Sign(payload, Signers[role]).File.ToArray();

    public static string Name(long version, string role) => string.Create(CultureInfo.InvariantCulture, $"{version}.{role}.json");

    private FetchOutcome Answer(Dictionary<string, byte[]> files, string name, long maxBytes)
    {
        Requests.Add(name);
        return !files.TryGetValue(name, out var bytes) ? new FetchOutcome(FetchStatus.NotFound, default, "no such file")
            : bytes.Length > maxBytes ? new FetchOutcome(FetchStatus.TooLarge, default, $"longer than {maxBytes}")
            : new FetchOutcome(FetchStatus.Fetched, bytes, "");
    }

    private MetaFile Meta(long version, byte[] file) => new(version, UseHashes ? FileHashes.Of(file) : FileHashes.Unknown);
}
