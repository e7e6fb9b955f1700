using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>A page as it is written. What stands in a format is markup; whatever is put into it is text and is escaped: there is no way to put a run's words in as markup.</summary>
internal sealed class Html
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds markup with text in it.</summary>
    public void Add(Piece piece) => _text.Append(piece.Markup);

    /// <summary>Adds text of the program's own as it is: the style sheet.</summary>
    public void AddOwn(string markup) => _text.Append(markup);

    /// <summary>A text in both languages, of which the switch shows one.</summary>
    public void Both(string en, string ja) => Add($"<span lang=\"en\">{en}</span><span lang=\"ja\">{ja}</span>");

    /// <inheritdoc cref="Both(string, string)"/>
    public void Both(Title title) => Both(title.En, title.Ja);

    /// <summary>A cell, a heading or the like with a text in both languages.</summary>
    /// <param name="element">Its name, without attributes.</param>
    /// <param name="en">English.</param>
    /// <param name="ja">Japanese.</param>
    public void Both(string element, string en, string ja)
    {
        Add($"<{element}>");
        Both(en, ja);
        Add($"</{element}>");
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Markup with holes.</summary>
    [InterpolatedStringHandler]
    internal readonly struct Piece(int literals, int holes)
    {
        private readonly StringBuilder _text = new(literals + (holes * 16));

        /// <summary>With its text escaped.</summary>
        public StringBuilder Markup => _text;

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(SafeText.Clean(text ?? "")));

        public void AppendFormatted(SvgPath path) => _text.Append(path.Data);

        public void AppendFormatted(long number) => _text.Append(number.ToString("N0", CultureInfo.InvariantCulture));

        public void AppendFormatted(double number) => _text.Append(number.ToString("0.##", CultureInfo.InvariantCulture));
    }
}
