using System.Text;
using Spectre.Console.Rendering;

namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>Text for a terminal's columns.</summary>
internal static class Fitting
{
    /// <summary>Text that steers no terminal and is at most so many columns wide; East Asian characters take two.</summary>
    public static string To(string text, int width)
    {
        var (fit, used, cut) = (new StringBuilder(), 0, 0);
        foreach (var rune in SafeText.Clean(text, 400).EnumerateRunes())
        {
            used += new Segment(rune.ToString()).CellCount();
            if (used > width)
            {
                fit.Length = cut;
                return fit.Append('…').ToString();
            }

            fit.Append(rune);
            cut = used < width ? fit.Length : cut; // what leaves a column for the ellipsis
        }

        return fit.ToString();
    }
}
