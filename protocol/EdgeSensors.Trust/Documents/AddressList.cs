using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>One entry of an <see cref="AddressList"/>.</summary>
/// <param name="Prefix">The address or prefix.</param>
/// <param name="Category">Why it is listed, for example <c>c2</c> or <c>scanner</c>.</param>
public readonly record struct ListedPrefix(Prefix Prefix, DocumentId Category);

/// <summary>Addresses whose contact is worth a report: the target <c>blocklists/listed.json</c>.</summary>
public sealed record AddressList
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "address-list";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 32 << 20;

    /// <summary>Counts up with every change.</summary>
    public required long Version { get; init; }

    /// <summary>The entries, at most 250,000.</summary>
    public required IReadOnlyList<ListedPrefix> Entries { get; init; }

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        [NotNullWhen(true)] out AddressList? document,
        [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Member("entries");
        writer.BeginArray();
        foreach (var (prefix, category) in Entries)
        {
            writer.BeginObject();
            writer.String("category", category.Text);
            writer.String("prefix", prefix.ToString());
            writer.EndObject();
        }

        writer.EndArray();
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.Integer("version", Version);
        writer.EndObject();
        return DocumentCodec.Finish<AddressList>(writer, TryParse);
    }

    private static AddressList Read(ObjectReader reader) => new()
    {
        Version = reader.Integer("version", 1, long.MaxValue),
        Entries = reader.List("entries", 0, 250_000, (item, path) =>
        {
            var entry = new ObjectReader(item, path, reader.Faults);
            var listed = new ListedPrefix(Words.ReadPrefix(entry.Value("prefix"), entry.PathOf("prefix"), entry.Faults), entry.Id("category"));
            entry.RefuseUnknown();
            return listed;
        }),
    };
}
