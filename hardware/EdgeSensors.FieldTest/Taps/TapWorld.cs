using System.Globalization;
using System.Security.Cryptography;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Hardware.Time;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// Many emulated taps and their hub in one process, on emulated time. Each tap has a time of its own; whoever is furthest behind, a tap or the world around it, goes next, one bounded
/// turn. Nothing in it asks a clock, a thread or chance but what the seed gives, so the same seed gives the same run.
/// </summary>
internal sealed class TapWorld : IDisposable
{
    /// <summary>
    /// Octets of the managed heap beyond which a run has failed: half of the module's 8 MB of PSRAM; the other half is for Wi-Fi, TLS and the interpreter. An assumption: no board was measured.
    /// </summary>
    public const long HeapCeiling = 4 * 1024 * 1024;

    /// <summary>When every emulated run begins.</summary>
    public static readonly DateTimeOffset Start = new(2027, 1, 4, 0, 0, 0, TimeSpan.Zero);

    private const long Second = 1_000_000_000;
    private const string OperatorName = "fieldtest";
    private const int WatchedOneByOne = 16;

    private readonly Scenario _scenario;
    private readonly IRunWatch _watch;
    private readonly RunSeed _seed;
    private readonly EventQueue _events = new();
    private readonly EmulatedTime _time = new(Start);
    private readonly EmulatedRepository _repository;
    private readonly EmulatedHub _hub;
    private readonly List<EmulatedTap> _taps = [];
    private readonly List<SealingKey> _sealing = [];
    private readonly Dictionary<string, List<EmulatedTap>> _byBoard = [];
    private readonly Dictionary<EmulatedTap, (long Frames, long At)> _measured = [];
    private readonly PriorityQueue<EmulatedTap, (long Wake, int Index)> _turns = new();
    private readonly Dictionary<EmulatedTap, int> _index = [];
    private readonly List<string> _log = [];
    private readonly List<AlertSeen> _alerts = [];
    private readonly Dictionary<EmulatedTap, long> _peakHeap = [];
    private readonly long _end;

    /// <summary>A world that has not begun.</summary>
    /// <param name="scenario">For taps.</param>
    /// <param name="seed">Everything that is left to chance.</param>
    /// <param name="watch">Is told what happens.</param>
    /// <param name="capturePath">Finds the files of <c>capture</c>.</param>
    public TapWorld(Scenario scenario, long seed, IRunWatch watch, Func<ScenarioStep, string> capturePath)
    {
        (_scenario, _watch, _seed, _end) = (scenario, watch, new RunSeed(seed), TapTraffic.Ns(scenario.Lasts));
        var listed = scenario.Boards.SelectMany(b => b.Prefixes("list")).Concat(Listed(scenario.Boards.Max(b => b.Count("listed")))).Distinct().ToList();
        var capacity = Math.Max(1_000, Math.Max(listed.Count, scenario.Timeline.Select(s => s.Count("listed") + s.Prefixes("list").Count).DefaultIfEmpty().Max()));
        var traffic = new TapTraffic(scenario.Lasts, _seed, capturePath, listed);
        var enrolments = new List<(ScenarioStep Board, Enrolment Enrolment)>();
        foreach (var board in scenario.Boards)
        {
            foreach (var sensor in BoardNames.Of(board).Select(SensorId.Parse))
            {
                var key = SealingKey.TryParse(Convert.ToBase64String(SealingOctets(sensor)), out var made) ? made : throw new InvalidOperationException("32 octets are an X25519 key.");
                _sealing.Add(key);
                enrolments.Add((board, new Enrolment(
                    OperatorId.Parse(OperatorName), sensor, key, board.Prefixes("own"),
                    board.Text("level") == "broad" ? CollectionLevel.Broad : CollectionLevel.Concern)));
            }
        }

        _repository = new EmulatedRepository(_seed, _time, [.. enrolments.Select(e => e.Enrolment)]) { ListCapacity = capacity };
        _repository.PublishList(listed);
        _hub = new EmulatedHub(_repository, _events) { OnCommitted = Committed };
        foreach (var (board, enrolment) in enrolments)
        {
            var allowed = new TapLimits { ListEntries = capacity, WindowMs = (int)board.Time("window")!.Value.TotalMilliseconds };
            AddTap(board, enrolment, allowed, traffic);
        }

        _events.At(0, () => Every(3_600 * Second, RenewSignatures));
        Plan();
    }

    /// <summary>The taps, in order.</summary>
    public IReadOnlyList<EmulatedTap> Taps => _taps;

    /// <summary>The hub.</summary>
    public EmulatedHub Hub => _hub;

    /// <summary>What came of the faults.</summary>
    public FaultEffects Effects { get; } = new();

    /// <summary>What was on a tap's wire; null where no expectation asks.</summary>
    public Dictionary<EmulatedTap, WireTruth> Truths { get; } = [];

    /// <summary>The most octets of heap that a tap's program took.</summary>
    public long PeakHeap(EmulatedTap tap) => _peakHeap.GetValueOrDefault(tap);

    /// <summary>Alerts as the hub had them.</summary>
    public IReadOnlyList<AlertSeen> Alerts => _alerts;

    /// <summary>What happened, line by line: for the run's log.</summary>
    public IReadOnlyList<string> Log => _log;

    /// <summary>What each tap said to its hub.</summary>
    public IReadOnlyList<WireDigest> Wire => [.. _taps.Select(t => t.Uplink.Digest())];

    /// <summary>The taps of a board's entry.</summary>
    public IReadOnlyList<EmulatedTap> Named(ScenarioStep board) => _byBoard[board.Text("name")];

    /// <summary>The taps that a step is about.</summary>
    public IReadOnlyList<EmulatedTap> Meant(ScenarioStep step) => step.Has("on") ? _byBoard[step.Text("on")] : _taps;

    /// <summary>How far it has come.</summary>
    public TimeSpan Played => TimeSpan.FromTicks(_time.Nanoseconds / 100);

    /// <summary>Plays it to its end. False if it was stopped before.</summary>
    /// <param name="pace">Called with the time that comes, so that whoever wants to can wait for it; null for as fast as possible.</param>
    /// <param name="stop">Stops it.</param>
    public bool Play(Action<TimeSpan>? pace, CancellationToken stop)
    {
        var played = Play(_end, pace, stop);
        if (played)
        {
            MoveTo(_end);
        }

        return played;
    }

    /// <summary>Goes on after its end, until it is stopped.</summary>
    public void GoOn(Action<TimeSpan>? pace, CancellationToken stop) => Play(long.MaxValue, pace, stop);

    /// <summary>Judges the scenario's expectations, and what holds in every run: nothing crashed, the heap stayed below its ceiling.</summary>
    public IReadOnlyList<Check> Judge() => new TapJudge(_scenario, this).Judge();

    /// <inheritdoc/>
    public void Dispose()
    {
        _taps.ForEach(t => t.Dispose());
        _sealing.ForEach(k => k.Dispose());
        _repository.Dispose();
    }

    private bool Play(long end, Action<TimeSpan>? pace, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            long turn = NextTurn();
            long next = Math.Min(turn, _events.Next);
            if (next > end || next == long.MaxValue)
            {
                return true;
            }

            pace?.Invoke(TimeSpan.FromTicks(next / 100));
            if (_events.Next <= turn)
            {
                MoveTo(next);
                _events.Take()();
            }
            else
            {
                var tap = _turns.Dequeue();
                tap.Turn();
                Schedule(tap);
            }
        }

        return false;
    }

    private byte[] SealingOctets(SensorId sensor) => _seed.Octets($"sealing/{sensor}");

    private static long Ms(long nanoseconds) => nanoseconds / 1_000_000;

    /// <summary>Addresses of RFC 6890's reserved 240.0.0.0/4: nobody's, and none that traffic is made of.</summary>
    private IEnumerable<Prefix> Listed(int count, int from = 0)
    {
        var random = _seed.Stream("listed");
        for (var i = 0; i < from + count; i++)
        {
            var next = Prefix.Parse(string.Create(CultureInfo.InvariantCulture, $"{random.Next(240, 255)}.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}/32"));
            if (i >= from)
            {
                yield return next;
            }
        }
    }

    private void AddTap(ScenarioStep board, Enrolment enrolment, TapLimits limits, TapTraffic traffic)
    {
        var name = enrolment.Sensor.ToString();
        var tap = new EmulatedTap(name, _seed, Start, time => Clock(board, time), limits, _ => Octets(enrolment)) { Operator = OperatorName, OnWake = Schedule };
        tap.OnNote = words => Note(tap.Now, name, words);
        tap.Uplink = new TapUplink(tap, _hub, _events, _seed.Stream($"uplink/{name}"));
        if (_scenario.Expect.Any(e => e.What == "statistics" && (!e.Has("on") || e.Text("on") == board.Text("name"))))
        {
            Truths[tap] = new WireTruth();
        }

        tap.Port = new MirrorPort(
            tap.Time, [.. _scenario.Traffic.Where(t => t.Text("to") == board.Text("name")).Select(t => traffic.Of(t, name, board.Prefixes("own")))],
            () => tap.Board.Ethernet.IsLinkUp, Truths.GetValueOrDefault(tap));
        tap.Board.PlugIn(tap.Port);
        if (board.Flag("enrolled"))
        {
            tap.PreEnrol();
        }

        _index[tap] = _taps.Count;
        _taps.Add(tap);
        if (!_byBoard.TryGetValue(board.Text("name"), out var group))
        {
            _byBoard[board.Text("name")] = group = [];
        }

        group.Add(tap);
        if (tap.Clock.StartErrorMs != 0)
        {
            Effects.Began(board, tap, () => tap.Clock.WrongLooks);
        }

        long at = _seed.Stream($"start/{name}").NextInt64(2 * Second);
        _events.At(at, () => tap.PowerOn(at));
    }

    private static BoardClock Clock(ScenarioStep board, EmulatedTime time) => new(time)
    {
        StartErrorMs = (long)board.Time("clock")!.Value.TotalMilliseconds,
        SntpNs = board.Time("sntp") is { } sntp ? TapTraffic.Ns(sntp) : null,
        SntpEveryNs = TapTraffic.Ns(board.Time("sntp-every")!.Value),
    };

    private byte[] Octets(Enrolment enrolment)
    {
        var whole = new TapEnrolment
        {
            Name = new SensorName(enrolment.Operator, enrolment.Sensor),
            HubHost = "hub.example",
            MqttPort = 8883,
            CertificatePem = "-----BEGIN CERTIFICATE-----\nemulated\n-----END CERTIFICATE-----\n", // the emulated way to the hub has no TLS that would read them
            KeyPem = "-----BEGIN PRIVATE KEY-----\nemulated\n-----END PRIVATE KEY-----\n",
            AuthorityPem = "-----BEGIN CERTIFICATE-----\nemulated\n-----END CERTIFICATE-----\n",
            Root = _repository.Root,
            SealingKey = SealingOctets(enrolment.Sensor),
        };
        return TapEnrolmentCodec.TryEncode(whole, out var octets, out var error) ? octets : throw new InvalidOperationException(error.ToString());
    }

    /// <summary>Puts the timeline, the faults and the samples into the queue.</summary>
    private void Plan()
    {
        foreach (var step in _scenario.Timeline)
        {
            _events.Repeat(step, _end, at => Do(step, at));
        }

        var faults = new TapFaults(_seed, _events, _repository, this, Effects, (words, source, at, until) => _watch.Happened(new Happening(Ms(at), HappeningKind.Fault, source, words) { UntilMs = until is { } u ? Ms(u) : null }));
        foreach (var step in _scenario.Faults)
        {
            faults.Plan(step, _end);
        }

        var one = _taps.Count <= WatchedOneByOne;
        long every = Math.Max(Second, _end / (one ? 120 : 20));
        _events.At(every, () => Every(every, Sample));
    }

    /// <summary>Does something now, and again and again.</summary>
    private void Every(long nanoseconds, Action<long> what)
    {
        long now = _time.Nanoseconds;
        what(now);
        _events.At(now + nanoseconds, () => Every(nanoseconds, what));
    }

    private void Do(ScenarioStep step, long at)
    {
        switch (step.What)
        {
            case "publish-list":
                _repository.PublishList(step.Prefixes("list").Concat(Listed(step.Count("listed"), 10 * _repository.ListVersions.Count)).Distinct());
                _hub.Announce(at);
                Tell(HappeningKind.Update, "hub", $"published blocklist {_repository.ListVersions[^1]}");
                return;
            case "enrol":
                Each(step, t => t.Enrol(), "is enrolled over its serial line");
                return;
            case "press-button":
                Each(step, t => t.Board.Button.IsClosed = true, "its button is pressed");
                _events.At(at + TapTraffic.Ns(step.Time("holds")!.Value), () => Each(step, t => t.Board.Button.IsClosed = false, "its button is let go"));
                return;
            default:
                Each(step, t => t.Board.Lid.IsClosed = false, "its case is opened");
                _events.At(at + TapTraffic.Ns(step.Time("lasts")!.Value), () => Each(step, t => t.Board.Lid.IsClosed = true, "its case is closed"));
                return;
        }

        void Each(ScenarioStep what, Action<EmulatedTap> act, string words)
        {
            foreach (var tap in Meant(what))
            {
                tap.MoveTo(_time.Nanoseconds);
                act(tap);
                Tell(HappeningKind.Step, tap.Name, words);
            }
        }
    }

    private void RenewSignatures(long now)
    {
        if (_repository.Renew())
        {
            _hub.Announce(now);
        }
    }

    private void Committed(EmulatedTap tap, Committed message)
    {
        switch (message.Message)
        {
            case AlertMessage alert:
                var seen = AlertWords.Of(alert, Ms(message.AtNs));
                _alerts.Add(seen);
                Tell(HappeningKind.Alert, tap.Name, seen.Words);
                break;
            case ReceiptMessage receipt:
                Tell(HappeningKind.Update, tap.Name, receipt.Refusal is { } refusal ? $"refused an update: {refusal}" : $"took over timestamp {receipt.TimestampVersion}, seen by {receipt.Witness}");
                break;
        }

        Note(_time.Nanoseconds, tap.Name, string.Create(CultureInfo.InvariantCulture, $"{message.Topic} {message.Id} of {message.Payload.Length} octets, {Convert.ToHexStringLower(SHA256.HashData(message.Payload))[..16]}"));
    }

    private void Sample(long now)
    {
        foreach (var tap in _taps)
        {
            var figures = new Dictionary<string, double>();
            if (tap.Program is { } program)
            {
                var before = _measured.GetValueOrDefault(tap);
                if (program.Frames >= before.Frames && now > before.At)
                {
                    figures[SeriesKind.Traffic.Key] = (program.Frames - before.Frames) * (double)Second / (now - before.At);
                }

                _measured[tap] = (program.Frames, now);
                long heap = HeapEstimate.Of(program);
                _peakHeap[tap] = Math.Max(_peakHeap.GetValueOrDefault(tap), heap);
                figures[SeriesKind.Heap.Key] = heap;
                figures[SeriesKind.Queue.Key] = program.Outbox.Waiting;
                figures[SeriesKind.Drops.Key] = program.Outbox.DroppedReports + program.Outbox.DroppedAlerts + program.Outbox.DroppedReceipts + tap.Board.Ethernet.Dropped;
            }
            else
            {
                _measured[tap] = (0, now);
            }

            figures[SeriesKind.Detections.Key] = _hub.Of(tap).All.Count(m => m.Topic == HubTopic.Alert);
            _watch.Sampled(new Sample(Ms(now), tap.Name, tap.State, figures));
        }
    }

    private void Tell(HappeningKind kind, string source, string words)
    {
        Note(_time.Nanoseconds, source, words);
        _watch.Happened(new Happening(Ms(_time.Nanoseconds), kind, source, words));
    }

    private void Note(long at, string source, string words) => _log.Add(string.Create(CultureInfo.InvariantCulture, $"{Ms(at) / 1_000.0,10:0.000} {source} {words}"));

    private long NextTurn()
    {
        while (_turns.TryPeek(out var tap, out var key))
        {
            if (key.Wake == tap.Wake)
            {
                return key.Wake;
            }

            _turns.Dequeue(); // it has been woken, or stopped, since
        }

        return long.MaxValue;
    }

    private void Schedule(EmulatedTap tap)
    {
        if (tap.Wake != long.MaxValue)
        {
            _turns.Enqueue(tap, (tap.Wake, _index[tap]));
        }
    }

    private void MoveTo(long at)
    {
        if (at > _time.Nanoseconds)
        {
            _time.Advance(at - _time.Nanoseconds);
        }
    }
}
