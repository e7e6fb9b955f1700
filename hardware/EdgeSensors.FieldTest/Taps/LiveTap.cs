using System.Device.Gpio;
using EdgeSensors.Firmware.Platform.Host;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Buses;
using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>An emulated tap in real time: the board and the program as ever, this machine's clock, and a real hub over MQTT and TLS.</summary>
internal sealed class LiveTap : IDisposable
{
    private const int WatchdogPin = 47;
    private const int ListEntries = 1_000;

    private MqttHubLink? _link;

    /// <summary>Powers a board on that was enrolled with these octets.</summary>
    /// <param name="name">The sensor's name.</param>
    /// <param name="enrolment">As they go over the serial line.</param>
    /// <param name="seed">For what the chips leave to chance. Keys and numbers are the machine's, as the hub is real.</param>
    /// <param name="windowMs">How long a window is, milliseconds.</param>
    public LiveTap(string name, byte[] enrolment, RunSeed seed, int windowMs)
    {
        Name = name;
        var time = new BusTime();
        Board = new Tap1Board(time, seed.Of($"board/{name}"));
        Board.Flash.OnTransfer = time.PassTransfer;
        Board.Pins.Attach(WatchdogPin, new NoPart()); // it would bite this machine's scheduler, not the program
        Board.Flash.Array.Load(FlashMap.Identity, enrolment);
        Program = TapProgram.Boot(Board, new SystemClock(), new SystemRandom(), identity => _link = EnrolmentFolder.Connect(identity), new TapLimits { ListEntries = ListEntries, WindowMs = windowMs }).Program
            ?? throw new InvalidOperationException($"{name} does not find its enrolment in its flash.");
    }

    /// <summary>The sensor's name.</summary>
    public string Name { get; }

    /// <summary>The board.</summary>
    public Tap1Board Board { get; }

    /// <summary>The program.</summary>
    public Tap1 Program { get; }

    /// <summary>The epoch of its outbox, which chance alone chooses; 0 before it has started.</summary>
    public ulong Epoch => Program.Outbox.Header.Epoch;

    /// <summary>Whether it has its hub.</summary>
    public bool IsConnected => _link!.IsConnected;

    /// <summary>Why it last had not; null where it had.</summary>
    public string? LastFailure => _link!.LastFailure;

    /// <summary>The longest time between two turns, milliseconds, since it was last asked.</summary>
    public double LongestPauseMs { get; set; }

    /// <summary>When it last turned, by the machine's timestamp.</summary>
    public long TurnedAt { get; set; }

    /// <summary>One turn of its program.</summary>
    public void Turn() => Program.Step();

    /// <inheritdoc/>
    public void Dispose()
    {
        _link?.Dispose();
        Board.Dispose();
    }

    /// <summary>This machine's time, and what transfers on the flash's bus take beyond it: the driver waits by transfers, which cost no time here.</summary>
    private sealed class BusTime : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => System.TimestampFrequency;

        public void PassTransfer() => _passed += TimestampFrequency / 11_000; // 90 µs, as in the emulated world

        public override long GetTimestamp() => System.GetTimestamp() + _passed;
    }

    private sealed class NoPart : IPinPart
    {
        public PinValue? Level => null;

        public void Driven(PinValue? level)
        {
        }
    }
}
