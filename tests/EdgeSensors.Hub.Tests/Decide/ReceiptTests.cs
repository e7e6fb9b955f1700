using EdgeSensors.Hub.Decide;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>What the word of a sensor can do to a mitigation, one promise each.</summary>
public sealed class ReceiptTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly LifeStation _station = new();

    public void Dispose() => _station.Dispose();

    [Theory]
    [InlineData(RuleState.Expired, 100UL, "hit-bound")]
    [InlineData(RuleState.Enforced, ulong.MaxValue, null)]
    [InlineData(RuleState.Refused, 0UL, "grant-tier")]
    public void A_sensor_that_it_was_not_sent_to_has_no_say(RuleState state, ulong hits, string? reason)
    {
        var id = Begin("203.0.113.7");
        _station.Publish();
        foreach (var outsider in LifeStation.Sensors.Except(_station.SentTo(id)))
        {
            _station.Receive(outsider, id, state, hits, reason);
        }

        _station.Pass(Minute);
        Assert.Equal(0, Assert.Single(_station.Publish()).Stage);
        Assert.Equal((MitigationState.Published, 0), (_station.Read(id).State, _station.Read(id).Receipts.Count));
    }

    [Fact]
    public void A_draft_takes_nobodys_receipt()
    {
        var id = Propose("203.0.113.7");
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Enforced, ulong.MaxValue);
        Assert.Empty(_station.Read(id).Receipts);
        Approve(id, "alice");
        Assert.Single(_station.Publish());
    }

    [Fact]
    public void A_tap_carries_nothing_out_and_has_no_say()
    {
        var tap = new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse("tap-1"));
        _station.Hear(tap, SensorKind.Tap);
        var id = Begin("203.0.113.7");
        _station.ToFleet(id);
        _station.Receive(tap, id, RuleState.Expired, 1_000_000, "hit-bound");
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Enforced, 60);
        Assert.Single(_station.Publish());
        Assert.DoesNotContain(_station.Read(id).Receipts, receipt => receipt.Sensor == tap);
    }

    [Fact]
    public void Where_hits_are_no_bound_no_number_of_them_takes_it_back()
    {
        _station.Signed = _station.Signed with { Grants = [LifeStation.Grant with { Tiers = [LifeStation.Grant.Tiers[1] with { Bounds = LifeStation.Grant.Tiers[1].Bounds with { Hits = null } }] }] };
        var id = Begin("203.0.113.7");
        Assert.Null(Assert.Single(_station.Publish()).RevertAtHits);
        _station.ToFleet(id);
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Expired, 1UL << 63, "hit-bound");
        _station.Receive(LifeStation.Sensors[1], id, RuleState.Enforced, 1UL << 63);
        _station.Receive(LifeStation.Sensors[9], id, RuleState.Enforced, (1UL << 63) + 1);
        Assert.Single(_station.Publish());
    }

    [Fact]
    public void What_no_line_carries_is_not_believed_and_stands_in_the_audit_once()
    {
        var id = Begin("203.0.113.7");
        _station.Publish();
        var liar = _station.SentTo(id)[0];
        _station.Receive(liar, id, RuleState.Enforced, ulong.MaxValue);
        _station.Receive(liar, id, RuleState.Enforced, ulong.MaxValue - 1);
        _station.Receive(liar, id, RuleState.Enforced, 3); // it has lied of this rule; it is not believed of it any more
        Assert.Single(_station.Publish());
        var entry = Assert.Single(_station.Store.Audit(100), entry => entry.What == "disbelieve");
        Assert.Equal((liar.ToString(), id), (entry.Who, entry.Subject));
        Assert.Equal(0UL, _station.Read(id).HitPackets);

        _station.Receive(_station.SentTo(id)[1], id, RuleState.Enforced, 101);
        Assert.Empty(_station.Publish()); // another one's word still counts
    }

    [Fact]
    public void At_the_fleet_no_sensor_alone_takes_it_back()
    {
        var id = Begin("203.0.113.7");
        _station.ToFleet(id);
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Enforced, 1_000_000);
        Assert.Single(_station.Publish());
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Expired, 1_000_000, "hit-bound");
        Assert.Single(_station.Publish());
        _station.Receive(LifeStation.Sensors[1], id, RuleState.Expired, 100, "hit-bound");
        Assert.Empty(_station.Publish());
        Assert.Contains("more than the 100", _station.Read(id).EndReason, StringComparison.Ordinal);
    }

    [Fact]
    public void For_a_receipt_of_one_sensor_no_other_sensors_is_read()
    {
        var id = Begin("203.0.113.7");
        _station.ToFleet(id);
        _station.ReceiveFromAll(id);
        Assert.Equal(LifeStation.Sensors.Length, _station.Read(id).Receipts.Count);
        var before = _station.Store.ReceiptsRead;
        foreach (var sensor in LifeStation.Sensors)
        {
            _station.Receive(sensor, id, RuleState.Enforced, 2);
        }

        Assert.Equal(LifeStation.Sensors.Length, _station.Store.ReceiptsRead - before); // its own
        Assert.Equal(2UL * (ulong)LifeStation.Sensors.Length, _station.Read(id).HitPackets);
    }

    [Fact]
    public void Names_that_are_no_enforced_category_are_kept_of_nobody()
    {
        for (var i = 0; i < 100; i++)
        {
            _station.Receive(LifeStation.Sensors[0], $"list-made-up-{i}", RuleState.Enforced, 1);
        }

        Assert.Empty(_station.Store.ListReceipts());
    }

    [Fact]
    public void A_category_that_is_enforced_is_told_of_by_whom_it_is_for_and_by_them_also_when_it_is_no_more()
    {
        var enforced = new BlocklistEnforcement
        {
            Version = 1, Categories = [new EnforcedCategory(DocumentId.Parse("botnets"), MitigationStep.Drop, SlpfDirection.Ingress)], Sensors = [SensorPattern.Parse("isp-a/*")],
            MaxEntries = 1_000, MinPrefixLengthV4 = 32, MinPrefixLengthV6 = 128, NotBefore = new(0), NotAfter = new(UnixMilliseconds.MaxValue),
        };
        _station.Signed = _station.Signed with { Enforcement = enforced };
        _station.Receive(LifeStation.Sensors[0], "list-botnets", RuleState.Enforced, 5);
        _station.Receive(LifeStation.Sensors[9], "list-botnets", RuleState.Enforced, 5); // isp-b's
        Assert.Equal(("botnets", 5UL), (Assert.Single(_station.Store.ListReceipts()).Category, _station.Store.ListReceipts()[0].Receipt.HitPackets));
        _station.Signed = _station.Signed with { Enforcement = enforced with { Version = 2, Categories = [] } };
        _station.Receive(LifeStation.Sensors[0], "list-botnets", RuleState.Revoked, 6);
        _station.Receive(LifeStation.Sensors[1], "list-botnets", RuleState.Revoked, 6);
        Assert.Equal((RuleState.Revoked, 6UL), (Assert.Single(_station.Store.ListReceipts()).Receipt.State, _station.Store.ListReceipts()[0].Receipt.HitPackets));
    }

    [Fact]
    public async Task Whoever_decides_and_whoever_looks_on_do_not_wait_for_each_other()
    {
        _station.Pass(Minute); // what is known of the fleet is to be read anew
        var deciding = Task.Run(() => _station.Store.Change(change =>
        {
            var looking = Task.Run(() => _station.Fleet.Enforcers(_station.Now));
            Thread.Sleep(500); // by then it waits for the store
            return (_station.Fleet.Enforcers(_station.Now), looking);
        }));
        var (decided, looking) = await deciding.WaitAsync(Minute, TestContext.Current.CancellationToken);
        Assert.Equal(decided, await looking.WaitAsync(Minute, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_sensor_that_is_long_gone_is_no_canary_and_no_stage_waits_for_it()
    {
        _station.Away.UnionWith(LifeStation.Sensors[..8]);
        _station.Pass(TimeSpan.FromDays(3));
        LifeStation.Sensors[8..].ToList().ForEach(sensor => _station.Hear(sensor));
        var id = Begin("203.0.113.0/24");
        Assert.All(Assert.Single(_station.Publish()).Sensors, IsAlive);
        _station.ReceiveFromAll(id);
        _station.Pass(Minute);
        var second = Assert.Single(_station.Publish());
        Assert.Equal(1, second.Stage);
        Assert.All(second.Sensors, IsAlive);
        _station.ReceiveFromAll(id);
        _station.Pass(2 * Minute);
        Assert.Equal(2, Assert.Single(_station.Publish()).Stage);

        static void IsAlive(SensorPattern pattern) => Assert.Contains(LifeStation.Sensors[8..], sensor => pattern == SensorPattern.Of(sensor.Operator, sensor.Sensor));
    }

    private string Propose(string target) => _station.Mitigations.Propose(
        new Proposal { Target = SlpfTarget.Parse(target), Step = MitigationStep.Drop, Because = "it floods", Reason = "test", Duration = TimeSpan.FromHours(1) }, "alice").Mitigation!.Id;

    private void Approve(string id, string who) => _station.Mitigations.Approve(id, LifeStation.Person(who));

    private string Begin(string target)
    {
        var id = Propose(target);
        Approve(id, "alice");
        Approve(id, "bob");
        return id;
    }
}
