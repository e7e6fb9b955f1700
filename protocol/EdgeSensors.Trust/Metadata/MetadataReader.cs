using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>Reads metadata files. Members that the specification does not define are kept in what is signed and otherwise ignored (§4).</summary>
internal static class MetadataReader
{
    private const int MaxDepth = 24;
    private const int MaxSignatures = 256;

    public static bool TryReadRoot(
        ReadOnlyMemory<byte> file, int maxBytes, [NotNullWhen(true)] out SignedMetadata<Root>? metadata, [NotNullWhen(false)] out MetadataError? error) =>
        TryRead(file, maxBytes, TopLevelRole.Root, Root.Read, out metadata, out error);

    public static bool TryReadTimestamp(
        ReadOnlyMemory<byte> file, int maxBytes, [NotNullWhen(true)] out SignedMetadata<Timestamp>? metadata, [NotNullWhen(false)] out MetadataError? error) =>
        TryRead(file, maxBytes, TopLevelRole.Timestamp, WithoutKeys(Timestamp.Read), out metadata, out error);

    public static bool TryReadSnapshot(
        ReadOnlyMemory<byte> file, int maxBytes, [NotNullWhen(true)] out SignedMetadata<Snapshot>? metadata, [NotNullWhen(false)] out MetadataError? error) =>
        TryRead(file, maxBytes, TopLevelRole.Snapshot, WithoutKeys(Snapshot.Read), out metadata, out error);

    public static bool TryReadTargets(
        ReadOnlyMemory<byte> file, int maxBytes, [NotNullWhen(true)] out SignedMetadata<Targets>? metadata, [NotNullWhen(false)] out MetadataError? error) =>
        TryRead(file, maxBytes, TopLevelRole.Targets, Targets.Read, out metadata, out error);

    private delegate T Reader<T>(ObjectReader reader, out string? mismatchedKeyId);

    private static Reader<T> WithoutKeys<T>(Func<ObjectReader, T> read) => (ObjectReader reader, out string? mismatchedKeyId) =>
    {
        mismatchedKeyId = null;
        return read(reader);
    };

    private static bool TryRead<T>(
        ReadOnlyMemory<byte> file,
        int maxBytes,
        string type,
        Reader<T> read,
        [NotNullWhen(true)] out SignedMetadata<T>? metadata,
        [NotNullWhen(false)] out MetadataError? error)
        where T : SignedPayload
    {
        metadata = null;
        if (!StrictJson.TryParse(file, maxBytes, MaxDepth, out var json, out var fault))
        {
            error = new MetadataError(MetadataFault.Malformed, fault.Reason);
            return false;
        }

        using (json)
        {
            var faults = new FaultLog();
            var envelope = new ObjectReader(json.RootElement, "", faults);
            var signatures = envelope.List("signatures", 0, MaxSignatures, (item, path) =>
            {
                var signature = new ObjectReader(item, path, faults);
                return new MetadataSignature(signature.String("keyid", 128), signature.String("sig", 8192));
            });
            var signed = envelope.Value("signed");
            var reader = new ObjectReader(signed, "", faults);
            if (reader.String("_type") is var actualType && faults.First is null && actualType != type)
            {
                error = new MetadataError(MetadataFault.WrongType, $"is metadata of type '{actualType}', not '{type}'");
                return false;
            }

            if (reader.String("spec_version") is var specVersion && faults.First is null && specVersion != "1" && !specVersion.StartsWith("1.", StringComparison.Ordinal))
            {
                error = new MetadataError(MetadataFault.UnsupportedSpecVersion, $"is written for specification {specVersion}; this client knows 1.0");
                return false;
            }

            var payload = read(reader, out var mismatchedKeyId);
            var canonical = Array.Empty<byte>();
            if (faults.First is null && !CanonicalJson.TryEncode(signed, out canonical))
            {
                faults.Add("signed", "holds a number that is not an integer");
            }

            if (faults.First is { } first)
            {
                error = new MetadataError(
                    mismatchedKeyId is null ? MetadataFault.Malformed : MetadataFault.KeyIdMismatch, $"{first.Path} {first.Reason}");
                return false;
            }

            // "multiple signatures with the same KEYID are not allowed" (specification §4.2).
            if (signatures.DistinctBy(s => s.KeyId, StringComparer.Ordinal).Count() != signatures.Count)
            {
                error = new MetadataError(MetadataFault.DuplicateSignature, "carries two signatures under one key id");
                return false;
            }

            metadata = new SignedMetadata<T>(payload, canonical!, signatures, file);
            error = null;
            return true;
        }
    }
}
