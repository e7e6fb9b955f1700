using System.Globalization;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>The current metadata as the timestamp on disk names it. Files that no timestamp names are leftovers of a publication that was cut off.</summary>
internal sealed record RepositoryState(string Metadata, Root Root, Timestamp Timestamp, Snapshot Snapshot, Targets Targets)
{
    private const int MaxBytes = 64 << 20;

    /// <summary>Who delegates to whom.</summary>
    public DelegationTree Tree => new(Find);

    public static RepositoryState Load(string metadata)
    {
        var rootVersion = 1L;
        while (File.Exists(PathOf(metadata, rootVersion + 1, TopLevelRole.Root)))
        {
            rootVersion++;
        }

        var root = LoadRoot(metadata, rootVersion).Signed;
        var timestamp = Read<Timestamp>(Path.Combine(metadata, "timestamp.json"), MetadataReader.TryReadTimestamp).Signed;
        var snapshot = Read<Snapshot>(PathOf(metadata, timestamp.Snapshot.Version, TopLevelRole.Snapshot), MetadataReader.TryReadSnapshot).Signed;
        var targets = LoadTargets(metadata, snapshot, TopLevelRole.Targets)
            ?? throw new DamagedRepositoryException(TopLevelRole.Targets, "the snapshot does not list it");
        return new RepositoryState(metadata, root, timestamp, snapshot, targets.Signed);
    }

    public static SignedMetadata<Root> LoadRoot(string metadata, long version) => Read<Root>(PathOf(metadata, version, TopLevelRole.Root), MetadataReader.TryReadRoot);

    public static Targets? LoadTargets(string metadata, long version, string role)
    {
        var path = PathOf(metadata, version, role);
        return File.Exists(path) ? Read<Targets>(path, MetadataReader.TryReadTargets).Signed : null;
    }

    public static string PathOf(string metadata, long version, string role) =>
        Path.Combine(metadata, string.Create(CultureInfo.InvariantCulture, $"{version}.{role}.json"));

    /// <summary>A targets role as the snapshot names it, with its signatures; null when it is not there yet.</summary>
    public SignedMetadata<Targets>? FindSigned(string role) => LoadTargets(Metadata, Snapshot, role);

    /// <summary>A targets role as the snapshot names it; null when it is not there yet.</summary>
    public Targets? Find(string role) => role == TopLevelRole.Targets ? Targets : FindSigned(role)?.Signed;

    /// <summary>The role that speaks of a target.</summary>
    public string RoleOf(string targetName) => Tree.RoleOf(targetName);

    private delegate bool Reader<T>(
        ReadOnlyMemory<byte> file, int maxBytes, out SignedMetadata<T>? metadata, out MetadataError? error)
        where T : SignedPayload;

    private static SignedMetadata<Targets>? LoadTargets(string metadata, Snapshot snapshot, string role) => snapshot.Find(role) is { } file
        ? Read<Targets>(PathOf(metadata, file.Version, role), MetadataReader.TryReadTargets)
        : null;

    private static SignedMetadata<T> Read<T>(string path, Reader<T> read)
        where T : SignedPayload => read(File.ReadAllBytes(path), MaxBytes, out var metadata, out var error)
            ? metadata!
            : throw new DamagedRepositoryException(Path.GetFileName(path), error!.Message);
}
