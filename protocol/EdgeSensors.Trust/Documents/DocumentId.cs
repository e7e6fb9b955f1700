using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Documents;

/// <summary>The id of an authorisation, a grant or a rule: 1 to 63 of <c>a–z 0–9 -</c>, beginning and ending with a letter or digit, so that it is a file's name as it stands.</summary>
public readonly record struct DocumentId
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private readonly string? _text;

    private DocumentId(string text) => _text = text;

    /// <summary>The id's text; throws <see cref="InvalidOperationException"/> on <c>default</c>, which names nothing.</summary>
    public string Text => _text ?? throw new InvalidOperationException("A document id that was never set.");

    /// <summary>Reads an id; false when it has another shape.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DocumentId id)
    {
        var valid = text is { Length: >= 1 and <= 63 } && text[0] != '-' && text[^1] != '-' && !text.AsSpan().ContainsAnyExcept(Allowed);
        id = valid ? new DocumentId(text!) : default;
        return valid;
    }

    /// <summary>Reads an id that is known to be right; throws <see cref="FormatException"/> when it is not.</summary>
    public static DocumentId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not an id: 1 to 63 of a-z, 0-9 and '-'.");

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}
