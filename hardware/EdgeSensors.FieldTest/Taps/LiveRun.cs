using System.Diagnostics;
using System.Globalization;
using System.Net;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// <c>run --taps N</c>: many emulated taps in this process and in real time, each with a mirror port that has visitors on it, against a hub and a witness that are
/// processes. What they cost is measured, and that every one of them connects, measures, reports and is acknowledged.
/// </summary>
internal sealed class LiveRun(int count, TimeSpan lasts, RunFolder ground, IRunWatch watch, string repeat, long seed)
{
    private const int WindowMs = 20_000;
    private const double IdleMs = 5;
    private const double LongestPauseMs = 250; // the buffer holds what an idle office sends in that time

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly Prefix Own = Prefix.Parse("192.0.2.0/24");

    private volatile bool _ends;

    /// <summary>Plays it; throws <see cref="ProgramException"/> where it cannot be played.</summary>
    public async Task PlayAsync(CancellationToken stop)
    {
        string[] programs = [Find(ProgramLocator.Hub), Find(ProgramLocator.Witness)];
        var names = Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"tap-{i:0000}")).ToList();
        var start = DateTimeOffset.UtcNow;
        var since = Stopwatch.GetTimestamp();
        watch.Began(new RunHead
        {
            Scenario = "taps",
            Title = new("Emulated taps in real time on a real hub", "実時間のエミュレートされたタップと実際のハブ"),
            World = World.Live,
            Seed = seed,
            Speed = 1,
            Start = start,
            Software = Software.With(programs),
            Repeat = repeat,
            Units = ["taps", "hub"],
        });
        using var hub = new HubSide(programs[0], ground.Temporary, ground.Logs, null, IPAddress.Loopback)
        {
            MqttPort = FreePort.Tcp(),
            HttpsPort = FreePort.Tcp(),
            Witness = new WitnessSide(programs[1], Path.Combine(ground.Temporary, "witness"), ground.Logs, null, IPAddress.Loopback) { Port = FreePort.Tcp(), ViewPort = FreePort.Tcp() },
        };
        Tell("the hub and its witness are made");
        await hub.InitAsync("manual", stop);
        var enrolments = Path.Combine(ground.Temporary, "taps");
        await hub.EnrolTapsAsync(names, [Own], enrolments, stop);
        Tell($"{count} taps are enrolled by one publication");
        await hub.ServeAsync(stop);

        long before = Resident();
        var taps = names.ConvertAll(n => new LiveTap(n, ReadEnrolment(enrolments, n), new RunSeed(seed), WindowMs));
        try
        {
            await PlayAsync(taps, hub, before, since, stop);
        }
        finally
        {
            _ends = true;
            taps.ForEach(t => t.Dispose());
            await hub.StopAsync();
        }

        void Tell(string words) => watch.Happened(new Happening((long)Stopwatch.GetElapsedTime(since).TotalMilliseconds, HappeningKind.Step, "taps", words));
    }

    private async Task PlayAsync(List<LiveTap> taps, HubSide hub, long memoryBefore, long since, CancellationToken stop)
    {
        var traffic = new TapTraffic(lasts + Patience, new RunSeed(seed), _ => "", []);
        var visitors = VisitorsStep();
        foreach (var tap in taps)
        {
            tap.Board.PlugIn(new MirrorPort(TimeProvider.System, [traffic.Of(visitors, tap.Name, [Own])], () => true, null));
        }

        var workers = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(w => Task.Factory.StartNew(
            () => Turn([.. taps.Where((_, i) => i % Math.Max(1, Environment.ProcessorCount) == w)]), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();

        // First all connect and measure; then it is measured what that costs.
        var connected = await UntilAsync(() => taps.All(t => t.IsConnected && t.Program.IsMeasuring), Patience, stop);
        double connectedAfter = Stopwatch.GetElapsedTime(since).TotalSeconds;
        watch.Happened(new Happening((long)(connectedAfter * 1_000), HappeningKind.Step, "taps", $"{taps.Count(t => t.IsConnected && t.Program.IsMeasuring)} of {count} are connected and measure"));
        taps.ForEach(t => t.LongestPauseMs = 0);
        using var own = Process.GetCurrentProcess();
        var (cpu, hubCpu, at) = (own.TotalProcessorTime, hub.Serving.ProcessorTime(), Stopwatch.GetTimestamp());
        await UntilAsync(() => false, lasts, stop, () => Sample(taps, hub, since));
        var took = Stopwatch.GetElapsedTime(at);
        own.Refresh();
        var (cpuShare, hubShare) = ((own.TotalProcessorTime - cpu) / took, (hub.Serving.ProcessorTime() - hubCpu) / took);
        var perTap = (Resident() - memoryBefore) / count;
        var hubMemory = hub.Serving.ResidentOctets() ?? 0;
        var pauses = taps.Select(t => t.LongestPauseMs).Order().ToList();
        _ends = true;
        await Task.WhenAll(workers);

        var committed = InboxFile.Read(hub.Folder).ToLookup(m => m.Sensor);
        var reporting = taps.Count(t => committed[$"{HubSide.Operator}/{t.Name}"].Any(m => m.Channel == Channel.Report && ReportCodec.TryDecode(m.Payload, out var r, out _) && r!.Total is { Packets: > 0 }));
        var lost = taps.Where(t => !HasAll(t, [.. committed[$"{HubSide.Operator}/{t.Name}"].Select(m => m.Id)])).ToList();
        var failure = taps.Select(t => t.LastFailure).FirstOrDefault(f => f is not null);
        Check("all connect", "every tap connects, takes its authorisation and measures",
            string.Create(CultureInfo.InvariantCulture, $"{taps.Count(t => t.IsConnected)} of {count} connected, {taps.Count(t => t.Program.IsMeasuring)} measure, after {connectedAfter:0} s{(failure is null ? "" : "; " + failure)}"), connected, "logs/hub.log");
        Check("all report", "a report with traffic of every tap is committed", string.Create(CultureInfo.InvariantCulture, $"{reporting} of {count}; {committed.Sum(c => c.Count())} messages in all"), reporting == count, "logs/hub.log");
        Check("nothing lost", "all that was acknowledged is committed", lost.Count == 0 ? $"so it is on {count} taps" : $"not on {lost[0].Name} and {lost.Count - 1} more", lost.Count == 0, "logs/hub.log");
        Check("real time", string.Create(CultureInfo.InvariantCulture, $"half of the taps never paused for more than {LongestPauseMs} ms"),
            string.Create(CultureInfo.InvariantCulture, $"the longest pause of a tap: {pauses[pauses.Count / 2]:0} ms in the median, {pauses[^1]:0} ms at most"), pauses[pauses.Count / 2] <= LongestPauseMs, "timing.json");
        watch.Happened(new Happening((long)Stopwatch.GetElapsedTime(since).TotalMilliseconds, HappeningKind.Step, "taps", string.Create(
            CultureInfo.InvariantCulture,
            $"what it cost: {100 * cpuShare / count:0.000} % of a core and {perTap / 1024.0:0} KiB a tap; {100 * cpuShare:0} % of a core and {Resident() / 1048576.0:0} MiB for all; the hub {100 * hubShare:0} % of a core and {hubMemory / 1048576.0:0} MiB")));

        void Check(string step, string expected, string seen, bool held, string look) => watch.Checked(new Check(step, expected, seen, held, look));
    }

    /// <summary>Turns some taps, one after the other, until the run ends.</summary>
    private void Turn(LiveTap[] taps)
    {
        while (!_ends)
        {
            var began = Stopwatch.GetTimestamp();
            foreach (var tap in taps)
            {
                var now = Stopwatch.GetTimestamp();
                if (tap.TurnedAt != 0)
                {
                    tap.LongestPauseMs = Math.Max(tap.LongestPauseMs, Stopwatch.GetElapsedTime(tap.TurnedAt, now).TotalMilliseconds);
                }

                tap.TurnedAt = now;
                tap.Turn();
            }

            var left = IdleMs - Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (left > 0)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(left));
            }
        }
    }

    private void Sample(List<LiveTap> taps, HubSide hub, long since)
    {
        var at = (long)Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        watch.Sampled(new Sample(at, "taps", taps.All(t => t.IsConnected) ? UnitState.Online : UnitState.Offline, new Dictionary<string, double>
        {
            [SeriesKind.Heap.Key] = Resident(),
            [SeriesKind.Queue.Key] = taps.Sum(t => t.Program.Outbox.Waiting),
            [SeriesKind.Drops.Key] = taps.Sum(t => (double)t.Program.Outbox.DroppedReports + t.Board.Ethernet.Dropped),
        }));
        watch.Sampled(new Sample(at, "hub", UnitState.Online, new Dictionary<string, double> { [SeriesKind.Heap.Key] = hub.Serving.ResidentOctets() ?? 0 }));
    }

    private static bool HasAll(LiveTap tap, HashSet<MessageId> committed)
    {
        for (ulong i = 1; i <= tap.Program.Outbox.Acknowledged; i++)
        {
            if (!committed.Contains(new MessageId(tap.Epoch, i)))
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<bool> UntilAsync(Func<bool> holds, TimeSpan atMost, CancellationToken stop, Action? eachSecond = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(began) > atMost)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), stop);
            eachSecond?.Invoke();
        }

        return true;
    }

    private static ScenarioStep VisitorsStep()
    {
        var kind = TapKinds.All.First(k => k is { Section: "traffic", Name: "generate" });
        return new ScenarioStep(kind, 1, 1, new Dictionary<string, object>
        {
            ["to"] = "tap", ["from"] = TimeSpan.FromSeconds(3), ["generate"] = "visitors", ["lasts"] = TimeSpan.FromDays(1), ["rate"] = 0.5, ["hosts"] = 20.0,
        });
    }

    private static byte[] ReadEnrolment(string folder, string tap) => File.ReadAllBytes(Path.Combine(folder, tap, "tap.enrolment"));

    private static long Resident()
    {
        using var own = Process.GetCurrentProcess();
        return own.WorkingSet64;
    }

    private static string Find(string program) => ProgramLocator.TryFind(program, out var path, out var error) ? path : throw new ProgramException(error);
}
