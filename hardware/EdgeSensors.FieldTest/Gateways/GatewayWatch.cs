using System.Net;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>Follows hub and agents while a scenario runs: what the hub commits and finds, what each program costs; tells it on, and lets the operator act.</summary>
internal sealed class GatewayWatch(Cast cast, IReadOnlyList<Gateway> gateways, GatewayFaults faults, IRunWatch told, RunHead head, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_sampling = TimeSpan.FromMilliseconds(500);

    private readonly ScriptedOperator _operator = new(cast.Hub);
    private readonly Dictionary<string, SensorLedger> _ledgers = gateways.ToDictionary(g => g.Sensor, _ => new SensorLedger());
    private readonly Dictionary<int, TimeSpan> _processor = [];
    private readonly Dictionary<string, long> _onLink = [];
    private readonly HashSet<string> _told = [];
    private long _row;
    private DateTimeOffset _sampled;

    /// <summary>What the hub said last.</summary>
    public HubState State { get; private set; } = HubState.Nothing;

    /// <summary>When it last answered; the start before.</summary>
    public DateTimeOffset AnsweredAt { get; private set; } = head.Start;

    /// <summary>The counters of its health, when it last answered.</summary>
    public IReadOnlyDictionary<string, double> Health { get; private set; } = new Dictionary<string, double>();

    /// <summary>Whether it then said that it commits and publishes.</summary>
    public bool IsWell { get; private set; }

    /// <summary>Whether a person is at the hub.</summary>
    public bool HasOperator { get; set; }

    /// <summary>What the hub has committed of a gateway's sensor.</summary>
    public SensorLedger LedgerOf(Gateway gateway) => _ledgers[gateway.Sensor];

    /// <summary>Follows until it is told to stop; ends early when a program dies that no fault has ended.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await LookAsync(stop).ConfigureAwait(false);
                await Task.Delay(s_interval, time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    /// <summary>Looks once, as at the end.</summary>
    public async Task LookAsync(CancellationToken stop)
    {
        foreach (var program in (StartedProgram[])[cast.Hub.Serving, .. cast.Agents.Select(a => a.Running)])
        {
            if (!faults.EndsPrograms && program.HasEnded && !stop.IsCancellationRequested)
            {
                throw new ProgramException($"{program.Name} ended in the middle of the run: {program.LastWords()}");
            }
        }

        await ReadHubAsync(stop).ConfigureAwait(false);
        foreach (var gateway in gateways)
        {
            gateway.LookFor(InForce(gateway).Select(m => m.Address));
        }

        Tell();
        if (time.GetUtcNow() - _sampled >= s_sampling)
        {
            Sample();
        }
    }

    /// <summary>Reads what the hub has committed since the last time; to the end of the file, whether it serves or not.</summary>
    public void ReadInbox()
    {
        foreach (var message in cast.Hub.ReadInbox(_row))
        {
            _row = message.Row;
            if (_ledgers.TryGetValue(message.Sensor, out var ledger))
            {
                ledger.Add(message);
            }
        }
    }

    /// <summary>Single addresses that a gateway's agent says it blocks.</summary>
    public IEnumerable<(MitigationSeen Mitigation, HostAddress Address)> InForce(Gateway gateway) => State.Mitigations
        .Where(m => m.Receipts.Any(r => r.Sensor == gateway.Sensor && r.State == "enforced") && IPAddress.TryParse(m.Target.Split('/')[0], out _))
        .Select(m => (m, HostAddress.From(IPAddress.Parse(m.Target.Split('/')[0]))));

    private async Task ReadHubAsync(CancellationToken stop)
    {
        try
        {
            ReadInbox();
            State = await cast.Hub.ReadStateAsync(stop).ConfigureAwait(false);
            (IsWell, Health) = await cast.Hub.ReadHealthAsync(stop).ConfigureAwait(false);
            AnsweredAt = time.GetUtcNow();
            foreach (var deed in HasOperator ? await _operator.ActAsync(State, stop).ConfigureAwait(false) : [])
            {
                Note(AnsweredAt, HappeningKind.Decision, "hub", deed);
            }
        }
        catch (Exception e) when (e is HttpRequestException or Microsoft.Data.Sqlite.SqliteException or System.Text.Json.JsonException)
        {
            // A hub that is killed, away or without a disk is asked again at the next turn.
        }
    }

    private void Tell()
    {
        foreach (var incident in State.Incidents.Where(i => _told.Add($"incident {i.Id} {i.Sensor} {i.Indicator} {i.Detector}")))
        {
            Note(incident.ReceivedAt, HappeningKind.Alert, incident.Sensor.Split('/')[^1], incident.WhenFound());
        }

        foreach (var mitigation in State.Mitigations)
        {
            if (mitigation.ApprovedAt is { } approved && _told.Add($"approved {mitigation.Id}"))
            {
                Note(approved, HappeningKind.Decision, "hub", RingWatch.Decided(mitigation));
            }

            if (mitigation.PublishedAt is { } published && _told.Add($"published {mitigation.Id}"))
            {
                Note(published, HappeningKind.Update, "hub", new($"the rule against {mitigation.Target} is signed and announced", $"{mitigation.Target} に対するルールに署名し、告知"));
            }

            foreach (var receipt in mitigation.Receipts.Where(r => _told.Add($"{mitigation.Id} {r.Sensor} {r.State} {r.Reason}")))
            {
                Note(receipt.ObservedAt, HappeningKind.Rule, receipt.Sensor.Split('/')[^1], receipt.WordsOf(mitigation.Target));
            }
        }
    }

    private void Sample()
    {
        var now = time.GetUtcNow();
        var seconds = _sampled == default ? 0 : (now - _sampled).TotalSeconds;
        _sampled = now;
        foreach (var gateway in gateways.Where(g => g.Agent is not null))
        {
            var (agent, ledger) = (gateway.Agent!, LedgerOf(gateway));
            var outbox = OutboxOf(gateway);
            var onLink = gateway.OnLink;
            var figures = Cost(agent.Running, seconds);
            figures[SeriesKind.Traffic.Key] = seconds > 0 ? (onLink - _onLink.GetValueOrDefault(gateway.Name)) / seconds : 0;
            figures[SeriesKind.Mitigations.Key] = InForce(gateway).Count();
            figures[SeriesKind.Detections.Key] = State.Incidents.Count(i => i.Sensor == gateway.Sensor);
            figures[SeriesKind.Drops.Key] = (long)ledger.Dropped + (outbox?.Dropped ?? 0);
            if (outbox is not null)
            {
                figures[SeriesKind.Queue.Key] = outbox.Waiting;
            }

            _onLink[gateway.Name] = onLink;
            var fresh = ledger.LastReport?.IsComingAt(now) == true;
            told.Sampled(new Sample(head.MillisecondsTo(now), gateway.Name, agent.Running.HasEnded ? UnitState.Off : fresh ? UnitState.Online : ledger.Count == 0 ? UnitState.Starting : UnitState.Offline, figures));
        }

        var hub = Cost(cast.Hub.Serving, seconds);
        hub[SeriesKind.Queue.Key] = Health.GetValueOrDefault("queued");
        hub[SeriesKind.Detections.Key] = State.Incidents.Count;
        told.Sampled(new Sample(head.MillisecondsTo(now), "hub", cast.Hub.Serving.HasEnded ? UnitState.Off : now - AnsweredAt < TimeSpan.FromSeconds(2) ? UnitState.Online : UnitState.Faulty, hub));
    }

    /// <summary>How an agent's outbox stands; null while that cannot be read.</summary>
    public OutboxSeen? OutboxOf(Gateway gateway)
    {
        var folder = cast.StateOf(gateway.Name);
        return gateway.Agent is { Place: { } place } ? place.Run(() => OutboxFile.TryRead(folder)) : null;
    }

    private Dictionary<string, double> Cost(StartedProgram program, double seconds)
    {
        var figures = new Dictionary<string, double>();
        if (program.ResidentOctets() is not { } resident)
        {
            return figures;
        }

        figures[SeriesKind.Heap.Key] = resident;
        var processor = program.ProcessorTime();
        if (seconds > 0 && _processor.TryGetValue(program.Id, out var before))
        {
            figures[SeriesKind.Processor.Key] = (processor - before).TotalSeconds / seconds;
        }

        _processor[program.Id] = processor;
        return figures;
    }

    private void Note(DateTimeOffset at, HappeningKind kind, string source, Title words) => told.Happened(new(head.MillisecondsTo(at), kind, source, words));
}
