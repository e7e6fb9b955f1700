using System.Globalization;
using EdgeSensors.Trust.Disk;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

public sealed partial class TufRepository
{
    /// <summary>The witness policies of all roots, by version from 1; a root of a time before the log counts with that of its successor. An error when the newest has none.</summary>
    public RepositoryResult<IReadOnlyList<WitnessPolicy>> ReadWitnessPolicies() => Guard<IReadOnlyList<WitnessPolicy>>(() =>
    {
        var newest = RepositoryState.Load(MetadataDirectory).Root;
        if (newest.WitnessPolicy is not { } next)
        {
            throw new DamagedRepositoryException(
                $"{newest.Version}.root.json", "its root names no witnesses, and sensors refuse what no witness has seen (edgesensors-hub log policy makes one that does)");
        }

        var policies = new WitnessPolicy[newest.Version];
        for (var version = newest.Version; version >= 1; version--)
        {
            var file = File.ReadAllBytes(RepositoryState.PathOf(MetadataDirectory, version, TopLevelRole.Root));
            policies[version - 1] = next = WitnessPolicy.TryReadRoot(file, out var policy, out _) ? policy : next;
        }

        return policies;
    });

    /// <summary>All that clients can see now.</summary>
    public RepositoryResult<RepositoryFiles> ListVisible() => Guard(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        var current = state.Snapshot.Meta.ToDictionary(meta => Path.GetFileNameWithoutExtension(meta.Key), meta => meta.Value.Version, StringComparer.Ordinal);
        current[TopLevelRole.Snapshot] = state.Snapshot.Version;
        current[TopLevelRole.Root] = state.Root.Version;
        current[TopLevelRole.Timestamp] = state.Timestamp.Version;
        var metadata = System.IO.Directory.EnumerateFiles(MetadataDirectory, "*.json")
            .Select(path => (Path: path, Parts: Path.GetFileName(path).Split('.', 3)))
            .Where(file => file.Parts is [_, _, "json"] && long.TryParse(file.Parts[0], out var version) && current.TryGetValue(file.Parts[1], out var newest) && version <= newest)
            .OrderBy(file => Rank(file.Parts[1]))
            .ThenBy(file => long.Parse(file.Parts[0], CultureInfo.InvariantCulture))
            .Select(file => file.Path)
            .ToList();
        var targets = System.IO.Directory.EnumerateFiles(TargetsDirectory, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal))
            .Select(path => (NameOf(Path.GetRelativePath(TargetsDirectory, path)), path))
            .Order()
            .ToList();
        return new RepositoryFiles(targets, metadata);
    });

    /// <summary>The version of a timestamp file; 0 when it is none.</summary>
    public static long TimestampVersionOf(ReadOnlyMemory<byte> file) =>
        MetadataReader.TryReadTimestamp(file, Client.TufLimits.Default.MaxTimestampBytes, out var timestamp, out _) ? timestamp.Signed.Version : 0;

    /// <summary>Puts a proof beside the metadata, durably; throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk refuses.</summary>
    public void WriteProof(string fileName, ReadOnlySpan<byte> proof)
    {
        AtomicFile.Write(Path.Combine(MetadataDirectory, fileName), proof);
        AtomicFile.SyncDirectory(MetadataDirectory);
    }

    private static int Rank(string role) => role switch
    {
        TopLevelRole.Targets => 1,
        TopLevelRole.Snapshot => 2,
        TopLevelRole.Root => 3,
        TopLevelRole.Timestamp => 4,
        _ => 0,
    };

    // Consistent snapshots put a hash and a dot before the last part of the name.
    private static string NameOf(string path)
    {
        var slash = path.LastIndexOf('/') + 1;
        return path[..slash] + path[(path.IndexOf('.', slash) + 1)..];
    }
}
