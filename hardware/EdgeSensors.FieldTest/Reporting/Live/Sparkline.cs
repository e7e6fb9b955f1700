namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>A figure over the run so far in a line of text. However long the run, it keeps a bounded number of stretches: they double when they are too many.</summary>
internal sealed class Sparkline
{
    private const int Most = 128;
    private const string Bars = "▁▂▃▄▅▆▇█";

    private readonly List<double> _stretches = [];
    private long _stretchMs = 100;

    /// <summary>Takes a value; of a stretch the highest stays.</summary>
    public void Add(long atMs, double value)
    {
        while (atMs / _stretchMs >= Most)
        {
            for (var i = 0; i < (_stretches.Count + 1) / 2; i++)
            {
                _stretches[i] = Math.Max(_stretches[2 * i], (2 * i) + 1 < _stretches.Count ? _stretches[(2 * i) + 1] : 0);
            }

            _stretches.RemoveRange((_stretches.Count + 1) / 2, _stretches.Count / 2);
            _stretchMs *= 2;
        }

        var at = (int)(Math.Max(0, atMs) / _stretchMs);
        while (_stretches.Count <= at)
        {
            _stretches.Add(_stretches.Count == 0 || _stretches.Count == at ? 0 : _stretches[^1]); // nothing was said meanwhile: it is as it was
        }

        _stretches[at] = Math.Max(_stretches[at], value);
    }

    /// <summary>All of it in so many characters or fewer.</summary>
    public string Draw(int width)
    {
        var wide = Math.Min(width, _stretches.Count);
        var top = _stretches.Count == 0 ? 0 : _stretches.Max();
        return string.Create(wide, this, (line, self) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                var (from, to) = (i * self._stretches.Count / line.Length, (i + 1) * self._stretches.Count / line.Length);
                var highest = self._stretches[from..to].Max();
                line[i] = top <= 0 ? Bars[0] : Bars[(int)Math.Clamp(highest / top * (Bars.Length - 1), 0, Bars.Length - 1)];
            }
        });
    }
}
