using System.Text;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>
/// Text of a run made fit to be shown. It may quote a capture, a wire or a scenario of somebody else: what steers a terminal, turns the reading direction, or is no character
/// that XML 1.0 (section 2.2) takes, is replaced by U+FFFD; line breaks and tabs become spaces.
/// </summary>
internal static class SafeText
{
    /// <summary>More of one text than this is cut, and said to be.</summary>
    public const int Longest = 1_000;

    /// <summary>The text without what it must not hold.</summary>
    public static string Clean(string text, int longest = Longest)
    {
        var clean = new StringBuilder(Math.Min(text.Length, longest) + 1);
        foreach (var rune in text.EnumerateRunes()) // half a surrogate pair comes as U+FFFD
        {
            if (clean.Length >= longest)
            {
                return clean.Append('…').ToString();
            }

            clean.Append(rune.Value is '\t' or '\n' or '\r' ? " " : IsFit(rune) ? rune.ToString() : "\ufffd");
        }

        return clean.ToString();
    }

    private static bool IsFit(Rune rune) => !Rune.IsControl(rune)
        && rune.Value is not ((>= 0x200b and <= 0x200f) or (>= 0x2028 and <= 0x202e) or (>= 0x2060 and <= 0x206f) or 0x061c or 0xfeff)
        && (rune.Value & 0xfffe) != 0xfffe
        && rune.Value is not (>= 0xfdd0 and <= 0xfdef);
}
