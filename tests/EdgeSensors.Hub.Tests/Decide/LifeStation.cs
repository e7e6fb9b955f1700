using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>
/// The decisions alone, on a real store: what is signed, the sensors and the clock are the test's. <see cref="Crash"/> forgets everything that is not on disk, and
/// <see cref="CutOffAt"/> ends the next transaction in the middle.
/// </summary>
internal sealed class LifeStation : IDisposable
{
    public static readonly OperatorId Issuer = OperatorId.Parse("authority");
    public static readonly SensorName[] Sensors = [.. Enumerable.Range(1, 10).Select(i => new SensorName(OperatorId.Parse(i <= 5 ? "isp-a" : "isp-b"), SensorId.Parse($"gw-{i}")))];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hub-life-");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));
    private CuttableStore _store;

    public LifeStation()
    {
        _store = new CuttableStore(Path.Combine(_folder.FullName, "decisions.db"));
        _store.Change(change =>
        {
            foreach (var sensor in Sensors)
            {
                change.Save(new SensorRecord { Name = sensor, Status = Status, ReceivedAt = Now });
            }

            return true;
        });
        Signed = new SignedDocuments { Grants = [Grant] };
        Mitigations = Start();
    }

    public Mitigations Mitigations { get; private set; }

    public Fleet Fleet { get; private set; } = null!;

    public CuttableStore Store => _store;

    public SignedDocuments Signed { get; set; }

    public HashSet<SensorName> Away { get; } = [];

    public UnixMilliseconds Now => new(_clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Packets that the estimate says.</summary>
    public double Expected { get; set; } = 24;

    /// <summary>Runs while an estimate is made.</summary>
    public Action Estimating { get; set; } = () => { };

    /// <summary>Two persons beyond an hour or a single address, with two stages; one, the policy too, at once for what is proven; one with a stage for a single address.</summary>
    public static Grant Grant => new()
    {
        Id = DocumentId.Parse("standing"),
        Issuer = Issuer,
        Actions = new HashSet<MitigationStep> { MitigationStep.Observe, MitigationStep.RateLimit, MitigationStep.Drop },
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 64,
        MaxDurationMs = 86_400_000,
        MaxRules = 50,
        Sensors = [SensorPattern.All],
        Tiers =
        [
            EdgeSensors.Tests.OpenTier.Tier with { Id = DocumentId.Parse("proven"), MinPrefixLengthV4 = 32, MinPrefixLengthV6 = 128, MaxDurationMs = 3_600_000, Proven = true },
            EdgeSensors.Tests.OpenTier.Tier with
            {
                Id = DocumentId.Parse("single"), MinPrefixLengthV4 = 32, MinPrefixLengthV6 = 128, MaxDurationMs = 3_600_000, PolicyCounts = false, Stages = [Stage(20, 60)],
                Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 40, LostPercent = 50, Hits = new HitBound(10, 100) },
            },
            EdgeSensors.Tests.OpenTier.Tier with
            {
                Id = DocumentId.Parse("wide"), MinPrefixLengthV4 = 24, MinPrefixLengthV6 = 64, MaxDurationMs = 86_400_000, PolicyCounts = false, Approvals = 2,
                Approvers = [OperatorId.Parse("alice"), OperatorId.Parse("bob"), OperatorId.Parse("carol")],
                Stages = [Stage(10, 60) with { Sensors = [SensorPattern.Parse("isp-b/gw-10")] }, Stage(50, 120)],
                Bounds = new RevertBounds { Complaints = 1, RefusedPercent = 20, LostPercent = 30, Hits = new HitBound(10, 100) },
            },
        ],
        NotBefore = new(0),
        NotAfter = new(UnixMilliseconds.MaxValue),
    };

    public static Approver Person(string name) => new(name, $"certificate of {name}");

    public void Pass(TimeSpan time) => _clock.Advance(time);

    /// <summary>Through all stages, with every canary's receipt.</summary>
    public void ToFleet(string id)
    {
        while (Read(id).StageSensors is not [{ IsOneSensor: false }])
        {
            Publish();
            ReceiveFromAll(id);
            Pass(TimeSpan.FromMinutes(1));
        }

        Publish();
    }

    /// <summary>What the publisher does on each of its rounds: looks after the mitigations, signs, and says so.</summary>
    public IReadOnlyList<MitigationRule> Publish()
    {
        Mitigations.Tend();
        Mitigations.EndUnreadable();
        var active = Mitigations.Active();
        var rules = active.Select(m => m.ToRule()).ToList();
        Mitigations.MarkPublished(active, Store.Number("rules_revision") + 1, Now);
        return rules;
    }

    public Mitigation Read(string id) => Store.FindMitigation(id)!;

    public void Receive(SensorName sensor, string id, RuleState state, ulong hits = 0, string? reason = null) => Store.Change(change =>
    {
        Mitigations.Record(
            change, sensor,
            new ReceiptMessage
            {
                Id = new(1, 1), ObservedAt = Now, Witness = "w", Enforcer = "nftables",
                Rules = [new RuleOutcome { RuleId = id, State = state, Reason = reason, HitPackets = hits, HitOctets = hits * 60 }],
            },
            Now);
        return true;
    });

    /// <summary>Every sensor that a rule was sent to and that is not away says that it carries it out.</summary>
    public void ReceiveFromAll(string id)
    {
        foreach (var sensor in SentTo(id).Where(sensor => !Away.Contains(sensor)))
        {
            Receive(sensor, id, RuleState.Enforced);
        }
    }

    /// <summary>Those of <see cref="Sensors"/> that a rule was sent to.</summary>
    public IReadOnlyList<SensorName> SentTo(string id) =>
        [.. Sensors.Where(sensor => Store.FindMitigation(id) is { IsRunning: true } running && running.StageSensors.Any(pattern => pattern.Matches(sensor.Operator, sensor.Sensor)))];

    /// <summary>A sensor says what it is.</summary>
    public void Hear(SensorName sensor, SensorKind kind = SensorKind.Agent) => Store.Change(change =>
    {
        change.Save(new SensorRecord { Name = sensor, Status = Status with { Kind = kind }, ReceivedAt = Now });
        return true;
    });

    /// <summary>The process is gone; another one starts on the same files.</summary>
    public void Crash()
    {
        _store.Dispose();
        _store = new CuttableStore(Path.Combine(_folder.FullName, "decisions.db"));
        Mitigations = Start();
    }

    /// <summary>Does to the file what no program of ours does.</summary>
    public void Damage(string sql)
    {
        using var connection = SqliteSchema.Connect(Path.Combine(_folder.FullName, "decisions.db"), readOnly: false);
        SqliteSchema.Execute(connection, sql);
    }

    /// <summary>Cuts the next transaction that writes as often off before that write.</summary>
    public void CutOffAt(int write) => _store.CutOffAt = write;

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    private static RolloutStage Stage(int share, int soakSeconds) =>
        new() { SharePercent = share, MaxSensors = 4, SoakMs = soakSeconds * 1000, AppliedPercent = 100, RefusedPercent = 0 };

    private static StatusMessage Status => new()
    {
        Id = new(1, 1), ObservedAt = new(1), Kind = SensorKind.Agent, SoftwareVersion = "1", Witness = "w", Enforcer = "nftables", Outbox = default,
    };

    private Mitigations Start()
    {
        var settings = new PolicySettings();
        var study = new ImpactStudy(
            new StatedFlows(() =>
            {
                Estimating();
                return Expected;
            }),
            () => Signed, settings, _clock);
        Fleet = new Fleet(_store, sensor => !Away.Contains(sensor), _clock);
        return new Mitigations(_store, () => Signed, study, Fleet, settings, _clock);
    }

    /// <summary>The estimate is not what these tests are about.</summary>
    private sealed class StatedFlows(Func<double> packets) : IFlowStore
    {
        public long Watermark => 0;

        public ImpactEstimate Estimate(ImpactQuestion question) => new() { At = question.Since, Window = TimeSpan.FromDays(1), Packets = packets(), Flows = 1 };

        public void Project(IReadOnlyList<(InboxMessage Message, ReportMessage Report)> reports, long watermark) => throw new NotSupportedException();

        public long Prune(UnixMilliseconds before) => 0;

        public IReadOnlyList<StoredFlow> FlowsOf(string address, int max) => [];

        public IReadOnlyList<StoredWindow> Windows(SensorName? sensor, int max) => [];

        public (long Windows, long Flows) Count() => default;

        public void Dispose()
        {
        }
    }
}

/// <summary>The power is cut.</summary>
internal sealed class CutOffException : Exception;
