using System.Security.Cryptography;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Log;

/// <summary>
/// Reads the entries of a log in order, with their preimages, and says what is not as it must be: metadata that names what was not logged before it, a version that there are
/// two of, a document that no entry stands for.
/// </summary>
public sealed class LogAudit
{
    private const int MaxBytes = 64 << 20;

    private readonly HashSet<string> _metadata = new(StringComparer.Ordinal);
    private readonly HashSet<string> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Type, long Version), string> _versions = [];

    /// <summary>Entries looked at.</summary>
    public long Count { get; private set; }

    /// <summary>Looks at the next entry.</summary>
    /// <param name="octets">The entry.</param>
    /// <param name="preimage">Its preimage, whose hash was checked; null when it is missing, which is for the caller to say.</param>
    /// <returns>One line for each thing that is wrong.</returns>
    public IReadOnlyList<string> Add(ReadOnlySpan<byte> octets, byte[]? preimage)
    {
        var index = Count++;
        var faults = new List<string>();
        if (!LogEntry.TryParse(octets, out var entry))
        {
            return [$"entry {index} is none of this log's kind"];
        }

        if (preimage is null)
        {
            _metadata.Add(entry.Sha256); // it is logged, whatever it is
            return faults;
        }

        switch (entry.Kind)
        {
            case LogEntryKind.Metadata:
                AddMetadata(entry, preimage, faults);
                _metadata.Add(entry.Sha256);
                break;
            case LogEntryKind.Grant or LogEntryKind.Authorization or LogEntryKind.Document:
                if (TryUnsalt(preimage, out _, out var document))
                {
                    _documents.Add(Convert.ToHexStringLower(SHA256.HashData(document)));
                }
                else
                {
                    faults.Add("its preimage has no salt and name");
                }

                break;
            default:
                break;
        }

        return [.. faults.Select(fault => $"entry {index} ({LogEntry.Word(entry.Kind)}): {fault}")];
    }

    /// <summary>Takes a salted preimage apart into its name and what was logged.</summary>
    public static bool TryUnsalt(ReadOnlySpan<byte> preimage, out string name, out ReadOnlySpan<byte> octets)
    {
        name = "";
        octets = default;
        var end = preimage.Length > LogEntry.SaltLength ? preimage[LogEntry.SaltLength..].IndexOf((byte)'\n') : -1;
        if (end < 0)
        {
            return false;
        }

        name = System.Text.Encoding.UTF8.GetString(preimage.Slice(LogEntry.SaltLength, end));
        octets = preimage[(LogEntry.SaltLength + end + 1)..];
        return true;
    }

    private void AddMetadata(LogEntry entry, ReadOnlyMemory<byte> file, List<string> faults)
    {
        if (MetadataReader.TryReadTimestamp(file, MaxBytes, out var timestamp, out _))
        {
            CheckVersion(timestamp.Signed, entry, faults);
            CheckHash("its snapshot", timestamp.Signed.Snapshot.File, _metadata, faults);
        }
        else if (MetadataReader.TryReadSnapshot(file, MaxBytes, out var snapshot, out _))
        {
            CheckVersion(snapshot.Signed, entry, faults);
            foreach (var (name, meta) in snapshot.Signed.Meta)
            {
                CheckHash(name, meta.File, _metadata, faults);
            }
        }
        else if (MetadataReader.TryReadTargets(file, MaxBytes, out var targets, out _))
        {
            foreach (var (name, target) in targets.Signed.Files)
            {
                CheckHash(name, target, _documents, faults);
            }
        }
        else if (MetadataReader.TryReadRoot(file, MaxBytes, out var root, out _))
        {
            CheckVersion(root.Signed, entry, faults);
            if (root.Signed.WitnessPolicy is null)
            {
                faults.Add($"root {root.Signed.Version} names no witnesses");
            }
        }
        else
        {
            faults.Add("its preimage is no metadata");
        }
    }

    private void CheckVersion(SignedPayload payload, LogEntry entry, List<string> faults)
    {
        if (!_versions.TryAdd((payload.Type, payload.Version), entry.Sha256) && _versions[(payload.Type, payload.Version)] != entry.Sha256)
        {
            faults.Add($"there are two of {payload.Type} version {payload.Version}");
        }
    }

    private static void CheckHash(string name, FileHashes file, HashSet<string> logged, List<string> faults)
    {
        if (file.Hashes?.GetValueOrDefault("sha256") is not { } hash || !logged.Contains(hash))
        {
            faults.Add($"{name} was not logged before it");
        }
    }
}
