using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>The prefixes that count as domestic (wall 3): the target <c>blocklists/domestic.json</c>.</summary>
public sealed record DomesticPrefixTable
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "domestic-prefixes";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 32 << 20;

    /// <summary>Counts up with every change.</summary>
    public required long Version { get; init; }

    /// <summary>The prefixes, at most 500,000.</summary>
    public required IReadOnlyList<Prefix> Prefixes { get; init; }

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        [NotNullWhen(true)] out DomesticPrefixTable? document,
        [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Strings("prefixes", Prefixes);
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.Integer("version", Version);
        writer.EndObject();
        return DocumentCodec.Finish<DomesticPrefixTable>(writer, TryParse);
    }

    private static DomesticPrefixTable Read(ObjectReader reader) => new()
    {
        Version = reader.Integer("version", 1, long.MaxValue),
        Prefixes = reader.Prefixes("prefixes", 0, 500_000),
    };
}
