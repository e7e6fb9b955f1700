using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;
using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// One emulated tap: the board tap-1 with its own time, the real program on the real drivers, and an uplink. A power cut or the watchdog unwinds the program where it is, and it starts
/// anew from what is in flash.
/// </summary>
internal sealed class EmulatedTap : IClock, IRandom, IDisposable
{
    // How long what an interpreter does takes (docs/field-test.md, "A tap's budget"): a transfer over SPI, a look at the clock, a turn of the loop that did something, and the sleep after one that did not.
    private const long TransferNs = 90_000;
    private const long ClockNs = 10_000;
    private const long TurnNs = 1_000_000;
    private const long SleepNs = 2_000_000;
    private const long LongestSleepNs = 18_000_000; // the buttons are to be looked at every 20 ms
    private const long BootNs = 1_500_000_000; // the interpreter's own start

    private const double LeastVolts = 2.93;
    private const long SupervisorNs = 200_000_000;

    private readonly Random _random;
    private readonly TapLimits _limits;
    private readonly Func<EmulatedTap, byte[]> _enrolment;
    private IBoard? _panel;
    private EnrolmentReceiver? _receiver;
    private byte[]? _serial;
    private bool _inTurn;
    private long _bootAt = -1;

    /// <summary>A tap without power; <see cref="PowerOn"/> starts it.</summary>
    /// <param name="name">The sensor's name.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="start">When the run begins.</param>
    /// <param name="clock">Makes its clocks.</param>
    /// <param name="limits">How much it takes on.</param>
    /// <param name="enrolment">The octets that an enrolment sends over the serial line.</param>
    public EmulatedTap(string name, RunSeed seed, DateTimeOffset start, Func<EmulatedTime, BoardClock> clock, TapLimits limits, Func<EmulatedTap, byte[]> enrolment)
    {
        Name = name;
        Time = new EmulatedTime(start);
        Clock = clock(Time);
        Board = new Tap1Board(Time, seed.Of($"board/{name}")) { OnModuleReset = ResetByBoard };
        Board.Ethernet.OnTransfer = () => Time.Advance(TransferNs);
        Board.Flash.OnTransfer = () => Time.Advance(TransferNs);
        _random = seed.Stream($"random/{name}");
        _limits = limits;
        _enrolment = enrolment;
    }

    /// <summary>The sensor's name.</summary>
    public string Name { get; }

    /// <summary>Who runs it.</summary>
    public required string Operator { get; init; }

    /// <summary>The board.</summary>
    public Tap1Board Board { get; }

    /// <summary>Its own time: each tap is now and then a turn ahead of the others.</summary>
    public EmulatedTime Time { get; }

    /// <summary>The module's clocks.</summary>
    public BoardClock Clock { get; }

    /// <summary>Nanoseconds since the run's start.</summary>
    public long Now => Time.Nanoseconds;

    /// <summary>The way to the hub.</summary>
    public TapUplink Uplink { get; set; } = null!;

    /// <summary>The mirror port.</summary>
    public MirrorPort? Port { get; set; }

    /// <summary>The program; null while the board is without power, restarts, or is not enrolled.</summary>
    public Tap1? Program { get; private set; }

    /// <summary>When it next has something to do.</summary>
    public long Wake { get; private set; }

    /// <summary>Its starts.</summary>
    public List<TapStart> Starts { get; } = [];

    /// <summary>Each message that was written into the outbox, by its number.</summary>
    public Dictionary<(ulong Epoch, ulong Sequence), WrittenMessage> Written { get; } = [];

    /// <inheritdoc/>
    public long UnixMs => Clock.UnixMs;

    /// <inheritdoc/>
    public long Microseconds
    {
        get
        {
            Time.Advance(_inTurn ? ClockNs : 0); // who waits for a time must see it pass
            return Clock.Microseconds;
        }
    }

    /// <summary>What somebody may want to read in the log of the run.</summary>
    public Action<string>? OnNote { get; set; }

    /// <summary>Called when it has started.</summary>
    public Action<EmulatedTap>? OnWake { get; set; }

    /// <inheritdoc/>
    public void Fill(byte[] octets) => _random.NextBytes(octets);

    /// <summary>How it is.</summary>
    public UnitState State => !Board.Supply.IsOn ? UnitState.Off
        : Program is null || !Program.Time.IsTrusted || Program.Updates.Authorization is null ? UnitState.Starting
        : !Program.IsMeasuring ? UnitState.Faulty
        : Uplink.IsConnected ? UnitState.Online : UnitState.Offline;

    /// <summary>The supply comes, or comes back, at a time.</summary>
    public void PowerOn(long at)
    {
        MoveTo(at);
        Board.Supply.Restore();
        BootAt(at + BootNs);
    }

    /// <summary>The supply goes now.</summary>
    public void PowerOff(long at)
    {
        MoveTo(at);
        Board.Supply.Cut();
        Stop("the power is gone");
    }

    /// <summary>Puts an enrolment on the serial line, all its octets at their rate.</summary>
    public void Enrol()
    {
        _serial = _enrolment(this);
        WakeAt(Now);
    }

    /// <summary>Puts an enrolment into flash as the factory might: nobody has to be there.</summary>
    public void PreEnrol()
    {
        byte[] octets = _enrolment(this);
        Board.Flash.Array.Load(FlashMap.Identity, octets);
    }

    /// <summary>Sees to it that it turns at a time, if it would only later.</summary>
    public void WakeAt(long at)
    {
        if (at < Wake && Board.Supply.IsOn)
        {
            Wake = Math.Max(at, Now);
            OnWake?.Invoke(this);
        }
    }

    /// <summary>Moves its time on, when something happens to it from outside.</summary>
    public void MoveTo(long at)
    {
        if (at > Now)
        {
            Time.Advance(at - Now);
        }
    }

    /// <summary>One turn of what the module does.</summary>
    public void Turn()
    {
        MoveTo(Wake);
        _inTurn = true;
        try
        {
            Run();
        }
        catch (PowerCutException)
        {
            Stop("the power is gone");
        }
        catch (ModuleResetException)
        {
            // The board has seen to the restart.
        }
        finally
        {
            _inTurn = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Uplink.Dispose();
        Board.Dispose();
    }

    private void Run()
    {
        if (_bootAt >= 0)
        {
            if (Board.Watchdog.Volts < LeastVolts)
            {
                _bootAt = Now + SupervisorNs; // the supervisor holds the module in reset
            }

            if (Now < _bootAt)
            {
                Wake = _bootAt;
                return;
            }

            _bootAt = -1;
            Boot();
            return;
        }

        if (Board.Watchdog.Watch())
        {
            return;
        }

        bool worked = Program is null ? TakeEnrolment() : Step(Program);
        if (_bootAt < 0)
        {
            Wake = Now + (worked ? TurnNs : Program is { IsMeasuring: true } ? SleepNs : LongestSleepNs);
        }
    }

    private bool Step(Tap1 program)
    {
        Clock.Synchronize();
        var before = program.Outbox.Header;
        var (epoch, sequence, dropped) = (before.Epoch, before.Sequence, Dropped(program));
        bool worked = program.Step();
        if (epoch != 0 && program.Outbox.Header.Epoch == epoch && program.Outbox.Header.Sequence == sequence + 1 && Dropped(program) == dropped)
        {
            Written[(epoch, sequence)] = new WrittenMessage(Now, BelievedErrorMs(program));
        }

        Starts[^1].Look(program);
        return worked;
    }

    /// <summary>How wrong the time is that the program goes by, milliseconds: asked from outside, so that no time passes.</summary>
    private long BelievedErrorMs(Tap1 program)
    {
        _inTurn = false;
        var error = program.Time.UnixMs - Time.GetUtcNow().ToUnixTimeMilliseconds();
        _inTurn = true;
        return error;
    }

    private static long Dropped(Tap1 program) => program.Outbox.DroppedReports + (long)program.Outbox.DroppedAlerts + program.Outbox.DroppedReceipts;

    /// <summary>What the module does before it is enrolled, as Platform/Device/Program does it.</summary>
    private bool TakeEnrolment()
    {
        long milliseconds = Microseconds / 1_000;
        _panel!.Poll(milliseconds);
        var answer = EnrolmentAnswer.None;
        if (_serial is { } octets)
        {
            _serial = null;
            Time.Advance(octets.Length * 10L * 1_000_000_000 / 115_200); // 8N1
            answer = _receiver!.Take(octets, octets.Length, milliseconds);
        }
        else
        {
            answer = _receiver!.Step(milliseconds);
        }

        if (answer == EnrolmentAnswer.None)
        {
            return false;
        }

        OnNote?.Invoke("serial line: " + EnrolmentReceiver.Line(answer).TrimEnd());
        if (answer == EnrolmentAnswer.Enrolled)
        {
            Stop("it restarts");
            Board.Pins.Reset(); // as the module's own reset does; the watchdog's input floats meanwhile
            BootAt(Now + BootNs);
        }

        return true;
    }

    /// <summary>What Platform/Device/Program does at a start.</summary>
    private void Boot()
    {
        Clock.Start();
        var booted = TapProgram.Boot(Board, this, this, _ => Uplink, _limits);
        (_panel, _receiver) = (booted.Panel, booted.Receiver);
        Wake = Now + TurnNs;
        if (booted.Program is null)
        {
            OnNote?.Invoke("started: not enrolled");
            return;
        }

        Starts.Add(new TapStart(Now, Starts.Count > 0 ? Starts[^1].Left : 0));
        Program = booted.Program;
        OnNote?.Invoke("started");
    }

    /// <summary>The watchdog or a brown-out resets the module.</summary>
    private void ResetByBoard()
    {
        Stop("the module is reset");
        BootAt(Now + BootNs);
        if (_inTurn)
        {
            throw new ModuleResetException();
        }
    }

    private void BootAt(long at)
    {
        _bootAt = at;
        Wake = at;
        OnWake?.Invoke(this);
    }

    private void Stop(string why)
    {
        OnNote?.Invoke(why);
        Program = null;
        Uplink.Disconnect();
        Wake = long.MaxValue;
        _bootAt = -1;
    }

    /// <summary>Unwinds the program as a reset stops the real one.</summary>
    private sealed class ModuleResetException : Exception;
}

/// <summary>A message that a tap wrote into its outbox.</summary>
/// <param name="AtNs">When, by the true time: nanoseconds since the start.</param>
/// <param name="ErrorMs">How wrong the time was that the tap then went by, milliseconds.</param>
internal readonly record struct WrittenMessage(long AtNs, long ErrorMs);
