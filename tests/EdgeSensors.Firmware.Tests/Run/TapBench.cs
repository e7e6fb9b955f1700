using System.Device.Spi;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Tests.Store;
using EdgeSensors.Firmware.Tests.Trust;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>A whole tap on emulated time: the real program, an emulated Ethernet controller, flash in memory, a simulated hub over a real repository.</summary>
internal sealed class TapBench : IClock, IRandom, IBoard, IDisposable
{
    private readonly Random _random;
    private long _startNs;

    public TapBench(int seed = 1)
    {
        _random = new Random(seed);
        Repository = new UpdatedRepository();
        Hub = new SimulatedHub(Repository.Foundation);
        Time = new EmulatedTime(Repository.Foundation.Time.GetUtcNow());
        Ethernet = new W5500Chip(new SpiConnectionSettings(1, 10) { ClockFrequency = W5500.MaxClockFrequency }, Time, new Supply(Time), seed);
        Identity = new TapIdentity
        {
            Operator = "carrier-a",
            Sensor = "edge-01",
            Root = Repository.Before["1.root.json"],
            SealingKey = Convert.FromBase64String(Repository.Sealing.ExportSecretBase64()),
        };
        PowerOn();
    }

    public UpdatedRepository Repository { get; }

    public SimulatedHub Hub { get; }

    public EmulatedTime Time { get; }

    public W5500Chip Ethernet { get; }

    public MemoryFlash Flash { get; } = new(16 * 1024 * 1024);

    public TapIdentity Identity { get; }

    public TapLimits Limits { get; } = new() { ListEntries = 1_000, IsWitnessed = false };

    public Tap Tap { get; private set; } = null!;

    /// <summary>How wrong the board's clock is.</summary>
    public long ClockErrorMs { get; set; }

    public ButtonAction Pressed { get; set; }

    public int Sixteenths { get; set; } = 30 * 16;

    public bool IsTampered { get; set; }

    public bool IsPortConnected { get; private set; }

    public TapCondition Shown { get; private set; }

    public long UnixMs => Time.GetUtcNow().ToUnixTimeMilliseconds() + ClockErrorMs;

    public long Microseconds => (Time.Nanoseconds - _startNs) / 1_000;

    /// <summary>The power comes, or comes back.</summary>
    public void PowerOn()
    {
        Flash.PowerUp();
        Hub.Disconnect();
        _startNs = Time.Nanoseconds;
        Tap = new Tap(Identity, new W5500(Ethernet), Flash, this, this, Hub, this, Limits);
        Ethernet.Plug(true);
    }

    /// <summary>Runs for a time; each step takes what an interpreter's might.</summary>
    public void Run(TimeSpan time, Action? between = null)
    {
        long end = Time.Nanoseconds + (long)(time.TotalMilliseconds * 1_000_000);
        while (Time.Nanoseconds < end)
        {
            bool worked = Tap.Step();
            between?.Invoke();
            Time.Advance(worked ? 500_000 : 5_000_000);
        }
    }

    /// <summary>Runs until something is so.</summary>
    public void Until(Func<bool> holds, int seconds = 600)
    {
        long end = Time.Nanoseconds + seconds * 1_000_000_000L;
        while (!holds())
        {
            Assert.True(Time.Nanoseconds < end, $"it has not come about; {Tap.Updates.Stage} {Tap.Updates.Fault} {Tap.Updates.DocumentFault} trusted {Tap.Time.IsTrusted}");
            bool worked = Tap.Step();
            Time.Advance(worked ? 500_000 : 5_000_000);
        }
    }

    /// <summary>A frame arrives at the port.</summary>
    public void Frame(uint source, uint destination, int sourcePort, int destinationPort) =>
        Ethernet.Receive(Replay.FrameReplayTests.Syn(source, destination, sourcePort, destinationPort));

    public void PublishList(long version, params string[] addresses)
    {
        Repository.Foundation.Publish(new RepositoryChange().SetTarget("blocklists/at-most-1000.snapshot", List(version, addresses).ToSnapshot()), Repository.Keys);
        Hub.Announce();
    }

    public void PublishDelta(long version, long from, string[] before, string[] after)
    {
        EdgeSensors.Trust.Blocklists.Blocklist newer = List(version, after);
        Repository.Foundation.Publish(
            new RepositoryChange().SetTarget("blocklists/at-most-1000.snapshot", newer.ToSnapshot())
                .SetTarget($"blocklists/at-most-1000.from-{from}.delta", newer.DeltaFrom(List(from, before))!),
            Repository.Keys);
        Hub.Announce();
    }

    private EdgeSensors.Trust.Blocklists.Blocklist List(long version, string[] addresses)
    {
        BlocklistBuilder builder = new();
        foreach (string address in addresses)
        {
            builder.Add(Prefix.Parse(address), DocumentId.Parse("c2"), new UnixMilliseconds(Repository.KnownMs + 86_400_000L * 20));
        }

        return builder.Build(version);
    }

    public void Fill(byte[] octets) => _random.NextBytes(octets);

    public void Poll(long milliseconds)
    {
    }

    public ButtonAction TakeButton()
    {
        ButtonAction action = Pressed;
        Pressed = ButtonAction.None;
        return action;
    }

    public bool TryReadTemperature(out int sixteenths)
    {
        sixteenths = Sixteenths;
        return true;
    }

    public void ConnectTapPort(bool connected) => IsPortConnected = connected;

    public void Show(TapCondition condition) => Shown = condition;

    public void Dispose()
    {
        Ethernet.Dispose();
        Repository.Dispose();
    }
}
