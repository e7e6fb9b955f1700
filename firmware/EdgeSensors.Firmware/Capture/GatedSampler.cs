using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Capture;

/// <summary>
/// Takes frames' headers from the chip, which drops frames when its 16 KB are full and does not say so. While it keeps up, it looks again and again: between two
/// releases the level only rises, so that a level with room for one more frame proves that nothing was dropped until then, and everything up to that look is
/// seen. A look that finds too high a level proves the contrary, and to leave out just what was too much would make totals too low. So when looks can be
/// expected to fail, and once one has failed, it samples: in gates, each as long as the line at its full rate needs to fill the buffer. Such a gate cannot
/// overflow, so it counts whatever comes in it; one that took longer does not count, whatever came in it. Nor may what came decide when the next one is: each
/// is at a moment drawn by lot in a stratum that is long enough for the work on a gate, by what that took in the windows before. <see cref="GateTally"/> adds up.
/// </summary>
internal sealed class GatedSampler
{
    /// <summary>A level above this may have cost a frame.</summary>
    public const int HighestLevel = W5500.BufferSize - W5500.LongestFrame - W5500.LengthPrefix;

    private const long RetryUs = 250_000;
    private const int NanosecondsALineOctet = 80; // 100 Mbit/s; a frame takes more of the line than of the buffer
    private const int LeastCaution = 4;
    private const int MostCaution = 64;
    private const int GatesBeforeTrust = 8;
    private const int RateFine = 1_024;
    private const int LeastStratumUs = 4_000;
    private const int LeastRateUs = 1_000;

    private readonly W5500 _chip;
    private readonly TapMeter _meter;
    private readonly IClock _clock;
    private readonly GateTally _tally = new GateTally();
    private readonly byte[] _headers = new byte[FrameParser.MostHeader];
    private readonly byte[] _prefix = new byte[W5500.LengthPrefix];

    // Where it stands. Of a gate and of a stretch: begun with a look whose frames are skipped, so that both ends are timed alike.
    private bool _open;
    private bool _begun;
    private bool _ending;
    private bool _isGated;
    private bool _gateDone;
    private int _ahead;
    private int _taken;
    private long _seenUntilUs;
    private long _beginUs;
    private long _boundaryUs;
    private long _planUs;
    private long _latestUs;
    private long _stratumUs;
    private long _stratumLength;
    private long _drawnUs;
    private bool _hasCounted;
    private long _initializeUs;
    private int _disturbances;
    private long _packets;
    private long _octets;

    // What has been learnt of the traffic and of the loop: decisions rest on it, and on nothing that is still to come.
    private int _caution = LeastCaution;
    private int _gates;
    private int _gateOctets;
    private long _rate;
    private long _nanosecondsAnOctet;
    private long _lookUs;
    private long _pauseUs;
    private long _closingUs;
    private long _leftUs;
    private bool _wasClosing;
    private long _workUs;
    private long _cameUs;
    private long _cameOctets;
    private int _empty;
    private uint _lot;
    private long _busyUs = LeastStratumUs / 2;

    /// <summary>Feeds a meter from a chip that is initialised.</summary>
    public GatedSampler(W5500 chip, TapMeter meter, IClock clock)
    {
        _chip = chip;
        _meter = meter;
        _clock = clock;
        _seenUntilUs = clock.Microseconds;
        _leftUs = _seenUntilUs;
    }

    /// <summary>Gates of this window that the chip or the bus broke: what they missed is not known.</summary>
    public int Broken { get; private set; }

    /// <summary>Frames whose headers were taken.</summary>
    public long Frames { get; private set; }

    /// <summary>Whether a gate is open that is lost if it is not looked at within a millisecond.</summary>
    public bool IsWaiting => _isGated && _begun && _ahead == 0;

    /// <summary>One turn of the loop: a look, or one frame. False when there was nothing to do but, perhaps, to wait.</summary>
    public bool Step()
    {
        long now = _clock.Microseconds;
        NotePause(now - _leftUs);
        bool takes = _ahead > 0;
        bool worked = Turn(now);
        _leftUs = _clock.Microseconds;
        _workUs += takes ? _leftUs - now : 0;
        return worked;
    }

    /// <summary>Ends the window at the last boundary, takes the frames before it, and says how the window was measured.</summary>
    /// <param name="windowUs">The window's length.</param>
    /// <param name="quality">Filled in.</param>
    public void EndWindow(long windowUs, MeasurementQuality quality)
    {
        long now = _clock.Microseconds;
        while (_ahead > 0)
        {
            TakeFrame();
        }

        if (_gateDone)
        {
            EndGate();
        }

        long rest = 0;
        if (!_isGated)
        {
            if (_begun)
            {
                EndStretch();
                _begun = true;
                _beginUs = _boundaryUs;
                if (Expected(_closingUs) > HighestLevel)
                {
                    Close(); // the window's closing takes longer than the buffer has room for
                    Sample(_boundaryUs);
                }
            }
            else
            {
                _tally.Unseen(now - _seenUntilUs);
                _seenUntilUs = now;
            }
        }
        else if (_hasCounted)
        {
            rest = _stratumUs + _stratumLength - now;
            if (rest < 0)
            {
                _tally.Unseen(-rest); // the work on the gate takes longer than its stratum
                _stratumUs = now - _stratumLength;
                rest = 0;
            }
        }
        else
        {
            // The rest of the stratum belongs to the next window, and the gate with it.
            long part = now - _stratumUs;
            _tally.Unseen(part);
            _stratumUs = now;
            _stratumLength = _stratumLength > part ? _stratumLength - part : 0;
        }

        _tally.End(windowUs, rest, quality);
        quality.Dropped = Broken == 0 && quality.IsSeen && _chip.Disturbances == _disturbances ? 0 : -1;
        _disturbances = _chip.Disturbances;
        Broken = 0;
        _caution = _caution > LeastCaution ? _caution / 2 : LeastCaution;
        _busyUs = _busyUs > LeastStratumUs / 2 ? _busyUs - _busyUs / 8 : LeastStratumUs / 2;
        _wasClosing = true;
        _leftUs = _clock.Microseconds;
    }

    private bool Turn(long now)
    {
        if (_ahead > 0)
        {
            TakeFrame();
            return true;
        }

        if (_isGated)
        {
            return StepStratum(now);
        }

        return _open ? Look() : TryOpen();
    }

    /// <summary>How long others had the loop; when the window was closed between, that is another matter.</summary>
    private void NotePause(long us)
    {
        if (_wasClosing)
        {
            _closingUs = us > _closingUs ? us : _closingUs - (_closingUs - us) / 4;
            _wasClosing = false;
        }
        else if (us > _pauseUs)
        {
            _pauseUs = us;
        }
    }

    /// <summary>Opens the next gate. A chip that was reset by itself or hung is initialised anew, a few times a second at most.</summary>
    private bool TryOpen()
    {
        _begun = false;
        _ending = false;
        _open = _chip.TryOpen();
        if (!_open && _clock.Microseconds >= _initializeUs)
        {
            _initializeUs = _clock.Microseconds + RetryUs;
            _open = _chip.TryInitialize() && _chip.TryOpen();
        }

        Broken += _open ? 0 : 1;
        return _open;
    }

    /// <summary>Keeping up: what the last look found has been taken, and this one finds what came since.</summary>
    private bool Look()
    {
        if (_ending)
        {
            EndStretch();
            Close();
            Sample(_boundaryUs);
            return true;
        }

        if (!_chip.TryReadReceivedSize(out int level))
        {
            Break();
            return true;
        }

        if (level > HighestLevel)
        {
            Overflowed();
            return true;
        }

        long before = _boundaryUs;
        _boundaryUs = _clock.Microseconds;
        if (!_begun)
        {
            Begin(level);
            return Release();
        }

        _ahead = level - _taken;
        Learn(_ahead, _boundaryUs - before);
        LearnCost(_taken);

        _pauseUs -= _pauseUs / 16;
        _ending = _ahead + _caution * Expected(_ahead * _nanosecondsAnOctet / 1_000 + _lookUs) > HighestLevel;
        return Release() && _ahead > 0;
    }

    /// <summary>Octets that are expected to come within a time.</summary>
    private long Expected(long us)
    {
        return us * _rate / RateFine;
    }

    /// <summary>Begins a stretch or a gate: what is in the buffer came before it.</summary>
    private void Begin(int level)
    {
        _begun = true;
        _beginUs = _boundaryUs;
        _packets = 0;
        _octets = 0;
        _chip.Skip(level);
        _taken = level;
        _ahead = 0;
        if (!_isGated)
        {
            _tally.Unseen(_beginUs - _seenUntilUs);
            _seenUntilUs = _beginUs;
        }
    }

    private bool Release()
    {
        bool released = _taken == 0 || _chip.TryRelease();
        _taken = 0;
        if (!released)
        {
            Break();
        }

        return released;
    }

    private void EndStretch()
    {
        if (_begun)
        {
            _tally.Exact(_boundaryUs - _beginUs, _packets, _octets);
            _seenUntilUs = _boundaryUs;
        }

        _begun = false;
        _packets = 0;
        _octets = 0;
    }

    /// <summary>Frames came faster than was expected.</summary>
    private void Overflowed()
    {
        long now = _clock.Microseconds;
        EndStretch();
        _tally.Filled(now - _seenUntilUs, HighestLevel / 2); // a short packet is two thirds of its frame
        _caution = _caution < MostCaution ? 2 * _caution : MostCaution;
        _rate = _rate > RateFine ? _rate : RateFine;
        Close();
        Sample(now);
    }

    /// <summary>From now on one gate a stratum.</summary>
    private void Sample(long fromUs)
    {
        _isGated = true;
        _gates = 0;
        Draw(fromUs);
    }

    /// <summary>Begins a stratum.</summary>
    private void Draw(long fromUs)
    {
        _stratumUs = fromUs;
        _stratumLength = 2 * _busyUs;
        _lot = 1_664_525 * _lot + 1_013_904_223 + (uint)_clock.Microseconds;
        _drawnUs = fromUs + (_lot >> 12) * _stratumLength / (1 << 20);
        _hasCounted = false;
    }

    private bool StepStratum(long now)
    {
        if (_open)
        {
            return StepGate(now);
        }

        if (now >= _drawnUs)
        {
            _drawnUs = long.MaxValue;
            return TryOpen();
        }

        if (now < _stratumUs + _stratumLength || _drawnUs != long.MaxValue)
        {
            return false;
        }

        long end = _stratumUs + _stratumLength;
        if (!_hasCounted)
        {
            _tally.Unseen(_stratumLength); // its gate took too long
            _empty++;
        }

        // It keeps up again when what comes takes less than half of the time, and several times of it find room while others have the loop. Where no gate
        // ever ends in time, because others have the loop too often, there is nothing but to try.
        bool keepsUp = _gates >= GatesBeforeTrust && 2 * _rate * _nanosecondsAnOctet < 1_000L * RateFine && 2 * Expected(_pauseUs) + _caution * Expected(_lookUs) < HighestLevel;
        if (keepsUp || _empty >= GatesBeforeTrust)
        {
            _isGated = false;
            _empty = 0;
            _seenUntilUs = end;
        }
        else
        {
            _tally.Unseen(now - end);
            Draw(now);
        }

        return true;
    }

    /// <summary>A look, a wait, a look, and then its frames.</summary>
    private bool StepGate(long now)
    {
        if (_gateDone)
        {
            EndGate();
            return true;
        }

        // It waits by looking, which takes time on any loop.
        long before = now;
        if (!_chip.TryReadReceivedSize(out int level))
        {
            Break();
            return true;
        }

        _boundaryUs = _clock.Microseconds;
        long look = _boundaryUs - before;
        _lookUs = look > _lookUs ? look : _lookUs - (_lookUs - look) / 16;
        if (!_begun)
        {
            long room = level < HighestLevel ? HighestLevel - level : 0;
            _latestUs = before + room * NanosecondsALineOctet / 1_000;
            _planUs = _latestUs - 2 * _lookUs;
            Begin(level);
            Release();
            return true;
        }

        if (_boundaryUs < _planUs)
        {
            return false;
        }

        _gateOctets = level;
        if (_boundaryUs > _latestUs)
        {
            Close(); // it may have overflowed; whether it did is not asked
        }
        else if (level > HighestLevel)
        {
            Break(); // the line is faster than lines are
        }
        else
        {
            _ahead = level;
            _gateDone = true;
        }

        return true;
    }

    private void EndGate()
    {
        long us = _boundaryUs - _beginUs;
        Close();
        if (us > 0)
        {
            _tally.Gate(us, _packets, _octets, _stratumLength);
            _hasCounted = true;
            _empty = 0;
            Learn(_gateOctets, us);
            LearnCost(_gateOctets);
            _gates++;
            _pauseUs -= _pauseUs / 8;
            long busy = _clock.Microseconds - _beginUs;
            _busyUs = busy > _busyUs ? busy : _busyUs;
        }
    }

    /// <summary>Octets that came in a time: the rate is followed over milliseconds, as two frames close to one another are no rate.</summary>
    private void Learn(int came, long us)
    {
        _cameOctets += came;
        _cameUs += us;
        if (_cameUs >= LeastRateUs)
        {
            _rate += (_cameOctets * RateFine / _cameUs - _rate) / 8;
            _cameOctets = 0;
            _cameUs = 0;
        }
    }

    /// <summary>What octets took: the highest is remembered for some time.</summary>
    private void LearnCost(int worked)
    {
        if (worked > 0)
        {
            long cost = 1_000 * _workUs / worked;
            _nanosecondsAnOctet = cost > _nanosecondsAnOctet ? cost : _nanosecondsAnOctet - (_nanosecondsAnOctet - cost) / 8;
        }

        _workUs = 0;
    }

    private void TakeFrame()
    {
        _chip.Read(0, W5500.LengthPrefix, _prefix, 0);
        int octets = (_prefix[0] << 8) | _prefix[1];
        int length = octets - W5500.LengthPrefix;
        if (length < FrameParser.EthernetHeader || length > W5500.LongestFrame || octets > _ahead)
        {
            Break();
            return;
        }

        int have = 0;
        int end = FrameParser.HeaderEnd(_headers, 0, length);
        while (end > have)
        {
            _chip.Read(W5500.LengthPrefix + have, end - have, _headers, have);
            have = end;
            end = FrameParser.HeaderEnd(_headers, have, length);
        }

        _chip.Skip(octets);
        _ahead -= octets;
        _taken += octets;
        Frames++;
        int counted = _meter.Take(_headers, 0, have, length, _clock.UnixMs);
        if (counted >= 0)
        {
            _packets++;
            _octets += counted;
        }

    }

    private void Break()
    {
        Broken++;
        if (_begun && !_isGated)
        {
            EndStretch();
        }

        Close();
    }

    private void Close()
    {
        _open = false;
        _begun = false;
        _gateDone = false;
        _ahead = 0;
        _taken = 0;
        if (!_chip.TryClose())
        {
            Broken++;
        }
    }
}
