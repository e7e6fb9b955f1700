using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// The kill switch as sensors see it: the target <c>control/hold.json</c>. While it is there no blocklist is enforced, whatever its keeper has signed. Rules need no such word: they leave the
/// rule set.
/// </summary>
public sealed record EnforcementHold
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "enforcement-hold";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 1 << 10;

    /// <summary>When it was called for.</summary>
    public required UnixMilliseconds Since { get; init; }

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out EnforcementHold? document, [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The bytes to sign and publish.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Integer("since", Since.Value);
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return DocumentCodec.Finish<EnforcementHold>(writer, TryParse);
    }

    private static EnforcementHold Read(ObjectReader reader) => new() { Since = new UnixMilliseconds(reader.Integer("since", 0, UnixMilliseconds.MaxValue)) };
}
