namespace EdgeSensors.Firmware.Capture;

/// <summary>What was learnt of the traffic and of the loop: whether to sample, and how often, rests on it, and on nothing that is still to come.</summary>
internal sealed class LoadEstimate
{
    /// <summary>Gates, or strata without one, before there is a decision.</summary>
    public const int GatesBeforeTrust = 8;

    private const int LeastCaution = 4;
    private const int MostCaution = 64;
    private const int RateFine = 1_024;
    private const int LeastStratumUs = 4_000;
    private const int LeastRateUs = 1_000;

    private readonly int _capacity;
    private int _caution = LeastCaution;
    private long _rate;
    private long _nanosecondsAnOctet;
    private long _lookUs;
    private long _pauseUs;
    private long _closingUs;
    private bool _wasClosing;
    private long _workUs;
    private long _cameUs;
    private long _cameOctets;
    private long _busyUs = LeastStratumUs / 2;

    /// <summary>For a buffer.</summary>
    /// <param name="capacity">Octets that may be in it with nothing lost.</param>
    public LoadEstimate(int capacity)
    {
        _capacity = capacity;
    }

    /// <summary>Microseconds that a look takes.</summary>
    public long LookUs => _lookUs;

    /// <summary>Microseconds of a stratum that is long enough for the work on its gate.</summary>
    public long StratumUs => 2 * _busyUs;

    /// <summary>Whether so much comes while a window is closed that something may be lost.</summary>
    public bool OverflowsAtClosing => Expected(_closingUs) > _capacity;

    /// <summary>How long others had the loop; when the window was closed between, that is another matter.</summary>
    public void NotePause(long us)
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

    /// <summary>How long a look took: the highest is remembered for some time.</summary>
    public void NoteLook(long us)
    {
        _lookUs = us > _lookUs ? us : _lookUs - (_lookUs - us) / 16;
    }

    /// <summary>How long a frame took.</summary>
    public void NoteWork(long us)
    {
        _workUs += us;
    }

    /// <summary>Frames came faster than was expected.</summary>
    public void NoteOverflow()
    {
        _caution = _caution < MostCaution ? 2 * _caution : MostCaution;
        _rate = _rate > RateFine ? _rate : RateFine;
    }

    /// <summary>Learns from a look that found room.</summary>
    /// <param name="came">Octets that came since the one before.</param>
    /// <param name="us">In how long.</param>
    /// <param name="worked">Octets that were taken between.</param>
    /// <returns>Whether the next look may find that something was lost.</returns>
    public bool LearnLook(int came, long us, int worked)
    {
        Learn(came, us, worked);
        _pauseUs -= _pauseUs / 16;
        return came + _caution * Expected(came * _nanosecondsAnOctet / 1_000 + _lookUs) > _capacity;
    }

    /// <summary>Learns from a gate.</summary>
    /// <param name="came">Octets that came in it, and were taken.</param>
    /// <param name="us">How long it was open.</param>
    public void LearnGate(int came, long us)
    {
        Learn(came, us, came);
        _pauseUs -= _pauseUs / 8;
    }

    /// <summary>How long the work on a gate took.</summary>
    public void NoteBusy(long us)
    {
        _busyUs = us > _busyUs ? us : _busyUs;
    }

    /// <summary>
    /// Whether it keeps up again, after so many gates: what comes takes less than half of the time, and several times of it find room while others have the loop.
    /// </summary>
    public bool KeepsUp(int gates)
    {
        return gates >= GatesBeforeTrust && 2 * _rate * _nanosecondsAnOctet < 1_000L * RateFine && 2 * Expected(_pauseUs) + _caution * Expected(_lookUs) < _capacity;
    }

    /// <summary>A window has ended: caution eases.</summary>
    public void EndWindow()
    {
        _caution = _caution > LeastCaution ? _caution / 2 : LeastCaution;
        _busyUs = _busyUs > LeastStratumUs / 2 ? _busyUs - _busyUs / 8 : LeastStratumUs / 2;
        _wasClosing = true;
    }

    /// <summary>Octets that are expected to come within a time.</summary>
    private long Expected(long us)
    {
        return us * _rate / RateFine;
    }

    /// <summary>The rate is followed over milliseconds, as two frames close to one another are no rate; of what an octet takes the highest is remembered for some time.</summary>
    private void Learn(int came, long us, int worked)
    {
        _cameOctets += came;
        _cameUs += us;
        if (_cameUs >= LeastRateUs)
        {
            _rate += (_cameOctets * RateFine / _cameUs - _rate) / 8;
            _cameOctets = 0;
            _cameUs = 0;
        }

        if (worked > 0)
        {
            long cost = 1_000 * _workUs / worked;
            _nanosecondsAnOctet = cost > _nanosecondsAnOctet ? cost : _nanosecondsAnOctet - (_nanosecondsAnOctet - cost) / 8;
        }

        _workUs = 0;
    }
}
