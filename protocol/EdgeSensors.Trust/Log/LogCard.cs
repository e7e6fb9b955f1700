using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Log;

/// <summary>What a log tells a witness, and a witness a log, before they work together: one line, key and URL.</summary>
/// <param name="Key">The key with its name.</param>
/// <param name="Url">A log's prefix, or a witness's submission prefix.</param>
public sealed record LogCard(NoteKey Key, Uri Url)
{
    /// <summary>Reads the first line of a card.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out LogCard? card)
    {
        card = text?.Split('\n')[0].Trim().Split(' ') is [var keyText, var urlText] && NoteKey.TryParse(keyText, out var key)
            && Uri.TryCreate(urlText, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new LogCard(key, url.AbsoluteUri.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/"))
            : null;
        return card is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Url}";
}
