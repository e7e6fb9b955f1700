using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>Walls 4 and 5 between the signed rules and the enforcer, which is the only fake here.</summary>
public sealed class RuleKeeperTests : IDisposable
{
    private static readonly SensorName Sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    private readonly string _directory = Directory.CreateTempSubdirectory("edgesensors-keeper-").FullName;
    private readonly DurableOutbox _outbox;
    private readonly ScriptedEnforcer _enforcer = new();
    private readonly RuleKeeper _keeper;
    private ulong _read;

    public RuleKeeperTests()
    {
        Assert.True(DurableOutbox.TryOpen(_directory, 1 << 20, out var outbox, out var error), error);
        _outbox = outbox;
        _keeper = new RuleKeeper(Sensor, new AgentConfiguration(), _enforcer, _outbox, TimeProvider.System, NullLogger.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _keeper.Dispose();
        _outbox.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_verified_rule_is_enforced_and_a_receipt_says_so()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        Assert.Equal("rule-1", Assert.Single(_enforcer.Plan.Rules).Id.Text);
        var receipt = Assert.Single(Receipts());
        Assert.Equal((1UL, 1UL, RuleState.Enforced), (receipt.TimestampVersion!.Value, receipt.RulesRevision!.Value, Assert.Single(receipt.Rules).State));
        Assert.Equal("oversight.example/w1", receipt.Witness);
    }

    [Fact]
    public async Task A_rule_that_is_absent_from_the_next_set_is_taken_back_at_once()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        Receipts();
        await _keeper.ApplyAsync(State(2), null, Cancel);
        Assert.Empty(_enforcer.Plan.Rules);
        Assert.Equal(RuleState.Revoked, Assert.Single(Assert.Single(Receipts()).Rules).State);
    }

    [Fact]
    public async Task A_refused_update_changes_nothing_and_is_receipted_with_the_reason()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        Receipts();
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), new TufError(TufErrorKind.Rollback, "snapshot", "5.5.5", "goes back"), Cancel);
        Assert.Single(_enforcer.Plan.Rules);
        Assert.Equal("tuf-rollback", Assert.Single(Receipts()).Refusal);
    }

    [Fact]
    public async Task A_hub_out_of_reach_is_no_update_and_makes_no_receipt()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), new TufError(TufErrorKind.Unreachable, "timestamp", "5.4.1", "away"), Cancel);
        Assert.Empty(Receipts());
    }

    [Fact]
    public async Task A_rule_at_its_bound_of_hits_takes_itself_back()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1") with { RevertAtHits = 100 }), null, Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _keeper.RunAsync(stop.Token);
        _enforcer.Hits = [new RuleHits(DocumentId.Parse("rule-1"), 100, 6000)];
        await Until(() => _enforcer.Plan.Rules.Count == 0);
        await Until(() => _outbox.Read(0, 100).Count > 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var last = Receipts().SelectMany(r => r.Rules).Last();
        Assert.Equal((RuleState.Expired, "hit-bound", 100UL), (last.State, last.Reason, last.HitPackets));
    }

    [Fact]
    public async Task A_sensor_that_lost_contact_lets_each_rule_lapse_at_its_time()
    {
        var end = new UnixMilliseconds(UnixMilliseconds.Now(TimeProvider.System).Value + 1_500);
        await _keeper.ApplyAsync(State(1, Rule("short") with { NotAfter = end }, Rule("long")), null, Cancel);
        await _keeper.ApplyAsync(State(1, Rule("short") with { NotAfter = end }, Rule("long")), new TufError(TufErrorKind.Unreachable, "timestamp", "5.4.1", "away"), Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _keeper.RunAsync(stop.Token);
        await Until(() => _enforcer.Plan.Rules.Count == 1);
        Assert.Equal("long", _enforcer.Plan.Rules[0].Id.Text);
        await Until(() => _outbox.Read(0, 100).Count > 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var last = Receipts().SelectMany(r => r.Rules).Last();
        Assert.Equal(("short", RuleState.Expired), (last.RuleId, last.State));
    }

    [Fact]
    public async Task A_stage_that_begins_by_the_hubs_clock_a_little_before_it_does_here_is_carried_out_when_it_does()
    {
        var rule = Rule("staged");
        rule = rule with { Tier = DocumentId.Parse("staged"), Stage = 1, OpenC2 = rule.OpenC2 with { StartTime = UnixMilliseconds.Now(TimeProvider.System) } };
        await _keeper.ApplyAsync(State(1, rule), null, Cancel);
        Assert.Equal("not-started", Assert.Single(Assert.Single(Receipts()).Rules).Reason);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _keeper.RunAsync(stop.Token);
        await Until(() => _enforcer.Plan.Rules.Count == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_somebody_else_removed_is_put_back()
    {
        await _keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _keeper.RunAsync(stop.Token);
        var before = _enforcer.Applied;
        _enforcer.Intact = false;
        await Until(() => _enforcer.Applied > before);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_the_enforcer_could_not_do_is_tried_again_until_it_can()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var keeper = new RuleKeeper(Sensor, new AgentConfiguration(), _enforcer, _outbox, clock, NullLogger.Instance);
        _enforcer.Failure = "nft does not start";
        await keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        Assert.Equal((RuleState.Refused, RefusalReason.EnforcerFailed), Assert.Single(Receipts().SelectMany(r => r.Rules).Select(r => (r.State, r.Reason))));

        await keeper.ApplyAsync(State(2, Rule("rule-1"), Rule("rule-2")), null, Cancel);
        Receipts();
        await RunWhileAsync(keeper, clock, () => _enforcer.Applied < 4);
        Assert.Empty(Receipts()); // the same failure is told once

        _enforcer.Failure = null;
        await RunWhileAsync(keeper, clock, () => _enforcer.Plan.Rules.Count == 0);
        Assert.Equal(["rule-1", "rule-2"], Receipts().SelectMany(r => r.Rules).Where(r => r.State == RuleState.Enforced).Select(r => r.RuleId));
    }

    [Fact]
    public async Task A_rule_that_could_not_be_taken_back_is_not_said_to_be_gone_before_it_is()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var keeper = new RuleKeeper(Sensor, new AgentConfiguration(), _enforcer, _outbox, clock, NullLogger.Instance);
        await keeper.ApplyAsync(State(1, Rule("rule-1")), null, Cancel);
        Receipts();
        _enforcer.Failure = "nft does not start";
        await keeper.ApplyAsync(State(2), null, Cancel);
        Assert.DoesNotContain(Receipts().SelectMany(r => r.Rules), r => r.State == RuleState.Revoked);

        _enforcer.Failure = null;
        await RunWhileAsync(keeper, clock, () => _enforcer.Plan.Rules.Count > 0);
        Assert.Equal(RuleState.Revoked, Assert.Single(Receipts().SelectMany(r => r.Rules)).State);
    }

    private static async Task RunWhileAsync(RuleKeeper keeper, FakeTimeProvider clock, Func<bool> condition)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = keeper.RunAsync(stop.Token);
        for (var i = 0; i < 600 && condition(); i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, Cancel);
        }

        Assert.False(condition());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 600 && !condition(); i++)
        {
            await Task.Delay(50, Cancel);
        }

        Assert.True(condition());
    }

    private List<ReceiptMessage> Receipts()
    {
        var receipts = new List<ReceiptMessage>();
        foreach (var message in _outbox.Read(_read, 1000))
        {
            _read = message.Id.Sequence;
            Assert.True(ReceiptCodec.TryDecode(message.Payload, out var receipt, out var error), error.ToString());
            receipts.Add(receipt!);
        }

        return receipts;
    }

    private static TrustedState State(long version, params MitigationRule[] rules) => new()
    {
        TimestampVersion = version,
        Witness = "oversight.example/w1",
        Expires = DateTimeOffset.MaxValue,
        Rules = new RuleSet { Revision = version, Rules = rules },
        Grants = new Dictionary<GrantRef, Grant> { [Standing.Reference] = Standing },
    };

    private static readonly UnixMilliseconds Start = UnixMilliseconds.Now(TimeProvider.System);

    private static readonly Grant Standing = new()
    {
        Id = DocumentId.Parse("standing"),
        Issuer = OperatorId.Parse("authority"),
        Actions = new HashSet<MitigationStep> { MitigationStep.Drop },
        MinPrefixLengthV4 = 32,
        MinPrefixLengthV6 = 128,
        MaxDurationMs = 3_600_000,
        MaxRules = 10,
        Sensors = [SensorPattern.All],
        Tiers =
        [
            OpenTier.Tier,
            OpenTier.Tier with
            {
                Id = DocumentId.Parse("staged"),
                Stages = [new RolloutStage { SharePercent = 10, MaxSensors = 1, SoakMs = 3_000, AppliedPercent = 0, RefusedPercent = 0 }],
            },
        ],
        NotBefore = new(0),
        NotAfter = new(UnixMilliseconds.MaxValue),
    };

    private static MitigationRule Rule(string id) => new()
    {
        Id = DocumentId.Parse(id),
        Grant = Standing.Reference,
        Tier = OpenTier.Id,
        Approvals = new RuleApprovals(1, false),
        Because = "the source is proven",
        OpenC2 = new SlpfCommand { Target = Prefix.Parse("198.51.100.7"), Direction = SlpfDirection.Ingress, StartTime = Start, StopTime = new(Start.Value + 3_600_000) },
        ReasonText = "scan",
        Sensors = [SensorPattern.All],
        Step = MitigationStep.Drop,
        ExpectedCollateral = "none",
        NotAfter = new(Start.Value + 3_600_000),
    };

    private sealed class ScriptedEnforcer : IEnforcer
    {
        public EnforcementPlan Plan { get; private set; } = EnforcementPlan.Empty;

        public int Applied { get; private set; }

        public RuleHits[] Hits { get; set; } = [];

        public bool Intact { get; set; } = true;

        public string? Failure { get; set; }

        public string Name => "scripted";

        public string? Limitation => null;

        public Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
        {
            Applied++;
            if (Failure is not null)
            {
                return Task.FromResult(new EnforcementOutcome([.. plan.Rules.Select(r => new RuleEnforcement(r.Id, RuleState.Refused, RefusalReason.EnforcerFailed))], Failure));
            }

            Plan = plan;
            Intact = true;
            return Task.FromResult(new EnforcementOutcome([.. plan.Rules.Select(r => new RuleEnforcement(r.Id, RuleState.Enforced))]));
        }

        public Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken) => Task.FromResult(new HitReading(Hits, Intact));
    }
}
