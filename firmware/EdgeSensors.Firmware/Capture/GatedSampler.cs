using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Capture;

/// <summary>
/// Takes frames' headers from the chip in gates, each of which is complete. The chip drops frames when its 16 KB are full and does not say so. But
/// between two releases the level only rises: a level with room for one more frame proves that nothing was dropped until then. So at each such
/// look the end of the buffer is a boundary, before which there is every frame that there was. When a look finds the level too high, the gate has
/// ended at the boundary before, and what came since then, more than usual, is left out: that alone would make totals too low. So a gate ends at a
/// boundary as soon as several times of what is expected by the next look would not fit, which says nothing of what comes then. A gate begins with a look as well, whose frames are skipped: so both its ends are timed alike. The share of
/// time in gates is the sampling ratio.
/// </summary>
internal sealed class GatedSampler
{
    /// <summary>A level above this may have cost a frame.</summary>
    public const int HighestLevel = W5500.BufferSize - W5500.LongestFrame - W5500.LengthPrefix;

    private const long RetryUs = 250_000;
    private const int Caution = 4;

    private readonly W5500 _chip;
    private readonly TapMeter _meter;
    private readonly IClock _clock;
    private readonly byte[] _headers = new byte[FrameParser.MostHeader];
    private readonly byte[] _prefix = new byte[W5500.LengthPrefix];
    private bool _open;
    private bool _begun;
    private bool _ending;
    private long _came;
    private long _nanosecondsAnOctet;
    private int _ahead;
    private int _taken;
    private long _beginUs;
    private long _boundaryUs;
    private long _openUs;
    private long _initializeUs;
    private int _disturbances;

    /// <summary>Feeds a meter from a chip that is initialised.</summary>
    public GatedSampler(W5500 chip, TapMeter meter, IClock clock)
    {
        _chip = chip;
        _meter = meter;
        _clock = clock;
    }

    /// <summary>Gates of this window that the chip or the bus broke: what they missed is not known.</summary>
    public int Broken { get; private set; }

    /// <summary>Frames whose headers were taken.</summary>
    public long Frames { get; private set; }

    /// <summary>One turn of the loop: a look, or one frame. False when there was nothing to do.</summary>
    public bool Step()
    {
        if (_ahead > 0)
        {
            TakeFrame();
            return true;
        }

        return _open ? Look() : TryOpen();
    }

    /// <summary>Ends the window at the last boundary, takes the frames before it, and says how the window was measured.</summary>
    /// <param name="windowUs">The window's length.</param>
    /// <param name="quality">Filled in.</param>
    public void EndWindow(long windowUs, MeasurementQuality quality)
    {
        while (_ahead > 0)
        {
            TakeFrame();
        }

        if (_open && _begun)
        {
            _openUs += _boundaryUs - _beginUs;
            _beginUs = _boundaryUs;
        }

        // Looks are some time apart: what is within a thousandth of the whole is the whole. A ratio of 0 cannot be said; of a window without
        // a gate, as in a flood that fills the buffer between two looks, it is said that the loss is unknown.
        long size = _openUs < 1 ? 1 : _openUs;
        bool whole = size >= windowUs - windowUs / 1_000;
        quality.SamplingSize = whole ? 1 : (uint)size;
        quality.SamplingPopulation = whole ? 1 : (uint)windowUs;
        quality.Dropped = Broken == 0 && _openUs > 0 && _chip.Disturbances == _disturbances ? 0 : -1;
        _disturbances = _chip.Disturbances;
        _openUs = 0;
        Broken = 0;
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

    private bool Look()
    {
        if (_ending)
        {
            Close();
            return true;
        }

        if (!_chip.TryReadReceivedSize(out int level))
        {
            Break();
            return true;
        }

        if (level > HighestLevel)
        {
            Close();
            return true;
        }

        long before = _boundaryUs;
        _boundaryUs = _clock.Microseconds;
        _ahead = level - _taken;
        if (!_begun)
        {
            _begun = true;
            _ending = false;
            _came = 0;
            _beginUs = _boundaryUs;
            _chip.Skip(level);
            _taken = level;
            _ahead = 0;
        }
        else
        {
            if (_taken > 0 && before > _beginUs)
            {
                long cost = 1_000 * (_boundaryUs - before) / _taken;
                _nanosecondsAnOctet = cost > _nanosecondsAnOctet ? cost : _nanosecondsAnOctet - (_nanosecondsAnOctet - cost) / 8;
            }

            _came += _ahead;
            _ending = _boundaryUs > _beginUs && _ahead + Caution * (_ahead * _nanosecondsAnOctet / 1_000 * _came / (_boundaryUs - _beginUs)) > HighestLevel;
        }

        if (_taken > 0)
        {
            _taken = 0;
            if (!_chip.TryRelease())
            {
                Break();
            }
        }

        return _ahead > 0;
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
        _meter.Take(_headers, 0, have, length, _clock.UnixMs);
    }

    private void Break()
    {
        Broken++;
        Close();
    }

    private void Close()
    {
        if (_begun)
        {
            _openUs += _boundaryUs - _beginUs;
        }

        _open = false;
        _ahead = 0;
        _taken = 0;
        if (!_chip.TryClose())
        {
            Broken++;
        }
    }
}
