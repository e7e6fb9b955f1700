using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>A row of the decisions that cannot be read is out of force itself, and keeps no other decision from coming into force or from being taken back.</summary>
public sealed class UnreadableTests : IDisposable
{
    private readonly LifeStation _station = new();

    public void Dispose() => _station.Dispose();

    [Theory]
    [InlineData("grant_ref = 'nonsense'")]
    [InlineData("target = 'nowhere'")]
    [InlineData("tier = ''")]
    [InlineData("step = 9")]
    [InlineData("direction = 9")]
    [InlineData("state = -1")]
    [InlineData("sensors = 'a/b/c'")]
    [InlineData("stage_sensors = 'a/b/c'")]
    [InlineData("approved_at = NULL")]
    [InlineData("approved_at = -1")]
    [InlineData("duration_ms = 9223372036854775807")]
    [InlineData("impact = '{'")]
    public void It_is_ended_and_the_others_are_signed_taken_back_and_stopped(string damage)
    {
        var (bad, first, second) = (Begin("203.0.113.7"), Begin("203.0.113.8"), Begin("203.0.113.9"));
        Assert.Equal(3, _station.Publish().Count);
        _station.Damage($"UPDATE mitigation SET {damage} WHERE id = '{bad}'");
        _station.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal([first, second], Ids());

        Assert.NotNull(_station.Mitigations.Revoke(first, "alice", "enough").Mitigation);
        Assert.Equal([second], Ids());
        Assert.Equal("revert", Assert.Single(_station.Store.Audit(100), entry => entry.Subject == bad && entry.What is not ("propose" or "approve" or "stage")).What);
        var again = _station.Mitigations.Revoke(bad, "alice", "enough");
        Assert.True(again.Refusal?.Kind is RefusalKind.Ended || again.Mitigation is { IsOpen: false, State: MitigationState.Reverted }); // its end can mend what was damaged

        Assert.Equal(1, _station.Mitigations.StopAll(null, "bob", "wrong feed").Revoked);
        Assert.Equal(Hold.Everything, Assert.Single(_station.Mitigations.Holds).Issuer);
        Assert.Empty(Ids());
        _station.Mitigations.Release(null, "bob", "feed mended");
        Assert.Equal([Begin("203.0.113.10")], Ids());
        Assert.Equal([bad], _station.Store.Unreadable.Keys);
    }

    [Fact]
    public void The_kill_switch_is_thrown_before_anything_else_has_looked_at_it()
    {
        var (bad, good) = (Begin("203.0.113.7"), Begin("203.0.113.8"));
        Assert.Equal(2, _station.Publish().Count);
        _station.Damage($"UPDATE mitigation SET grant_ref = 'nonsense' WHERE id = '{bad}'");
        Assert.Equal(1, _station.Mitigations.StopAll(null, "bob", "wrong feed").Revoked);
        Assert.Equal(MitigationState.Revoked, _station.Read(good).State);
        Assert.Empty(Ids());
    }

    [Theory]
    [InlineData("sensor = '?'")]
    [InlineData("observed_at = -1")]
    public void One_whose_receipts_cannot_be_read_is_held_to_no_bound_and_so_is_ended(string damage)
    {
        var (bad, good) = (Begin("203.0.113.7"), Begin("203.0.113.8"));
        Assert.Equal(2, _station.Publish().Count);
        var teller = _station.SentTo(bad)[0];
        _station.Receive(teller, bad, RuleState.Enforced);
        _station.Damage($"UPDATE receipt SET {damage} WHERE mitigation = '{bad}'");
        _station.Receive(teller, bad, RuleState.Enforced, 1);
        _station.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal([good], Ids());
        _station.Receive(LifeStation.Sensors[0], bad, RuleState.Expired); // what a sensor still says of it harms nobody
        Assert.Equal([good], Ids());
    }

    [Fact]
    public void Nothing_where_something_must_be_is_no_more_than_a_row_that_cannot_be_read()
    {
        var (bad, good) = (Begin("203.0.113.7"), Begin("203.0.113.8"));
        _station.Damage("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'reason TEXT NOT NULL', 'reason TEXT') WHERE name = 'mitigation'");
        _station.Damage($"UPDATE mitigation SET reason = NULL WHERE id = '{bad}'");
        Assert.Equal([good], Ids());
        Assert.Equal(1, _station.Mitigations.StopAll(null, "bob", "wrong feed").Revoked);
    }

    [Theory]
    [InlineData("status = x'00'")]
    [InlineData("received_at = -1")]
    public void A_sensor_that_cannot_be_read_is_not_known_and_the_others_are(string damage)
    {
        _station.Damage($"UPDATE sensor SET {damage} WHERE name = '{LifeStation.Sensors[0]}'");
        var id = Begin("203.0.113.7");
        Assert.Equal([id], Ids());
        Assert.DoesNotContain(LifeStation.Sensors[0], _station.Fleet.Enforcers(_station.Now));
        Assert.Equal(LifeStation.Sensors.Length - 1, _station.Fleet.Enforcers(_station.Now).Count);
    }

    [Theory]
    [InlineData("at", "'yesterday'")]
    [InlineData("at", "-1")]
    [InlineData("at", "9223372036854775807")]
    [InlineData("at", "1.5")]
    [InlineData("at", "NULL")]
    [InlineData("who", "NULL")]
    [InlineData("who", "x'616c696365'")]
    [InlineData("what", "x'ff'")]
    [InlineData("subject", "NULL")]
    [InlineData("detail", "x''")]
    public void Of_an_audit_row_that_cannot_be_read_that_is_said_and_the_others_are_read(string column, string value)
    {
        var id = Begin("203.0.113.7");
        var before = _station.Store.AuditAfter(0, 100);
        Assert.True(before.Count > 2);
        _station.Damage("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'audit'");
        _station.Damage($"UPDATE audit SET {column} = {value} WHERE id = 2");
        var after = _station.Store.AuditAfter(0, 100);
        var said = new AuditEntry(column == "at" ? new(0) : before[1].Entry.At, "", AuditEntry.Unreadable, "audit/2", $"its {column} cannot be read");
        Assert.Equal([before[0], (2, said), .. before.Skip(2)], after);
        Assert.Equal(after.Select(row => row.Entry).Reverse(), _station.Store.Audit(100));
        Assert.Equal([id], Ids());
    }

    [Theory]
    [InlineData("at = 'yesterday'", false)]
    [InlineData("at = -1", false)]
    [InlineData("who = x'00'", false)]
    [InlineData("reason = x'00'", false)]
    [InlineData("issuer = 'no issuer''s name'", true)]
    [InlineData("issuer = x'ff'", true)]
    [InlineData("issuer = CAST(x'e175746f72697479' AS TEXT)", true)] // one bit of 'authority' turned: no UTF-8
    public void A_hold_that_cannot_be_read_holds_all_the_same_until_it_is_released(string damage, bool everything)
    {
        Begin("203.0.113.7");
        Assert.Equal(1, _station.Mitigations.StopAll(LifeStation.Issuer, "bob", "wrong feed").Revoked);
        _station.Damage($"UPDATE hold SET {damage}");
        var hold = Assert.Single(_station.Store.Holds());
        Assert.Equal(everything ? Hold.Everything : LifeStation.Issuer.Text, hold.Issuer);
        Assert.Equal(everything, _station.Mitigations.EverythingHeldSince is not null);
        Assert.Equal(RefusalKind.Forbidden, Ask("203.0.113.8").Refusal?.Kind);
        Assert.Empty(Ids());

        Assert.True(_station.Mitigations.Release(everything ? null : LifeStation.Issuer, "bob", "feed mended"));
        Assert.Empty(_station.Store.Holds());
        Assert.Equal([Begin("203.0.113.9")], Ids());
    }

    [Fact]
    public void An_incident_stands_on_what_of_its_evidence_can_be_read()
    {
        var incident = _station.Store.Change(change => change.Save(new Incident
        {
            Indicator = "203.0.113.7", OpenedAt = _station.Now, UpdatedAt = _station.Now, Evidence = [Seen(LifeStation.Sensors[0]), Seen(LifeStation.Sensors[1])],
        }));
        _station.Damage($"UPDATE evidence SET sensor = '?' WHERE sensor = '{LifeStation.Sensors[0]}'");
        Assert.Equal([LifeStation.Sensors[1]], Assert.Single(_station.Store.Incidents(new(0), 10)).Evidence.Select(evidence => evidence.Sensor));
        Assert.NotNull(_station.Store.Change(change => change.OpenIncident(incident.Indicator, new(0))));
        _station.Damage("UPDATE evidence SET first_seen = -1");
        Assert.Null(_station.Store.Change(change => change.OpenIncident(incident.Indicator, new(0)))); // the next alert opens another
    }

    [Fact]
    public void A_hold_that_was_saved_is_enough_whatever_was_cut_off_after_it()
    {
        var id = Begin("203.0.113.7");
        Assert.Single(_station.Publish());
        _station.Store.Change(change =>
        {
            change.SaveHold(new Hold(Hold.Everything, "bob", _station.Now, "wrong feed"));
            return true;
        });
        Assert.Empty(_station.Mitigations.Active());
        Assert.Empty(Ids());
        Assert.Equal((MitigationState.Revoked, "bob"), (_station.Read(id).State, _station.Read(id).EndedBy));
        Assert.Contains("wrong feed", _station.Read(id).EndReason, StringComparison.Ordinal);
    }

    private Evidence Seen(SensorName sensor) => new()
    {
        Sensor = sensor, EventId = 1, AlertId = "a-1", Detector = DetectorKind.PortFanOut, Technique = "T1046", Direction = TrafficDirection.Inbound, AuthorizationId = "own",
        Confidence = 90, SourceProven = true, FirstSeen = _station.Now, LastSeen = _station.Now, ObservedAt = _station.Now, ReceivedAt = _station.Now, Packets = 1, Octets = 60,
        Attempts = 1, FailedAttempts = 1, DistinctAddresses = 1, DistinctPorts = 1, PeakPacketsPerSecond = 1,
    };

    private List<string> Ids()
    {
        _station.Pass(TimeSpan.FromSeconds(1));
        return [.. _station.Publish().Select(rule => rule.Id.Text)];
    }

    private Decision Ask(string target)
    {
        var proposed = _station.Mitigations.Propose(new Proposal { Target = SlpfTarget.Parse(target), Step = MitigationStep.Observe, Reason = "test" }, "alice");
        Assert.Null(proposed.Refusal);
        return _station.Mitigations.Approve(proposed.Mitigation!.Id, LifeStation.Person("alice"));
    }

    private string Begin(string target)
    {
        var approved = Ask(target);
        Assert.Null(approved.Refusal);
        _station.Pass(TimeSpan.FromMilliseconds(10)); // they are signed in the order of their approvals
        return approved.Mitigation!.Id;
    }
}
