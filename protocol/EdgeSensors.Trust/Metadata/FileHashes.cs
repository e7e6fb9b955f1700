using System.Security.Cryptography;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>Length and hashes of a file (specification §4.4 and §4.5). SHA-256 and SHA-512 are known; every known one must match, and at least one be there.</summary>
internal sealed record FileHashes(long? Length, IReadOnlyDictionary<string, string>? Hashes)
{
    private const string Sha256 = "sha256";
    private const string Sha512 = "sha512";

    public static FileHashes Unknown { get; } = new(null, null);

    public static FileHashes Of(ReadOnlySpan<byte> bytes) =>
        new(bytes.Length, new Dictionary<string, string>(StringComparer.Ordinal) { [Sha256] = Convert.ToHexStringLower(SHA256.HashData(bytes)) });

    /// <summary>The hash that a consistent snapshot puts before the file's name; null when no known one is listed.</summary>
    public string? Prefix => Hashes is null ? null : Hashes.GetValueOrDefault(Sha256) ?? Hashes.GetValueOrDefault(Sha512);

    /// <summary>Whether both say the same of a file.</summary>
    public bool IsSameAs(FileHashes other) =>
        Length == other.Length && Hashes?.Count == other.Hashes?.Count && (Hashes ?? new Dictionary<string, string>()).All(hash => other.Hashes!.GetValueOrDefault(hash.Key) == hash.Value);

    /// <summary>Why bytes are not the file; null when they are.</summary>
    public string? Mismatch(ReadOnlySpan<byte> bytes)
    {
        if (Length is { } length && bytes.Length != length)
        {
            return $"has {bytes.Length} bytes, not {length}";
        }

        if (Hashes is null)
        {
            return null;
        }

        if (Prefix is null)
        {
            return "is listed with no hash of a kind known here (sha256, sha512)";
        }

        return Differs(Sha256, SHA256.HashData(bytes)) ?? Differs(Sha512, SHA512.HashData(bytes));
    }

    public void WriteMembers(CanonicalJsonWriter writer)
    {
        if (Hashes is not null)
        {
            writer.Member("hashes");
            writer.BeginObject();
            foreach (var (name, value) in Hashes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.String(name, value);
            }

            writer.EndObject();
        }

        if (Length is { } length)
        {
            writer.Integer("length", length);
        }
    }

    public static FileHashes Read(ObjectReader reader, bool required)
    {
        var length = required || reader.Has("length") ? reader.Integer("length", 0, long.MaxValue) : (long?)null;
        if (!required && !reader.Has("hashes"))
        {
            return new FileHashes(length, null);
        }

        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in reader.Object("hashes").Members(16))
        {
            hashes.Add(name, ObjectReader.AsString(value, reader.PathOf("hashes"), reader.Faults));
        }

        if (hashes.Count == 0)
        {
            reader.Faults.Add(reader.PathOf("hashes"), "are empty");
        }

        // The hash becomes part of a file's name, so it must be nothing but one.
        if (hashes.Any(pair => pair.Key is Sha256 or Sha512 && (pair.Value.Length != (pair.Key == Sha256 ? 64 : 128) || !pair.Value.All(char.IsAsciiHexDigit))))
        {
            reader.Faults.Add(reader.PathOf("hashes"), "hold a value that is no hash in hex");
        }

        return new FileHashes(length, hashes);
    }

    private string? Differs(string name, byte[] actual) =>
        Hashes!.TryGetValue(name, out var expected) && !string.Equals(expected, Convert.ToHexStringLower(actual), StringComparison.OrdinalIgnoreCase)
            ? $"has another {name} than the signed one"
            : null;
}
