using EdgeSensors.Firmware.Capture;
using EdgeSensors.Firmware.Detect;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;
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
    private const long FirstUpdateUs = 20 * SecondUs;
    private const long FirstRetryUs = 30 * SecondUs;
    private const long LongestRetryUs = 3_600 * SecondUs;
    private const int MostWaits = 100; // looks of a gate's millisecond
    private const int LeapMs = 2_000;

    private static readonly string[] Capabilities = { "biflow", "fan-out", "flood", "listed", "input-live" };

    private readonly TapLimits _limits;
    private readonly IFlash _flash;
    private readonly IBoard _board;
    private readonly IRandom _random;
    private readonly TapState _state;
    private readonly TrustedTime _time;
    private readonly FlashOutbox _outbox;
    private readonly UpdateSession _updates;
    private readonly HubSession _hub;
    private readonly TapMeter _meter;
    private readonly GatedSampler _sampler;
    private readonly W5500 _chip;
    private readonly FindingQueue _findings;
    private readonly AlertEncoder _alerts;
    private readonly Finding _finding = new Finding();
    private readonly CborWriter _small = new CborWriter(new byte[4 * 1024]);
    private readonly byte[] _randomKey = new byte[Pseudonymizer.KeySize];

    private bool _isChipReady;
    private bool _isPortConnected;
    private bool _isHot;
    private bool _started;
    private bool _wantsState;
    private bool _savingState;
    private bool _tellStatus;
    private bool _tellReceipt;
    private bool _closing;
    private int _completed;
    private int _connections;
    private long _windowStartUs;
    private long _secondUs;
    private long _updateUs;
    private long _retryUs = FirstRetryUs;
    private long _refusedVersion = -1;
    private string? _refused;
    private string? _toldRefused;
    private bool _measured;
    private bool _measures;
    private bool _updating;
    private bool _checkedStored;
    private long _earliestUs;

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
        _limits = limits;
        _chip = chip;
        _flash = flash;
        _board = board;
        _random = random;
        _state = new TapState(flash);
        _time = new TrustedTime(clock);
        _outbox = new FlashOutbox(flash, FlashMap.Vital, FlashMap.VitalSize, FlashMap.Reports, FlashMap.ReportsSize(flash));
        _updates = new UpdateSession(flash, _state, identity, link, _time, new byte[FlashMap.MostMetadata], limits.ListEntries, limits.IsWitnessed);
        _hub = new HubSession(link, _outbox, _updates, flash, random, TapMeter.ReportCapacity);
        Pseudonymizer pseudonymizer = new Pseudonymizer();
        random.Fill(_randomKey);
        pseudonymizer.SetKey(_randomKey, 0);
        _meter = new TapMeter(limits.Flows, BigEndian.Get64(Random8(), 0), new Authority(), pseudonymizer);
        _sampler = new GatedSampler(chip, _meter, _time);
        _findings = new FindingQueue(_meter.Flows, BigEndian.Get64(Random8(), 0));
        _meter.Findings = _findings;
        _alerts = new AlertEncoder(pseudonymizer);
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
    public bool IsMeasuring => _isPortConnected && _isChipReady && _time.IsTrusted && _meter.Authority.IsInForce(_time.UnixMs);

    /// <summary>Reads what lies in flash; once, before the first step.</summary>
    public void Start()
    {
        _state.TryLoad();
        _state.Starts++;
        _time.Raise(_state.TimeFloorMs);
        _time.Synchronize();
        _outbox.Load(BigEndian.Get64(Random8(), 0) | 1);
        _windowStartUs = _time.Microseconds;
        _updateUs = _windowStartUs + FirstUpdateUs;
        _meter.Start(_time.UnixMs);
        _meter.Quality.PreviousLost = _state.Starts > 1;
        _wantsState = true;
        _tellStatus = true;
        _updates.BeginStored();
        _started = true;
    }

    /// <summary>One turn: some frames, if there are, and one slice of everything else. False when there was nothing to do.</summary>
    public bool Step()
    {
        if (!_started)
        {
            Start();
        }

        bool worked = false;
        bool measures = IsMeasuring;
        if (measures)
        {
            if (!_measures)
            {
                BeginWindow(_time.Microseconds); // what came before was not looked at
            }

            _measured = true;
            bool takes = true;
            for (int i = 0; takes && i < (_sampler.IsWaiting ? MostWaits : _limits.FramesASlice); i++)
            {
                takes = _sampler.Step() || _sampler.IsWaiting;
                worked |= takes;
            }
        }

        _measures = measures;
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
        if (_updates.Completed != _completed || (!_updates.IsBusy && _updates.Fault != Trust.TufFault.None && _updating))
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
        if (_time.Synchronize() && Leapt())
        {
            BeginWindow(nowUs);
        }

        Port();
        Button();
        if (_hub.Connections != _connections)
        {
            _connections = _hub.Connections;
            _tellStatus = true;
        }

        if (nowUs - _windowStartUs >= 1_000L * _limits.WindowMs)
        {
            _closing = true;
        }

        _board.Show(Condition());
        if (_updates.IsBusy)
        {
            return;
        }

        long now = _time.UnixMs;
        if (_time.IsTrusted && !_checkedStored)
        {
            // What lay in flash was verified by the floor alone: now it shows whether it has expired.
            _checkedStored = true;
            if (now >= _updates.Tuf.ExpiresMs)
            {
                _updates.Withdraw();
                Apply();
            }
        }

        if (_updates.List != null && now >= _updates.List.NextExpiryMs)
        {
            _updates.BeginReload();
        }
        else if (_hub.IsConnected && nowUs >= (_updates.HasNews ? _earliestUs : _updateUs))
        {
            _updating = true;
            _updates.BeginUpdate();
        }
    }

    /// <summary>A window cannot go over a leap of the clock: what was in it is told of under the time that it began with.</summary>
    private bool Leapt()
    {
        long expected = _meter.WindowStartMs + (_time.Microseconds - _windowStartUs) / 1_000;
        long leap = _time.UnixMs - expected;
        return leap > LeapMs || leap < -LeapMs;
    }

    private void BeginWindow(long nowUs)
    {
        _meter.Restart(_time.UnixMs);
        _sampler.EndWindow(1, _meter.Quality);
        _meter.Quality.PreviousLost = _meter.Quality.PreviousLost || _measured;
        _windowStartUs = nowUs;
        _measured = false;
    }

    private void Port()
    {
        if (_board.TryReadTemperature(out int temperature))
        {
            _isHot = temperature >= (_isHot ? _limits.CoolSixteenths : _limits.HotSixteenths);
        }

        bool connect = !_board.IsTampered && !_isHot;
        if (connect != _isPortConnected)
        {
            _isPortConnected = connect;
            _board.ConnectTapPort(connect);
        }

        if (!_isChipReady)
        {
            _isChipReady = _chip.TryInitialize();
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

        if (_isHot)
        {
            return TapCondition.Hot;
        }

        if (!_isChipReady)
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

        return Tell(nowUs);
    }

    private bool Tell(long nowUs)
    {
        long now = _time.UnixMs;
        Authority authority = _meter.Authority;
        if (_closing)
        {
            if (!_meter.StepPrepare())
            {
                return true;
            }

            _closing = false;
            CloseWindow(nowUs);
            return true;
        }

        if (_findings.TryTake(_finding))
        {
            if (authority.IsInForce(now) && authority.AllowsRecords && _time.IsTrusted)
            {
                _finding.Sampled = _meter.Quality.SamplingSize != _meter.Quality.SamplingPopulation;
                Keep(OutboxChannel.Alert, _alerts.Write(_small, _outbox.Header, now, authority.Id!, _finding));
            }

            return true;
        }

        if (_tellReceipt)
        {
            _tellReceipt = false;
            Keep(OutboxChannel.Receipt, ReceiptEncoder.Write(_small, _outbox.Header, now, _updates.Tuf.TimestampVersion, Witness(), _refused));
            return true;
        }

        if (_tellStatus)
        {
            _tellStatus = false;
            long listed = _updates.List == null ? 0 : _updates.List.Version;
            Authority? shown = _time.IsTrusted ? authority : null;
            Keep(OutboxChannel.Status, StatusEncoder.Write(_small, _outbox, now, Software, Capabilities, shown, listed, _state.TimestampVersion, Witness()));
            return true;
        }

        return false;
    }

    private string Witness()
    {
        string name = _updates.Tuf.Witness;
        return name.Length > 0 && name.Length <= 64 ? name : "none";
    }

    private void Keep(OutboxChannel channel, bool fits)
    {
        if (fits)
        {
            _outbox.BeginWrite(channel, _small.Buffer, _small.Length);
        }
    }

    private void CloseWindow(long nowUs)
    {
        _sampler.EndWindow(nowUs - _windowStartUs, _meter.Quality);
        if (!_measured)
        {
            // Nothing was looked at: that is no gate, and no loss that is known.
            _meter.Quality.SamplingSize = 1;
            _meter.Quality.SamplingPopulation = 1;
            _meter.Quality.IsBounded = false;
            _meter.Quality.Dropped = -1;
        }

        _meter.IsHealthOnly = !_time.IsTrusted;
        CborWriter report = _meter.CloseWindow(_outbox.Header, _time.UnixMs);
        _meter.Quality.PreviousLost = false;
        _windowStartUs = nowUs;
        _measured = false;
        if (report.Length > 0)
        {
            _outbox.BeginWrite(OutboxChannel.Report, report.Buffer, report.Length);
        }
    }

    /// <summary>An update was taken or refused: what is in force changes, and the hub is told.</summary>
    private void TakeUpdate(long nowUs)
    {
        bool taken = _updates.Completed != _completed;
        bool asked = _updating;
        _earliestUs = nowUs + SecondUs;
        _completed = _updates.Completed;
        _updating = false;
        Trust.TufFault fault = taken ? _updates.DocumentFault : _updates.Fault;
        _refused = fault == Trust.TufFault.None ? null : Trust.TufFaults.Token(fault);
        if (taken)
        {
            Apply();
            _retryUs = FirstRetryUs;
            _updateUs = nowUs + 1_000L * _limits.RefreshMs;
            _checkedStored = asked;
        }
        else
        {
            _updateUs = nowUs + _retryUs;
            _retryUs = _retryUs < LongestRetryUs ? 2 * _retryUs : _retryUs;
        }

        // Told once for each version or reason; a hub that cannot be reached has refused nothing.
        bool isNew = _updates.Tuf.TimestampVersion != _refusedVersion || _refused != _toldRefused;
        if (asked && isNew && fault != Trust.TufFault.Unreachable)
        {
            _refusedVersion = _updates.Tuf.TimestampVersion;
            _toldRefused = _refused;
            _tellReceipt = true;
            _tellStatus = true;
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
        _tellStatus = true;
    }

    private byte[] Random8()
    {
        byte[] octets = new byte[8];
        _random.Fill(octets);
        return octets;
    }
}
