using System.Globalization;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// One address, prefix or range a line. Behind white space or a comma there may be a whole number: on how many lists it was found, as ipsum has it; each counts a fifth of what is left to
/// certainty. Other words behind the address are left alone.
/// </summary>
internal static class TextList
{
    public static void Read(string text, ImportSink sink)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (sink.Error is not null)
            {
                return;
            }

            var end = line.IndexOfAny('#', ';');
            var words = (end < 0 ? line : line[..end]).Trim();
            if (words.IsEmpty)
            {
                continue;
            }

            if (words.Length > ImportBounds.MaxLine)
            {
                sink.Skip("a line too long", words[..ImportBounds.MaxLine].ToString());
                continue;
            }

            // "a - b" is a range with room around its dash.
            var split = words.IndexOf(" - ", StringComparison.Ordinal) >= 0 ? -1 : words.IndexOfAny(' ', '\t', ',');
            if (split < 0)
            {
                sink.Add(words.ToString());
                continue;
            }

            var rest = words[(split + 1)..].Trim();
            sink.Add(
                words[..split].ToString(),
                score: int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var lists) && lists is > 0 and <= 1000
                    ? (int)Math.Round(100 * (1 - Math.Pow(0.8, lists)))
                    : null);
        }
    }
}
