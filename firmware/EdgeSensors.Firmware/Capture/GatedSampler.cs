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

    private readonly W5500 _chip;
    private readonly IClock _clock;
    private readonly HeaderReader _reader;
    private readonly GateTally _tally = new GateTally();
    private readonly LoadEstimate _load = new LoadEstimate(HighestLevel);
    private readonly Stratum _stratum = new Stratum();

    // Of a gate and of a stretch: begun with a look whose frames are skipped, so that both ends are timed alike.
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
    private long _leftUs;
    private long _initializeUs;
    private int _disturbances;
    private int _gates;
    private int _gateOctets;
    private int _empty;

    /// <summary>Feeds a meter from a chip that is initialised.</summary>
    public GatedSampler(W5500 chip, TapMeter meter, IClock clock)
    {
        _chip = chip;
        _clock = clock;
        _reader = new HeaderReader(chip, meter, clock);
        _seenUntilUs = clock.Microseconds;
        _leftUs = _seenUntilUs;
    }

    /// <summary>Gates of this window that the chip or the bus broke: what they missed is not known.</summary>
    public int Broken { get; private set; }

    /// <summary>Frames whose headers were taken.</summary>
    public long Frames => _reader.Frames;

    /// <summary>Whether a gate is open that is lost if it is not looked at within a millisecond.</summary>
    public bool IsWaiting => _isGated && _begun && _ahead == 0;

    /// <summary>One turn of the loop: a look, or one frame. False when there was nothing to do but, perhaps, to wait.</summary>
    public bool Step()
    {
        long now = _clock.Microseconds;
        _load.NotePause(now - _leftUs);
        bool takes = _ahead > 0;
        bool worked = Turn(now);
        _leftUs = _clock.Microseconds;
        _load.NoteWork(takes ? _leftUs - now : 0);
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
                if (_load.OverflowsAtClosing)
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
        else
        {
            rest = _stratum.EndWindow(now, _tally);
        }

        _tally.End(windowUs, rest, quality);
        quality.Dropped = Broken == 0 && quality.IsSeen && _chip.Disturbances == _disturbances ? 0 : -1;
        _disturbances = _chip.Disturbances;
        Broken = 0;
        _load.EndWindow();
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
        _ending = _load.LearnLook(_ahead, _boundaryUs - before, _taken);
        return Release() && _ahead > 0;
    }

    /// <summary>Begins a stretch or a gate: what is in the buffer came before it.</summary>
    private void Begin(int level)
    {
        _begun = true;
        _beginUs = _boundaryUs;
        _reader.Clear();
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
            _tally.Exact(_boundaryUs - _beginUs, _reader.Packets, _reader.Octets);
            _seenUntilUs = _boundaryUs;
        }

        _begun = false;
        _reader.Clear();
    }

    /// <summary>Frames came faster than was expected.</summary>
    private void Overflowed()
    {
        long now = _clock.Microseconds;
        EndStretch();
        _tally.Filled(now - _seenUntilUs, HighestLevel / 2); // a short packet is two thirds of its frame
        _load.NoteOverflow();
        Close();
        Sample(now);
    }

    /// <summary>From now on one gate a stratum.</summary>
    private void Sample(long fromUs)
    {
        _isGated = true;
        _gates = 0;
        BeginStratum(fromUs);
    }

    private void BeginStratum(long fromUs)
    {
        _stratum.Begin(fromUs, _load.StratumUs, _clock.Microseconds);
    }

    private bool StepStratum(long now)
    {
        if (_open)
        {
            return StepGate(now);
        }

        if (now >= _stratum.DrawnUs)
        {
            _stratum.Draw();
            return TryOpen();
        }

        long end = _stratum.EndUs;
        if (now < end || !_stratum.IsDrawn)
        {
            return false;
        }

        if (!_stratum.HasCounted)
        {
            _tally.Unseen(_stratum.LengthUs); // its gate took too long
            _empty++;
        }

        // Where no gate ever ends in time, because others have the loop too often, there is nothing but to try.
        if (_load.KeepsUp(_gates) || _empty >= LoadEstimate.GatesBeforeTrust)
        {
            _isGated = false;
            _empty = 0;
            _seenUntilUs = end;
        }
        else
        {
            _tally.Unseen(now - end);
            BeginStratum(now);
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
        _load.NoteLook(_boundaryUs - before);
        if (!_begun)
        {
            long room = level < HighestLevel ? HighestLevel - level : 0;
            _latestUs = before + room * NanosecondsALineOctet / 1_000;
            _planUs = _latestUs - 2 * _load.LookUs;
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
            _tally.Gate(us, _reader.Packets, _reader.Octets, _stratum.LengthUs);
            _stratum.Count();
            _empty = 0;
            _load.LearnGate(_gateOctets, us);
            _gates++;
            _load.NoteBusy(_clock.Microseconds - _beginUs);
        }
    }

    private void TakeFrame()
    {
        int octets = _reader.Take(_ahead);
        if (octets == 0)
        {
            Break();
            return;
        }

        _ahead -= octets;
        _taken += octets;
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
