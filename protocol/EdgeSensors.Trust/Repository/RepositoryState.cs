using System.Globalization;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>The current metadata as the timestamp on disk names it. Files that no timestamp names are leftovers of a publication that was cut off.</summary>
internal sealed record RepositoryState(Root Root, Timestamp Timestamp, Snapshot Snapshot, Targets Targets)
{
    private const int MaxBytes = 64 << 20;

    public static RepositoryState Load(string metadata)
    {
        var rootVersion = 1L;
        while (File.Exists(PathOf(metadata, rootVersion + 1, TopLevelRole.Root)))
        {
            rootVersion++;
        }

        var root = Read<Root>(PathOf(metadata, rootVersion, TopLevelRole.Root), MetadataReader.TryReadRoot);
        var timestamp = Read<Timestamp>(Path.Combine(metadata, "timestamp.json"), MetadataReader.TryReadTimestamp);
        var snapshot = Read<Snapshot>(PathOf(metadata, timestamp.Snapshot.Version, TopLevelRole.Snapshot), MetadataReader.TryReadSnapshot);
        var targets = LoadTargets(metadata, snapshot, TopLevelRole.Targets)
            ?? throw new DamagedRepositoryException(TopLevelRole.Targets, "the snapshot does not list it");
        return new RepositoryState(root, timestamp, snapshot, targets);
    }

    /// <summary>A targets role as the snapshot names it; null when it is not there yet.</summary>
    public static Targets? LoadTargets(string metadata, Snapshot snapshot, string role) => snapshot.Find(role) is { } file
        ? Read<Targets>(PathOf(metadata, file.Version, role), MetadataReader.TryReadTargets)
        : null;

    public static Targets? LoadTargets(string metadata, long version, string role)
    {
        var path = PathOf(metadata, version, role);
        return File.Exists(path) ? Read<Targets>(path, MetadataReader.TryReadTargets) : null;
    }

    public static string PathOf(string metadata, long version, string role) =>
        Path.Combine(metadata, string.Create(CultureInfo.InvariantCulture, $"{version}.{role}.json"));

    /// <summary>The role that speaks of a target: the first delegation that covers it, else the top-level targets.</summary>
    public string RoleOf(string targetName) => Targets.Delegations?.Roles.FirstOrDefault(role => role.Covers(targetName))?.Name ?? TopLevelRole.Targets;

    private delegate bool Reader<T>(
        ReadOnlyMemory<byte> file, int maxBytes, out SignedMetadata<T>? metadata, out MetadataError? error)
        where T : SignedPayload;

    private static T Read<T>(string path, Reader<T> read)
        where T : SignedPayload => read(File.ReadAllBytes(path), MaxBytes, out var metadata, out var error)
            ? metadata!.Signed
            : throw new DamagedRepositoryException(Path.GetFileName(path), error!.Message);
}
