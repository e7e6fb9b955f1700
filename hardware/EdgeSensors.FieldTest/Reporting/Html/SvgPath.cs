using System.Globalization;
using System.Text;

namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>The data of an SVG path (SVG 1.1, section 8.3): numbers and letters, nothing that could be text of a run.</summary>
internal sealed class SvgPath
{
    private readonly StringBuilder _data = new();

    /// <summary>The data so far.</summary>
    public string Data => _data.ToString();

    /// <summary>A point that the line goes to; the first one is where it begins.</summary>
    public void LineTo(double x, double y) => Add(_data.Length == 0 ? 'M' : 'L', x, y);

    /// <summary>A point that the line goes to across and then up or down.</summary>
    public void StepTo(double x, double y)
    {
        if (_data.Length > 0)
        {
            _data.Append(CultureInfo.InvariantCulture, $"H{x:0.#}");
        }

        LineTo(x, y);
    }

    /// <summary>A line of its own, down or across.</summary>
    public void Segment(double fromX, double fromY, double toX, double toY)
    {
        Add('M', fromX, fromY);
        Add('L', toX, toY);
    }

    /// <summary>A rectangle of its own.</summary>
    public void Rectangle(double x, double y, double width, double height)
    {
        Add('M', x, y);
        _data.Append(CultureInfo.InvariantCulture, $"h{width:0.#}v{height:0.#}h{-width:0.#}z");
    }

    /// <summary>Ends the outline where it began.</summary>
    public void Close() => _data.Append('z');

    private void Add(char command, double x, double y) => _data.Append(CultureInfo.InvariantCulture, $"{command}{x:0.#} {y:0.#}");
}
