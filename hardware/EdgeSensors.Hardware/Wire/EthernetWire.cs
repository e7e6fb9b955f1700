namespace EdgeSensors.Hardware.Wire;

/// <summary>
/// An Ethernet line that plays frames: each takes its time at the line's rate with preamble, check sequence and gap (IEEE 802.3: 8, 4 and 12
/// octets), those shorter than 60 octets are padded, and one that is due while another is on its way waits.
/// </summary>
public sealed class EthernetWire : ILine
{
    private const int Overhead = 8 + 4 + 12;
    private const int ShortestFrame = 60;
    private readonly TimeProvider _time;
    private readonly IEnumerator<WireFrame> _frames;
    private readonly LineRate _rate;
    private readonly double _speed;
    private readonly long _start;
    private bool _hasNext;
    private WireFrame _next;
    private long _nextArrivesPs;
    private long _freePs;

    /// <summary>A line that begins to play now.</summary>
    /// <param name="time">The board's time.</param>
    /// <param name="frames">In order of their times.</param>
    /// <param name="rate">Whether their times count.</param>
    /// <param name="bitRate">Of the line, bits per second.</param>
    /// <param name="speed">How many times faster than their times say.</param>
    public EthernetWire(TimeProvider time, IEnumerable<WireFrame> frames, LineRate rate = LineRate.AsTimed, long bitRate = 100_000_000, double speed = 1)
    {
        _time = time;
        _frames = frames.GetEnumerator();
        _rate = rate;
        _speed = speed;
        _start = time.GetTimestamp();
        BitRate = bitRate;
        Load();
    }

    /// <inheritdoc/>
    public long BitRate { get; }

    /// <summary>Frames whose last bit has arrived.</summary>
    public long Frames { get; private set; }

    /// <summary>Their octets, with padding and without check sequences.</summary>
    public long Octets { get; private set; }

    /// <summary>Whether every frame has been played.</summary>
    public bool IsSilent => !_hasNext;

    /// <summary>When the next frame's last bit arrives, by the clock's timestamp; never when there is none.</summary>
    public long NextArrival => _hasNext ? _start + (long)(_nextArrivesPs / 1000.0 * (_time.TimestampFrequency / 1e9)) : long.MaxValue;

    /// <inheritdoc/>
    public bool TryTake(long now, out WireFrame frame)
    {
        frame = _next;
        if (!_hasNext || NextArrival > now)
        {
            return false;
        }

        Frames++;
        Octets += frame.Octets.Length;
        Load();
        return true;
    }

    private void Load()
    {
        _hasNext = _frames.MoveNext();
        if (!_hasNext)
        {
            return;
        }

        _next = _frames.Current;
        if (_next.Octets.Length < ShortestFrame)
        {
            byte[] padded = new byte[ShortestFrame];
            _next.Octets.CopyTo(padded);
            _next = _next with { Octets = padded };
        }

        long wanted = _rate == LineRate.Full ? 0 : (long)(_next.AtNs / _speed * 1000);
        long octetPs = 8_000_000_000_000 / BitRate;
        long begins = Math.Max(wanted, _freePs);
        _nextArrivesPs = begins + (_next.Octets.Length + Overhead - 12) * octetPs;
        _freePs = begins + (_next.Octets.Length + Overhead) * octetPs;
    }
}
