namespace EdgeSensors.Trust.Documents;

/// <summary>Why bytes are not the trust document they should be.</summary>
/// <param name="Document">The document's type, as its <c>type</c> member names it.</param>
/// <param name="Path">The member at fault, <c>rules[2].openc2.target</c>; empty when it is the whole.</param>
/// <param name="Reason">What is wrong with it, for a person.</param>
public sealed record DocumentError(string Document, string Path, string Reason)
{
    /// <summary>One line that can be printed: control characters that the bytes brought along are shown as <c>?</c>.</summary>
    public override string ToString()
    {
        var text = Path.Length == 0 ? $"{Document}: {Reason}" : $"{Document}: {Path} {Reason}";
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
