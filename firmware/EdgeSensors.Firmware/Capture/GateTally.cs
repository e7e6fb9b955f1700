using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Capture;

/// <summary>
/// What a window's packets and octets were in all, of which some were seen, and how far off that may be. Stretches in which everything was seen count as they
/// are. Otherwise time is in strata, each with one gate of a length that was set before, at a moment drawn by lot: the gate counts as the whole stratum does, which
/// is right on average whatever comes, and however it changes. The variance is that of a sample of clusters, the gates: what one and the next differ by, scaled
/// to the time that they stand for. Pieces in which nothing could be drawn, such as the moments in which the chip is opened, count as what comes next.
/// </summary>
internal sealed class GateTally
{
    private const int Fine = 16;
    private const int LeastOctets = 40; // of a packet
    private const int LeastRateUs = 500; // a shorter stretch says little of what comes
    private const long MostVariance = long.MaxValue / 4;

    private long _packets;
    private long _octets;
    private long _missedFine;
    private long _missedOctets;
    private long _variance;
    private long _octetVariance;
    private long _seenUs;
    private long _unseenUs;
    private long _pendingUs;
    private long _leastOctets;
    private long _lastUs;
    private long _lastPackets;
    private long _lastOctets;
    private int _gates;
    private bool _filled;

    /// <summary>So long nobody looked.</summary>
    public void Unseen(long us)
    {
        _pendingUs += us;
        _unseenUs += us;
    }

    /// <summary>So long nobody looked, and then the buffer was full: at least so many octets came.</summary>
    public void Filled(long us, long octets)
    {
        Unseen(us);
        _filled = true;
        _leastOctets += octets;
    }

    /// <summary>A stretch in which everything was seen, as long as it happened to be.</summary>
    public void Exact(long us, long packets, long octets)
    {
        _packets += packets;
        _octets += octets;
        _seenUs += us;
        if (us > 0 && us >= _pendingUs)
        {
            StandFor(us, packets, octets, _pendingUs);
        }

        if (us >= LeastRateUs)
        {
            Remember(us, packets, octets);
        }
    }

    /// <summary>A gate.</summary>
    /// <param name="us">Its length.</param>
    /// <param name="packets">Packets that came in it.</param>
    /// <param name="octets">Their octets.</param>
    /// <param name="stratumUs">The length of its stratum.</param>
    public void Gate(long us, long packets, long octets, long stratumUs)
    {
        _packets += packets;
        _octets += octets;
        _seenUs += us;
        _gates++;
        long cluster = stratumUs + _pendingUs;
        if (_lastUs > 0 && cluster > us)
        {
            long apart = Fine * packets * cluster / us - Fine * _lastPackets * cluster / _lastUs;
            long octetsApart = octets * cluster / us - _lastOctets * cluster / _lastUs;
            _variance = Sum(_variance, apart * apart / 2 / cluster * (cluster - us));
            _octetVariance = Sum(_octetVariance, octetsApart * octetsApart / 2 / cluster * (cluster - us));
        }

        StandFor(us, packets, octets, cluster - us);
        Remember(us, packets, octets);
    }

    /// <summary>Ends a window, says how it was measured, and begins the next.</summary>
    /// <param name="windowUs">The window's length.</param>
    /// <param name="restUs">Of the last gate's stratum what lies in the next window.</param>
    /// <param name="quality">Filled in.</param>
    public void End(long windowUs, long restUs, MeasurementQuality quality)
    {
        if (_pendingUs > 0 && _seenUs > 0)
        {
            // A stratum that the window's end cuts: its other part has the gate.
            _variance = Sum(_variance, _gates > 0 ? _variance / _gates : 0);
            _octetVariance = Sum(_octetVariance, _gates > 0 ? _octetVariance / _gates : 0);
            StandFor(_seenUs, _packets, _octets, _pendingUs);
        }

        long rest = _lastUs > 0 ? Fine * _lastPackets * restUs / _lastUs : 0;
        long restOctets = _lastUs > 0 ? _lastOctets * restUs / _lastUs : 0;
        _missedFine -= rest;
        _missedOctets -= restOctets;

        // Looks are some time apart: what is within a thousandth of the whole is the whole. Of a window without a gate, as in a flood that fills the
        // buffer between two looks, no ratio can be said.
        bool whole = _gates == 0 && !_filled && 1_000 * _unseenUs <= windowUs;
        long all = _packets + (_missedFine > 0 ? (_missedFine + Fine / 2) / Fine : 0);
        quality.IsBounded = !whole && _seenUs > 0;
        quality.IsSeen = _seenUs > 0;
        if (whole)
        {
            quality.SamplingSize = 1;
            quality.SamplingPopulation = 1;
        }
        else
        {
            bool some = _packets > 0 && all <= uint.MaxValue;
            long seen = _seenUs > 0 ? _seenUs : 1;
            quality.SamplingSize = (uint)(some ? _packets : seen);
            quality.SamplingPopulation = (uint)(some ? all : windowUs > seen ? windowUs : seen);
            quality.PacketsWithin = (ulong)(Half(_variance) / Fine + 1);
            quality.AllOctets = (ulong)(_octets + (_missedOctets > 0 ? _missedOctets : 0));
            quality.OctetsWithin = (ulong)(Half(_octetVariance) + 1);
        }

        Clear();
        _missedFine = rest;
        _missedOctets = restOctets;
    }

    private void Clear()
    {
        _packets = 0;
        _octets = 0;
        _missedFine = 0;
        _missedOctets = 0;
        _variance = 0;
        _octetVariance = 0;
        _seenUs = 0;
        _unseenUs = 0;
        _pendingUs = 0;
        _leastOctets = 0;
        _gates = 0;
        _filled = false;
    }

    private void Remember(long us, long packets, long octets)
    {
        _lastUs = us;
        _lastPackets = packets;
        _lastOctets = octets;
    }

    /// <summary>A time in which nobody looked counts as another does.</summary>
    private void StandFor(long us, long packets, long octets, long unseenUs)
    {
        long missed = Fine * packets * unseenUs / us;
        long missedOctets = octets * unseenUs / us;
        if (_leastOctets > 0 && missedOctets < _leastOctets)
        {
            // It was over before anybody looked again, and had filled the buffer: as much again may have been lost.
            missed = Fine * _leastOctets / (octets > 0 ? octets / packets : LeastOctets);
            missedOctets = _leastOctets;
            _variance = Sum(_variance, missed * missed);
            _octetVariance = Sum(_octetVariance, missedOctets * missedOctets);
        }

        // What came in pieces that nothing was drawn for: as if it came one by one, each at most as long as frames are.
        long pieces = _pendingUs < unseenUs ? _pendingUs : unseenUs;
        if (pieces > 0)
        {
            _variance = Sum(_variance, Fine * (missed * pieces / unseenUs));
            _octetVariance = Sum(_octetVariance, missedOctets * pieces / unseenUs * W5500.LongestFrame);
        }

        _missedFine += missed;
        _missedOctets += missedOctets;
        _pendingUs = 0;
        _leastOctets = 0;
    }

    /// <summary>Half of the interval that holds 95 %: Student's factor, 1.96 of many gates and more of few, times the deviation.</summary>
    private long Half(long variance)
    {
        return Root(variance) * (196 + 600 / (_gates + 1)) / 100;
    }

    private static long Sum(long a, long b)
    {
        return a > MostVariance - b ? MostVariance : a + b;
    }

    private static long Root(long square)
    {
        long root = 0;
        for (int bit = 30; bit >= 0; bit--)
        {
            long more = root + (1L << bit);
            root = more * more <= square ? more : root;
        }

        return root;
    }
}
