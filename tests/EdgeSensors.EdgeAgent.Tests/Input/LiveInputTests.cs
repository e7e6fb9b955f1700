using System.Net;
using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Tests.Report;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Input;

/// <summary>The agent's way from an interface to its reports, on a virtual cable.</summary>
public sealed class LiveInputTests
{
    private const int Addresses = 60;
    private const int Datagrams = 900;

    [Fact]
    public async Task Several_rings_with_a_thread_each_give_the_report_that_one_gives()
    {
        using var network = Cable();
        var (one, three) = (new Metered(network, rings: 1), new Metered(network, rings: 3));
        Send(network, Datagrams);
        var reports = new List<ReportMessage>();
        foreach (var metered in (Metered[])[one, three])
        {
            using (metered)
            {
                reports.Add(await metered.StopAfterAsync(Datagrams));
            }
        }

        Assert.Equal((ulong)Datagrams, reports[0].Total!.Value.Packets);
        Assert.Equal(0UL, reports[0].Measurement.DroppedPackets);
        Assert.Equal(Bytes(reports[0], reports[0]), Bytes(reports[1], reports[0]));
        Assert.NotEmpty(reports[0].Flows);
        Assert.Equal(Timeless(reports[0]), Timeless(reports[1]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_interface_that_goes_and_comes_back_is_metered_on_and_what_it_dropped_meanwhile_is_unknown(int rings)
    {
        using var network = Cable();
        using var input = network.Inside(() => Open(rings));
        Assert.Equal(0, input.ReadCounters().Dropped);
        network.Run("ip", "link", "delete", "far");
        while (input.Trouble is null)
        {
            Assert.Equal(0, Take(network, input));
        }

        Assert.Contains("far is gone", input.Trouble, StringComparison.Ordinal);
        Assert.Null(input.ReadCounters().Dropped);
        Connect(network);
        while (input.Trouble is not null)
        {
            Take(network, input);
        }

        Assert.Null(input.ReadCounters().Dropped);
        Assert.Equal(0, input.ReadCounters().Dropped);
        Send(network, 5);
        var taken = 0;
        for (var idle = 0; taken < 5 && idle < 100;)
        {
            var got = Take(network, input);
            (taken, idle) = (taken + got, got == 0 ? idle + 1 : 0);
        }

        Assert.Equal(5, taken);
    }

    [Fact]
    public async Task A_window_in_which_the_interface_came_back_does_not_say_that_nothing_was_dropped()
    {
        var stop = TestContext.Current.CancellationToken;
        using var network = Cable();
        using var metered = new Metered(network, rings: 1, windowSeconds: 1);
        await Task.Delay(1_500, stop);
        network.Run("ip", "link", "delete", "far");
        await Task.Delay(2_000, stop);

        // Just behind the edge of a window: the one before it is closed later than the interface is back.
        await Task.Delay(1_030 - TimeProvider.System.GetUtcNow().Millisecond, stop);
        var back = TimeProvider.System.GetUtcNow();
        Connect(network);
        await metered.IsThereAgainAsync(stop);
        await Task.Delay(5_000, stop);
        var windows = await metered.StopAsync();
        Assert.All(windows.Where(w => w.WindowStart.ToDateTimeOffset() <= back && back < w.WindowEnd.ToDateTimeOffset()), w => Assert.Null(w.Measurement.DroppedPackets)); // none where the machine was too slow to begin one
        Assert.Equal(0UL, windows[^1].Measurement.DroppedPackets);
    }

    [Fact]
    public async Task An_interface_that_is_back_before_anybody_looked_does_not_leave_its_window_without_a_gap()
    {
        using var network = Cable();
        var second = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        using var clock = new HeldClock(second.AddMilliseconds(500));
        using var metered = new Metered(network, rings: 1, windowSeconds: 1, clock);
        await clock.LookedAtAsync();

        // Just behind the edge of a window: the one before it closes when the interface is back, and takes note of what is unknown.
        clock.Advance(TimeSpan.FromMilliseconds(550));
        await clock.LookedAtAsync();
        await clock.HoldAsync();
        network.Run("ip", "link", "delete", "far");
        Connect(network);
        clock.Release();
        await metered.IsReopenedAsync();
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(i == 0 ? 0.5 : 1));
            await clock.LookedAtAsync();
        }

        var windows = await metered.StopAsync();
        Assert.Equal([(300, null), (1000, null), (2000, 0UL)], windows.Take(3).Select(w => ((w.WindowStart.ToDateTimeOffset() - second).TotalMilliseconds, w.Measurement.DroppedPackets)));
    }

    /// <summary>The report as if both were the same message of the same window, but for its flows, whose order follows from which ring was read first.</summary>
    private static byte[] Bytes(ReportMessage report, ReportMessage like) =>
        ReportCodec.Encode(report with { Id = like.Id, WindowStart = like.WindowStart, WindowEnd = like.WindowEnd, Flows = [] });

    /// <summary>The flows without their times: the kernel stamps a frame for each socket anew.</summary>
    private static HashSet<PickedFlow> Timeless(ReportMessage report) => [.. report.Flows.Select(flow => flow with { Start = default, End = default })];

    private static int Take(NetworkNamespace network, LiveInput input) => network.Inside(() =>
    {
        CapturedPacket packet = default;
        if (input.IsSingle)
        {
            return input.Read(ref packet) == PacketRead.Packet ? 1 : 0;
        }

        if (!input.TryTake(out var batch, out var reader))
        {
            return 0;
        }

        var count = batch.Count;
        reader.Release();
        return count;
    });

    private static LiveInput Open(int rings)
    {
        Assert.True(LiveInput.TryOpen("far", new LiveCaptureOptions { RingOctets = rings * (32 << 20), Rings = rings }, out var input, out var error), error);
        return input;
    }

    private static NetworkNamespace Cable()
    {
        var network = NetworkNamespace.CreateOrSkip();
        Connect(network);
        return network;
    }

    private static void Connect(NetworkNamespace network)
    {
        if (network.TryRun("ip", "link", "add", "near", "type", "veth", "peer", "name", "far") is { Exit: not 0, Text: var why })
        {
            network.Dispose();
            Assert.Skip($"no virtual cable: {why}");
        }

        foreach (var end in (string[])["near", "far"])
        {
            network.Run("ip", "link", "set", end, "addrgenmode", "none");
            network.Run("ip", "link", "set", end, "up");
        }

        // Nobody answers at the far end, and nobody is asked where anybody is.
        network.Run("ip", "link", "set", "near", "arp", "off");
        network.Run("ip", "addr", "add", "198.51.100.1/24", "dev", "near");
        Assert.True(SpinWait.SpinUntil(() => network.Run("ip", "-o", "link", "show", "up", "type", "veth").Split("state UP").Length == 3, 10_000));
    }

    private static void Send(NetworkNamespace network, int count)
    {
        using var socket = network.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        for (var i = 0; i < count; i++)
        {
            socket.SendTo(new byte[i % 200], new IPEndPoint(new IPAddress([198, 51, 100, (byte)(100 + (i % Addresses))]), 5000 + (i % 7)));
        }
    }

    /// <summary>An input, a reporter and an outbox of its own.</summary>
    private sealed class Metered : IDisposable
    {
        private readonly Station _station = new();
        private readonly LiveInput _input;
        private readonly EdgeAgent.Outbox.DurableOutbox _outbox;
        private readonly TrafficReporter _reporter;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task<string?> _reading;

        public Metered(NetworkNamespace network, int rings, int windowSeconds = 86_400, TimeProvider? clock = null)
        {
            var time = clock ?? TimeProvider.System;
            _station.Holder.Replace(Station.Trust(Station.Document("198.51.100.0/28")));
            _input = network.Inside(() => Open(rings));
            _outbox = _station.Open();
            var options = new ReporterOptions(TimeSpan.FromSeconds(windowSeconds), 1 << 12, new DetectorOptions(), Live: true);
            _reporter = new TrafficReporter(options, Checkpoint.Read(_outbox.ReadCheckpoint()), _station.Holder, _outbox, time, NullLogger.Instance);
            _reading = network.Inside(() => new InputLoop(_reporter, time, NullLogger.Instance).RunLiveAsync(_input, _stop.Token)); // there it looks for an interface that was gone
        }

        public async Task<ReportMessage> StopAfterAsync(int frames)
        {
            // A lost frame shows in the comparison; it must not keep the test.
            for (var looks = 0; _reporter.FrameCount < frames && looks < 1000; looks++)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            return Assert.Single(await StopAsync(), report => report.Total is not null);
        }

        public async Task IsThereAgainAsync(CancellationToken stop)
        {
            while (_input.Trouble is not null)
            {
                await Task.Delay(20, stop);
            }
        }

        public async Task IsReopenedAsync()
        {
            for (var looks = 0; _input.Reopenings == 0 && looks < 500; looks++)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            Assert.Equal((1, null), (_input.Reopenings, _input.Trouble));
        }

        public async Task<IReadOnlyList<ReportMessage>> StopAsync()
        {
            await _stop.CancelAsync();
            Assert.Null(await _reading);
            _outbox.Dispose();
            return [.. _station.Waiting().Reports];
        }

        public void Dispose()
        {
            _input.Dispose();
            _outbox.Dispose();
            _stop.Dispose();
            _station.Dispose();
        }
    }

    /// <summary>A clock at which the reading thread can be held: it looks at it whenever no packet is there.</summary>
    private sealed class HeldClock(DateTimeOffset start) : FakeTimeProvider(start), IDisposable
    {
        private readonly ManualResetEventSlim _free = new(true);
        private int _asked;
        private int _answered;

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Increment(ref _asked);
            _free?.Wait(TimeSpan.FromSeconds(30)); // the base class asks before there is one
            Interlocked.Increment(ref _answered);
            return base.GetUtcNow();
        }

        /// <summary>Waits until the time that it is now was asked for, and what follows from it done.</summary>
        public Task LookedAtAsync()
        {
            var before = Volatile.Read(ref _answered);
            return UntilAsync(() => Volatile.Read(ref _answered) >= before + 3);
        }

        public Task HoldAsync()
        {
            _free.Reset();
            return UntilAsync(() => Volatile.Read(ref _asked) > Volatile.Read(ref _answered));
        }

        public void Release() => _free.Set();

        public void Dispose() => _free.Dispose();

        private static async Task UntilAsync(Func<bool> so)
        {
            for (var looks = 0; !so(); looks++)
            {
                Assert.True(looks < 1000, "nobody looks at the clock");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }
}
