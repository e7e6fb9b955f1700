using System.Collections.Concurrent;
using EdgeSensors.FieldTest.Taps;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Platform.Host;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>
/// One emulated tap in real time: the board tap-1 with the machine's clock, the program on the real drivers, a line at its port and a real hub. It starts as the device does
/// (Platform/Device/Program): without an enrolment in flash it takes one from its serial line, with one it works, and its watchdog restarts it.
/// </summary>
internal sealed class DeskTap : IDisposable
{
    private const int LongWatchdogSeed = 15; // of a part that is patient, as this machine may be busy: 2.4 s
    private const int PressMs = 300, ConsentHoldMs = 6_000, ResetHoldMs = 16_000;

    private const int LeastTurnsHeld = 100; // a machine that is busy may not look at the button for longer than it is pressed

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(30); // the shortest flash is 125 ms

    private readonly DeskOptions _options;
    private readonly byte[] _enrolment;
    private readonly TapIdentity _given;
    private readonly ILine? _line;
    private readonly TimeProvider _time;
    private readonly Tap1Board _board;
    private readonly FlashFile? _file;
    private readonly SystemClock _clock = new();
    private readonly ConcurrentQueue<DeskKey> _keys = new();
    private readonly ConcurrentQueue<DeskNote> _notes = new();
    private DeskBoard? _panel;
    private MqttHubLink? _link;
    private TapIdentity? _identity;
    private W25Q128? _flash;
    private Tap? _program;
    private EnrolmentReceiver? _receiver;
    private bool _resets;
    private bool _cable;
    private long _releaseAt = long.MaxValue;
    private int _turnsHeld;
    private int _forgotten = -1;
    private bool _enrolsItself = true;
    private string? _failure;
    private string? _trouble;
    private long _lookedAt;
    private TapCondition? _condition;
    private bool _wasConnected;
    private int _updates;

    /// <summary>A tap without a program yet; <see cref="Run"/> starts it.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="line">What comes at its port; null for a port without a cable.</param>
    /// <param name="time">The machine's.</param>
    /// <exception cref="DeskException">The enrolment or the state cannot be used.</exception>
    public DeskTap(DeskOptions options, ILine? line, TimeProvider time)
    {
        (_options, _line, _time) = (options, line, time);
        _enrolment = ReadEnrolment(options.Enrolment, out _given);
        _board = new Tap1Board(time, LongWatchdogSeed) { OnModuleReset = () => _resets = true };
        try
        {
            _file = options.State is { } state ? FlashFile.Open(state, _board.Flash.Array) : null;
        }
        catch
        {
            _board.Dispose();
            throw;
        }

        Plug(line is not null);
    }

    /// <summary>What it looks like now; a snapshot for any thread.</summary>
    public DeskView View { get; private set; } = DeskView.Nothing;

    /// <summary>Does what a person does, at the next turn.</summary>
    public void Press(DeskKey key) => _keys.Enqueue(key);

    /// <summary>The next thing that happened. False if there is none.</summary>
    public bool TryTakeNote(out DeskNote note) => _notes.TryDequeue(out note);

    /// <summary>Runs it on the calling thread until somebody quits.</summary>
    /// <exception cref="DeskException">Another tap's enrolment is in flash.</exception>
    public void Run(CancellationToken stop)
    {
        Boot();
        for (var turns = 0; !stop.IsCancellationRequested; turns++)
        {
            while (_keys.TryDequeue(out var key))
            {
                if (key == DeskKey.Quit)
                {
                    return;
                }

                Do(key);
            }

            _board.Ethernet.Settle(); // what comes while nobody looks is the chip's to keep or to drop
            _turnsHeld++;
            if (_time.GetTimestamp() >= _releaseAt && _turnsHeld >= LeastTurnsHeld)
            {
                Release();
            }

            var worked = Turn();
            if (_resets)
            {
                _resets = false;
                Note("the watchdog has reset the module");
                Boot();
            }

            if (!worked || turns % 256 == 0)
            {
                Look();
            }

            if (!worked)
            {
                Thread.Sleep(1); // as the device leaves its network's threads their time
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _link?.Dispose();
        _file?.Dispose();
        _board.Dispose();
    }

    private static byte[] ReadEnrolment(string path, out TapIdentity identity)
    {
        const string Make = "make it with: edgesensors-hub sensor add OPERATOR SENSOR --kind tap --out FOLDER …";
        var file = Directory.Exists(path) ? Path.Combine(path, "tap.enrolment") : path;
        try
        {
            var octets = new FileInfo(file) is { Exists: true, Length: > FlashMap.IdentitySize } ? [] : File.ReadAllBytes(file);
            identity = IdentityStore.Read(octets, octets.Length) ?? throw new DeskException("enrolment", $"{file} is no enrolment of a tap; {Make}");
            return octets;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DeskException("enrolment", $"{file} is missing; {Make}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DeskException("enrolment", $"{file}: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>What the module does at a start.</summary>
    private void Boot()
    {
        _board.Pins.Reset();
        _link?.Dispose();
        (_link, _forgotten, _wasConnected, _updates) = (null, -1, false, 0);
        var booted = TapProgram.Boot(_board, _clock, new SystemRandom(), Connect, new TapLimits { WindowMs = (int)_options.Window.TotalMilliseconds }, Watch);
        (_flash, _identity, _program, _receiver) = (booted.Flash, booted.Identity, booted.Program, booted.Receiver);
        if (_identity is null)
        {
            Note("started: not enrolled");
            if (_enrolsItself)
            {
                Enrol();
            }

            return;
        }

        Note($"started: {_identity.Sensor} of {_identity.Operator}, hub {_identity.Host}:{_identity.Port}");
    }

    private DeskBoard Watch(IBoard panel) => _panel = new DeskBoard(panel)
    {
        OnButton = action => Note(action switch
        {
            ButtonAction.ToggleConsent => "the button changes the consent",
            ButtonAction.FactoryReset => "the button asks to forget everything",
            _ => "the button is pressed",
        }),
    };

    private MqttHubLink Connect(TapIdentity stored)
    {
        if ((_given.Operator, _given.Sensor) != (stored.Operator, stored.Sensor))
        {
            throw new DeskException("state", $"the flash in {_options.State} is that of {stored.Sensor} of {stored.Operator}, the enrolment that of {_given.Sensor} of {_given.Operator}; give another --state");
        }

        if (_options.Hub is (var host, var port))
        {
            (stored.Host, stored.Port) = (host, port);
        }

        return _link = EnrolmentFolder.Connect(stored);
    }

    private bool Turn()
    {
        if (_board.Watchdog.Watch())
        {
            return true;
        }

        if (_program is { WantsFactoryReset: false } program)
        {
            return program.Step();
        }

        if (_program is not null)
        {
            Forget();
            return true;
        }

        _panel!.Poll(_clock.Microseconds / 1_000);
        if (_receiver!.Step(_clock.Microseconds / 1_000) is not EnrolmentAnswer.None and var answer)
        {
            Answered(answer);
            return true;
        }

        return false;
    }

    /// <summary>Erases the chip sector by sector, some three minutes, as the device does; then it starts anew.</summary>
    private void Forget()
    {
        if (_forgotten < 0)
        {
            _forgotten = 0;
            _link!.Disconnect();
            _panel!.ConnectTapPort(false);
            _panel.Show(TapCondition.Updating);
        }

        _panel!.Poll(_clock.Microseconds / 1_000);
        if (_flash!.IsBusy)
        {
            return;
        }

        if (_forgotten < _flash.Capacity)
        {
            _flash.TryBeginErase(_forgotten);
            _forgotten += FlashGeometry.SectorSize;
            return;
        }

        Note("everything is forgotten");
        _enrolsItself = false; // who made it forget may enrol it again, with the key
        Boot();
    }

    private void Enrol()
    {
        if (_receiver is null)
        {
            Note("it is enrolled already");
            return;
        }

        Note("the enrolment comes over the serial line");
        if (_receiver.Take(_enrolment, _enrolment.Length, _clock.Microseconds / 1_000) is not EnrolmentAnswer.None and var answer)
        {
            Answered(answer);
        }
    }

    private void Answered(EnrolmentAnswer answer)
    {
        Note("the tap answers: " + EnrolmentReceiver.Line(answer).TrimEnd());
        if (answer == EnrolmentAnswer.Enrolled)
        {
            Boot();
        }
    }

    private void Do(DeskKey key)
    {
        switch (key)
        {
            case DeskKey.Press:
                Hold(PressMs);
                break;
            case DeskKey.HoldForConsent:
                Hold(ConsentHoldMs);
                break;
            case DeskKey.HoldForReset:
                Hold(ResetHoldMs);
                break;
            case DeskKey.Lid:
                _board.Lid.IsClosed = !_board.Lid.IsClosed;
                Note(_board.Lid.IsClosed ? "the lid is closed" : "the lid is opened");
                break;
            case DeskKey.Cable:
                Plug(!_cable);
                Note(_cable ? "the cable is plugged in" : "the cable is pulled");
                break;
            case DeskKey.Enrol:
                Enrol();
                break;
        }
    }

    private void Plug(bool cable)
    {
        _cable = cable && _line is not null;
        _board.PlugIn(_cable ? _line : null);
    }

    /// <summary>A press that follows another ends it first.</summary>
    private void Hold(int milliseconds)
    {
        if (_board.Button.IsClosed)
        {
            Release();
            return;
        }

        _board.Button.IsClosed = true;
        _turnsHeld = 0;
        _releaseAt = _time.GetTimestamp() + (milliseconds * (_time.TimestampFrequency / 1_000));
    }

    private void Release()
    {
        _board.Button.IsClosed = false;
        _releaseAt = long.MaxValue;
    }

    /// <summary>Tells what has changed, and what it looks like.</summary>
    private void Look()
    {
        if (_time.GetElapsedTime(_lookedAt) < BetweenLooks)
        {
            return;
        }

        _lookedAt = _time.GetTimestamp();
        if ((_line as LiveWire)?.Trouble is var trouble && trouble != _trouble)
        {
            _trouble = trouble;
            Note(trouble ?? "the interface is back");
        }

        if (_condition != _panel!.Condition)
        {
            _condition = _panel.Condition;
            Note("LED: " + DeskWords.Of(_panel.Condition));
        }

        if (_link is { } link)
        {
            if (link.IsConnected != _wasConnected)
            {
                _wasConnected = link.IsConnected;
                _failure = null;
                Note(_wasConnected ? "the hub is connected" : "the hub is gone; reports are kept");
            }

            if (!link.IsConnected && !link.IsConnecting && link.LastFailure is { } failure && failure != _failure)
            {
                _failure = failure;
                var why = failure.Contains("RemoteCertificate", StringComparison.Ordinal) ? "its certificate is not for this name, or not by the enrolment's authority" : failure.TrimEnd('.');
                Note($"the hub {_identity!.Host}:{_identity.Port} cannot be reached: {why}; it is tried again");
            }
        }

        if (_program is { } program && program.Updates.Completed != _updates)
        {
            _updates = program.Updates.Completed;
            if (program.Updates.Tuf.TimestampVersion is > 0 and var version)
            {
                Note($"update {version} is in force"); // at a first start there is nothing in flash that could be
            }
        }

        View = DeskView.Of(_board, _panel, _program, _identity, _link, _line as LiveWire, _cable, _releaseAt == long.MaxValue ? null : TimeSpan.FromSeconds((_releaseAt - _time.GetTimestamp()) / (double)_time.TimestampFrequency));
    }

    private void Note(string words) => _notes.Enqueue(new(_time.GetUtcNow(), words));
}

/// <summary>Something that happened to the tap on the desk.</summary>
/// <param name="At">When.</param>
/// <param name="Words">What.</param>
internal readonly record struct DeskNote(DateTimeOffset At, string Words);
