using System.Globalization;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>A line on a terminal's standard error that says how far a long run is; nothing anywhere else.</summary>
internal sealed class Progress
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly TextWriter? _terminal;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private long _shown;
    private int _length;

    public Progress(TextWriter? terminal, TimeProvider clock)
    {
        _terminal = terminal;
        _clock = clock;
        _started = _shown = clock.GetTimestamp();
    }

    /// <summary>The terminal's, if there is one and the result does not scroll over it.</summary>
    /// <param name="keepsOutputShort">Whether the result may go to the same terminal.</param>
    public static Progress OfTerminal(bool keepsOutputShort) =>
        new(!Console.IsErrorRedirected && (Console.IsOutputRedirected || keepsOutputShort) ? Console.Error : null, TimeProvider.System);

    /// <summary>Shows how far the run is, at most twice a second.</summary>
    /// <param name="octets">Octets read.</param>
    /// <param name="length">Octets in all; null where nobody knows.</param>
    /// <param name="packets">Packets read.</param>
    /// <param name="flows">Flows open.</param>
    public void Show(long octets, long? length, long packets, int flows)
    {
        if (_terminal is null || _clock.GetElapsedTime(_shown) < Interval)
            return;
        _shown = _clock.GetTimestamp();
        var rate = packets / Math.Max(0.001, _clock.GetElapsedTime(_started).TotalSeconds);
        var line = string.Create(CultureInfo.InvariantCulture, $"{(length > 0 ? $"{100.0 * octets / length:F0} % of {length / 1e6:N0} MB" : $"{octets / 1e6:N0} MB")}, {packets:N0} packets ({rate:N0}/s), {flows:N0} flows open");
        _terminal.Write('\r' + line.PadRight(_length));
        _length = line.Length;
    }

    public void Clear()
    {
        if (_length > 0)
            _terminal!.Write('\r' + new string(' ', _length) + '\r');
        _length = 0;
    }
}
