using System.Device.Gpio;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Platform.Host;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Buses;
using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>An emulated tap in real time: the board and the program as ever, this machine's clock, and a real hub over MQTT and TLS.</summary>
internal sealed class LiveTap : IRandom, IDisposable
{
    private const int WatchdogPin = 47;

    private readonly Random _random;
    private MqttHubLink? _link;

    /// <summary>Powers a board on that was enrolled with these octets.</summary>
    /// <param name="name">The sensor's name.</param>
    /// <param name="enrolment">As they go over the serial line.</param>
    /// <param name="seed">For what the chips leave to chance. Secrets are the machine's.</param>
    /// <param name="limits">How much it takes on.</param>
    public LiveTap(string name, byte[] enrolment, RunSeed seed, TapLimits limits)
    {
        Name = name;
        _random = seed.Stream($"start/{name}");
        var time = new BusTime();
        Board = new Tap1Board(time, seed.Of($"board/{name}"));
        Board.Flash.OnTransfer = time.PassTransfer;
        Board.Pins.Attach(WatchdogPin, new NoPart()); // it would bite this machine's scheduler, not the program
        Board.Flash.Array.Load(FlashMap.Identity, enrolment);
        Program = TapProgram.Boot(Board, new SystemClock(), this, identity => _link = EnrolmentFolder.Connect(identity), limits).Program
            ?? throw new InvalidOperationException($"{name} does not find its enrolment in its flash.");
    }

    /// <summary>The sensor's name.</summary>
    public string Name { get; }

    /// <summary>The board.</summary>
    public Tap1Board Board { get; }

    /// <summary>The program.</summary>
    public Tap1 Program { get; }

    /// <summary>Whether it has its hub.</summary>
    public bool IsConnected => _link!.IsConnected;

    /// <summary>Why it last had not; null where it had.</summary>
    public string? LastFailure => _link!.LastFailure;

    /// <summary>The longest time between two turns, milliseconds, since it was last asked.</summary>
    public double LongestPauseMs { get; set; }

    /// <summary>When it last turned, by the machine's timestamp.</summary>
    public long TurnedAt { get; set; }

    /// <inheritdoc/>
    public void Fill(byte[] octets)
    {
        lock (_random)
        {
            _random.NextBytes(octets);
        }
    }

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
