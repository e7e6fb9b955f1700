using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Detect;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Update;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// The tap's program: a loop of bounded steps, frames first. Everything it needs is taken at construction. Without a trusted time, an authorisation in
/// force and the owner's consent no frame is read, and only health leaves (walls 2 and 4). A match with the list is watched and told of; the tap
/// drops nothing, and the isolation relay, which cuts its own port only, is for tampering and heat.
/// </summary>
internal sealed class Tap
{
    /// <summary>The program's version, as status messages say it.</summary>
    public const string Software = "0.2.0";

    private const long SecondUs = 1_000_000;

    private readonly IFlash _flash;
    private readonly IBoard _board;
    private readonly IRandom _random;
    private readonly W5500 _chip;
    private readonly TapState _state;
    private readonly TrustedTime _time;
    private readonly FlashOutbox _outbox;
    private readonly UpdateSession _updates;
    private readonly UpdateSchedule _schedule;
    private readonly HubSession _hub;
    private readonly TapMeter _meter;
    private readonly GatedSampler _sampler;
    private readonly MeasurementWindow _window;
    private readonly FindingQueue _findings;
    private readonly TapReporter _reporter;
    private readonly TapPort _port;
    private readonly byte[] _randomKey = new byte[Pseudonymizer.KeySize];

    private bool _started;
    private bool _wantsState;
    private bool _savingState;
    private int _connections;
    private long _secondUs;

    /// <summary>Puts a tap together.</summary>
    /// <param name="identity">Its enrolment.</param>
    /// <param name="chip">The tap port.</param>
    /// <param name="flash">At least <see cref="FlashMap.LeastCapacity"/>.</param>
    /// <param name="clock">The board's clock.</param>
    /// <param name="random">The board's randomness.</param>
    /// <param name="link">The way to the hub.</param>
    /// <param name="board">The rest of the board.</param>
    /// <param name="limits">How much it takes on.</param>
    public Tap(TapIdentity identity, W5500 chip, IFlash flash, IClock clock, IRandom random, IHubLink link, IBoard board, TapLimits limits)
    {
        _chip = chip;
        _flash = flash;
        _board = board;
        _random = random;
        _port = new TapPort(chip, board, limits);
        _state = new TapState(flash);
        _time = new TrustedTime(clock);
        _outbox = new FlashOutbox(flash, FlashMap.Vital, FlashMap.VitalSize, FlashMap.Reports, FlashMap.ReportsSize(flash));
        _updates = new UpdateSession(flash, _state, identity, link, _time, new byte[FlashMap.MostMetadata], limits.ListEntries, limits.IsWitnessed);
        _schedule = new UpdateSchedule(_updates, _time, limits);
        _hub = new HubSession(link, _outbox, _updates, flash, random, TapMeter.ReportCapacity);
        Pseudonymizer pseudonymizer = new Pseudonymizer();
        random.Fill(_randomKey);
        pseudonymizer.SetKey(_randomKey, 0);
        _meter = new TapMeter(limits.Flows, BigEndian.Get64(Random8(), 0), new Authority(), pseudonymizer);
        _sampler = new GatedSampler(chip, _meter, _time);
        _window = new MeasurementWindow(_meter, _sampler, _time, limits);
        _findings = new FindingQueue(_meter.Flows, BigEndian.Get64(Random8(), 0));
        _meter.Findings = _findings;
        _reporter = new TapReporter(_outbox, _meter, _window, _findings, _updates, _schedule, _state, _time);
    }

    /// <summary>What is in force.</summary>
    public TapState State => _state;

    /// <summary>The outbox.</summary>
    public FlashOutbox Outbox => _outbox;

    /// <summary>The updates.</summary>
    public UpdateSession Updates => _updates;

    /// <summary>The meter.</summary>
    public TapMeter Meter => _meter;

    /// <summary>The time.</summary>
    public TrustedTime Time => _time;

    /// <summary>Frames whose headers were taken.</summary>
    public long Frames => _sampler.Frames;

    /// <summary>Whether frames are taken: all that walls 2 and 4 ask for is there.</summary>
    public bool IsMeasuring => _port.IsOpen && _time.IsTrusted && _meter.Authority.IsInForce(_time.UnixMs);

    /// <summary>Reads what lies in flash; once, before the first step.</summary>
    public void Start()
    {
        _state.TryLoad();
        _state.Starts++;
        _time.Raise(_state.TimeFloorMs);
        _time.Synchronize();
        _outbox.Load(BigEndian.Get64(Random8(), 0) | 1);
        long nowUs = _time.Microseconds;
        _window.Start(nowUs, previousLost: _state.Starts > 1);
        _wantsState = true;
        _reporter.TellStatus();
        _schedule.Start(nowUs);
        _started = true;
    }

    /// <summary>One turn: some frames, if there are, and one slice of everything else. False when there was nothing to do.</summary>
    public bool Step()
    {
        if (!_started)
        {
            Start();
        }

        bool worked = _window.Step(IsMeasuring);
        long nowUs = _time.Microseconds;
        if (nowUs - _secondUs >= SecondUs)
        {
            _secondUs = nowUs;
            EverySecond(nowUs);
            worked = true;
        }

        _board.Poll(nowUs / 1_000);
        worked |= Write(nowUs);
        worked |= _updates.Step();
        if (_schedule.HasEnded)
        {
            TakeUpdate(nowUs);
        }

        worked |= _hub.Step(nowUs);
        worked |= _findings.Step(_time.UnixMs, _meter);
        return worked;
    }

    /// <summary>What is looked at once a second.</summary>
    private void EverySecond(long nowUs)
    {
        if (_time.Synchronize())
        {
            _window.Leap(nowUs);
        }

        _port.Check();
        Button();
        if (_hub.Connections != _connections)
        {
            _connections = _hub.Connections;
            _reporter.TellStatus();
        }

        _window.Check(nowUs);
        _board.Show(Condition());
        if (!_updates.IsBusy && _schedule.Check(nowUs, _hub.IsConnected))
        {
            Apply();
        }
    }

    private void Button()
    {
        ButtonAction action = _board.TakeButton();
        if (action == ButtonAction.ToggleConsent)
        {
            _state.ConsentWithdrawn = !_state.ConsentWithdrawn;
            _wantsState = true;
            Apply();
        }
        else if (action == ButtonAction.FactoryReset)
        {
            WantsFactoryReset = true;
        }
    }

    /// <summary>Whether the owner wants the tap as it left the factory: whoever runs the loop erases the enrolment and starts anew.</summary>
    public bool WantsFactoryReset { get; private set; }

    private TapCondition Condition()
    {
        if (_board.IsTampered)
        {
            return TapCondition.Tampered;
        }

        if (_port.IsHot)
        {
            return TapCondition.Hot;
        }

        if (!_port.IsChipReady)
        {
            return TapCondition.Faulty;
        }

        if (_state.ConsentWithdrawn)
        {
            return TapCondition.ConsentWithdrawn;
        }

        if (!IsMeasuring)
        {
            return TapCondition.HealthOnly;
        }

        if (!_chip.IsLinkUp)
        {
            return TapCondition.NoTapLink;
        }

        if (_updates.Writer.IsBusy)
        {
            return TapCondition.Updating;
        }

        return _hub.IsConnected ? TapCondition.AtWork : TapCondition.HubAway;
    }

    /// <summary>Messages and the state into flash, one after the other.</summary>
    private bool Write(long nowUs)
    {
        if (_flash.IsBusy)
        {
            return false;
        }

        if (_outbox.IsWriting)
        {
            _outbox.Step();
            return true;
        }

        if (_savingState)
        {
            if (_state.StepSave())
            {
                _savingState = false;
                _wantsState = _state.Writer.Failed;
            }

            return true;
        }

        if (_wantsState && !_state.IsSaving && _updates.Stage != UpdateStage.Saving)
        {
            _wantsState = false;
            _savingState = true;
            _state.BeginSave();
            return true;
        }

        return _reporter.Step(nowUs);
    }

    /// <summary>An update was taken or refused: what is in force changes, and the hub is told.</summary>
    private void TakeUpdate(long nowUs)
    {
        if (_schedule.Take(nowUs, out bool isNews))
        {
            Apply();
        }

        if (isNews)
        {
            _reporter.TellReceipt();
            _reporter.TellStatus();
        }
    }

    /// <summary>Puts in force what verified, as far as the owner consents.</summary>
    private void Apply()
    {
        AuthorizationReader? document = _updates.Authorization;
        if (document == null || (document.IsConsent && _state.ConsentWithdrawn))
        {
            _meter.Authority.Withdraw();
        }
        else
        {
            document.Grant(_meter.Authority);
            byte[]? key = _updates.PseudonymKey;
            _meter.Pseudonymizer.SetKey(key ?? _randomKey, 0);
        }

        _meter.UseList(_updates.List);
        _reporter.TellStatus();
    }

    private byte[] Random8()
    {
        byte[] octets = new byte[8];
        _random.Fill(octets);
        return octets;
    }
}
