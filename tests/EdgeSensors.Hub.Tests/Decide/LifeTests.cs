using EdgeSensors.Hub.Decide;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>The life of a mitigation, one promise each. What holds in any order of events is in <see cref="LifePropertyTests"/>.</summary>
public sealed class LifeTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly LifeStation _station = new();

    public void Dispose() => _station.Dispose();

    [Fact]
    public void A_wide_measure_goes_from_canaries_over_stages_to_the_fleet_each_when_its_gates_are_met()
    {
        var id = Propose("203.0.113.0/24");
        Approve(id, "alice");
        Assert.Empty(_station.Publish());
        Approve(id, "bob");

        var rule = Assert.Single(_station.Publish());
        Assert.Equal((0, "wide", 2), (rule.Stage, rule.Tier.Text, rule.Approvals.Persons));
        Assert.InRange(rule.Sensors.Count, 1, 2); // the one that the stage names, and one in ten of the fleet, which may be the same
        Assert.Contains(SensorPattern.Parse("isp-b/gw-10"), rule.Sensors);
        Assert.Contains("at least 1 flows", rule.ExpectedCollateral, StringComparison.Ordinal);

        _station.Pass(Minute);
        Assert.Equal(0, Assert.Single(_station.Publish()).Stage); // soaked, but no canary has said anything
        _station.ReceiveFromAll(id);
        rule = Assert.Single(_station.Publish());
        Assert.Equal(1, rule.Stage);
        Assert.InRange(rule.Sensors.Count, 4, 5); // half of the fleet, but no more than the stage allows
        _station.ReceiveFromAll(id);
        _station.Pass(Minute);
        Assert.Equal(1, Assert.Single(_station.Publish()).Stage); // all say so, but it soaks for two minutes
        _station.Pass(Minute);
        rule = Assert.Single(_station.Publish());
        Assert.Equal((2, "*"), (rule.Stage, Assert.Single(rule.Sensors).ToString()));
        Assert.Equal(["stage", "stage", "stage"], Audit(id).Where(what => what == "stage"));
    }

    [Fact]
    public void The_canaries_of_a_stage_stay_and_are_the_same_after_a_crash()
    {
        var id = Begin("203.0.113.0/24");
        var first = Assert.Single(_station.Publish()).Sensors;
        _station.Crash();
        Assert.Equal(first, Assert.Single(_station.Publish()).Sensors);
        _station.ReceiveFromAll(id);
        _station.Pass(Minute);
        Assert.Superset(first.ToHashSet(), Assert.Single(_station.Publish()).Sensors.ToHashSet());
    }

    [Fact]
    public void What_is_signed_is_to_the_octet_the_same_after_a_crash()
    {
        Begin("203.0.113.0/24");
        var before = new RuleSet { Revision = 1, Rules = _station.Publish() }.ToCanonicalJson();
        _station.Crash();
        Assert.Equal(before, new RuleSet { Revision = 1, Rules = _station.Publish() }.ToCanonicalJson());
        Assert.Contains("before 2026-11-26 12:00 UTC", System.Text.Encoding.UTF8.GetString(before), StringComparison.Ordinal);
    }

    [Fact]
    public void Canaries_are_chosen_among_the_connected_first()
    {
        _station.Away.UnionWith(LifeStation.Sensors[..8]);
        var id = Begin("203.0.113.7");
        Assert.Equal(LifeStation.Sensors[8..].Select(s => s.ToString()).Order(), _station.Read(id).StageSensors.Select(s => s.ToString()).Order());
    }

    [Fact]
    public void Where_no_sensor_is_known_a_stage_waits_for_one()
    {
        var id = Propose("203.0.113.7", sensors: "isp-c/*");
        Approve(id, "alice");
        Assert.Empty(_station.Publish());
        var late = new SensorName(OperatorId.Parse("isp-c"), SensorId.Parse("gw-1"));
        _station.Store.Change(change =>
        {
            change.Save(_station.Store.Sensors()[0] with { Name = late });
            return true;
        });
        _station.Pass(Minute);
        Assert.Equal("isp-c/gw-1", Assert.Single(Assert.Single(_station.Publish()).Sensors).ToString());
    }

    [Fact]
    public void Two_approvals_are_of_two_persons_whom_the_grant_names_and_not_of_the_policy()
    {
        var id = Propose("203.0.113.0/24", by: "alice");
        Approve(id, "alice");
        Assert.Equal(MitigationState.Proposed, Approve(id, "alice").Mitigation!.State);
        Assert.Contains("takes no approval by the policy", _station.Mitigations.Approve(id, Approver.Policy).Refusal!.Reason, StringComparison.Ordinal);
        Assert.Contains("does not name mallory", Approve(id, "mallory").Refusal!.Reason, StringComparison.Ordinal);
        Assert.Equal(MitigationState.Proposed, _station.Read(id).State);
        Assert.Equal(MitigationState.Approved, Approve(id, "bob").Mitigation!.State);
        var entries = _station.Store.Audit(100).Where(entry => entry.What == "approve").ToList();
        Assert.Equal(["bob", "alice"], entries.Select(entry => entry.Who));
        Assert.Contains("2 of 2", entries[0].Detail, StringComparison.Ordinal);
        Assert.Contains("certificate certificate of bob", entries[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_address_for_an_hour_takes_one_person_and_for_longer_two()
    {
        Assert.Equal("single", _station.Read(Propose("203.0.113.7")).Tier.Text);
        Assert.Equal("wide", _station.Read(Propose("203.0.113.8", minutes: 61)).Tier.Text);
        Assert.Equal(RefusalKind.Forbidden, _station.Mitigations.Propose(Proposal("203.0.112.0/23"), "alice").Refusal!.Kind);
    }

    [Fact]
    public void A_measure_begins_at_observe_unless_it_says_why_not()
    {
        Assert.Contains("because", _station.Mitigations.Propose(Proposal("203.0.113.7") with { Because = "" }, "alice").Refusal!.Reason, StringComparison.Ordinal);
        Assert.NotNull(_station.Mitigations.Propose(Proposal("203.0.113.7") with { Step = MitigationStep.Observe, Because = "" }, "alice").Mitigation);
    }

    [Fact]
    public void The_next_rung_needs_its_own_approvals_and_takes_the_place_of_the_lower_one_at_the_fleet()
    {
        var low = _station.Mitigations.Propose(Proposal("203.0.113.7") with { Step = MitigationStep.Observe, Because = "" }, "alice").Mitigation!.Id;
        Assert.Equal(RefusalKind.Ended, _station.Mitigations.Escalate(low, null, "it goes on", "alice").Refusal!.Kind); // not in force yet
        Approve(low, "alice");
        _station.ToFleet(low);
        Assert.Equal(RefusalKind.Invalid, _station.Mitigations.Escalate(low, MitigationStep.Observe, "it goes on", "alice").Refusal!.Kind);
        var high = _station.Mitigations.Escalate(low, null, "it goes on", "alice").Mitigation!;
        Assert.Equal((MitigationStep.RateLimit, MitigationState.Proposed), (high.Step, high.State));
        Assert.Single(_station.Publish());

        Approve(high.Id, "bob");
        Assert.Equal([MitigationStep.Observe, MitigationStep.RateLimit], _station.Publish().Select(rule => rule.Step)); // the fleet's, and the canaries'
        _station.ToFleet(high.Id);
        Assert.Equal(MitigationStep.RateLimit, Assert.Single(_station.Publish()).Step);
        Assert.Equal(MitigationState.Superseded, _station.Read(low).State);
    }

    [Fact]
    public void A_complaint_stops_the_way_to_the_fleet_and_complaints_of_enough_operators_take_it_back()
    {
        var id = Begin("203.0.113.7");
        _station.Publish();
        _station.ReceiveFromAll(id);
        Complain(id, LifeStation.Sensors[0]);
        Complain(id, LifeStation.Sensors[1]); // of the same operator
        _station.Pass(Minute);
        Assert.Equal(0, Assert.Single(_station.Publish()).Stage);
        Assert.Contains("complained", _station.Mitigations.Outlook(_station.Read(id)), StringComparison.Ordinal);
        Complain(id, LifeStation.Sensors[9]);
        Assert.Empty(_station.Publish());
        Assert.Equal((MitigationState.Reverted, "2 operators complained of it"), (_station.Read(id).State, _station.Read(id).EndReason));
    }

    [Fact]
    public void A_sensor_that_it_is_not_for_has_nothing_to_complain_of()
    {
        var id = Propose("203.0.113.7", sensors: "isp-a/*");
        Assert.Equal(RefusalKind.Forbidden, Complain(id, LifeStation.Sensors[0]).Refusal!.Kind); // not in force
        Approve(id, "alice");
        Assert.Equal(RefusalKind.Forbidden, Complain(id, LifeStation.Sensors[9]).Refusal!.Kind);
        Assert.NotNull(Complain(id, LifeStation.Sensors[0]).Mitigation);
    }

    [Theory]
    [InlineData(24.0, 100UL)] // 24 packets a day are one in an hour: ten times that is below the floor
    [InlineData(2_400.0, 1_000UL)]
    public void More_hits_than_the_estimate_allows_take_it_back(double expectedADay, ulong bound)
    {
        _station.Expected = expectedADay;
        var id = Begin("203.0.113.7");
        Assert.Equal((long)bound, Assert.Single(_station.Publish()).RevertAtHits);
        _station.ToFleet(id);
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Enforced, bound / 2);
        _station.Receive(LifeStation.Sensors[1], id, RuleState.Enforced, bound / 2);
        Assert.Single(_station.Publish());
        _station.Receive(LifeStation.Sensors[2], id, RuleState.Enforced, 1);
        Assert.Empty(_station.Publish());
        Assert.Contains("more than the", _station.Read(id).EndReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sensor_that_took_it_back_by_itself_takes_it_back_for_all()
    {
        var id = Begin("203.0.113.7");
        _station.Publish();
        _station.Receive(_station.SentTo(id)[0], id, RuleState.Expired, 100, "hit-bound");
        Assert.Empty(_station.Publish());
    }

    [Fact]
    public void Sensors_that_refuse_it_take_it_back_and_one_that_waits_for_its_clock_does_not()
    {
        var id = Begin("203.0.113.7");
        _station.ToFleet(id);
        foreach (var (sensor, reason) in LifeStation.Sensors[..5].Zip(["not-started", "grant-tier", "grant-tier", "owner-too-long", "owner-too-long"]))
        {
            Assert.Single(_station.Publish());
            _station.Receive(sensor, id, RuleState.Refused, 0, reason);
        }

        Assert.Single(_station.Publish()); // four of ten are 40 %
        _station.Receive(LifeStation.Sensors[0], id, RuleState.Refused, 0, "grant-tier");
        Assert.Empty(_station.Publish());
    }

    [Fact]
    public void Canaries_that_go_out_of_reach_take_it_back_after_a_while_and_not_because_the_hub_was_away()
    {
        var id = Begin("203.0.113.7");
        Assert.Single(_station.Publish());
        _station.Away.UnionWith(LifeStation.Sensors);
        _station.Crash();
        Assert.Single(_station.Publish());
        _station.Pass(Fleet.Patience);
        Assert.Single(_station.Publish());
        _station.Pass(TimeSpan.FromSeconds(1));
        Assert.Empty(_station.Publish());
        Assert.Contains("out of reach", _station.Read(id).EndReason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kill_switch_takes_everything_back_and_holds_until_it_is_released()
    {
        var running = Begin("203.0.113.7");
        var waiting = Propose("203.0.113.8");
        Assert.Single(_station.Publish());
        Assert.Equal(1, _station.Mitigations.StopAll(null, "bob", "wrong feed").Revoked);
        Assert.Equal(0, _station.Mitigations.StopAll(null, "bob", "again").Revoked);
        _station.Crash();
        Assert.Empty(_station.Publish());
        Assert.Equal((MitigationState.Revoked, "bob"), (_station.Read(running).State, _station.Read(running).EndedBy));
        Assert.Contains("wrong feed", Approve(waiting, "alice").Refusal!.Reason, StringComparison.Ordinal);
        Assert.Contains("wrong feed", Approve(Propose("203.0.113.9"), "alice").Refusal!.Reason, StringComparison.Ordinal);

        Assert.True(_station.Mitigations.Release(null, "carol", "feed mended"));
        Assert.False(_station.Mitigations.Release(null, "carol", "feed mended"));
        Assert.NotNull(Approve(waiting, "alice").Mitigation);
        Assert.Single(_station.Publish());
        Assert.Equal(["release", "hold"], _station.Store.Audit(100).Where(e => e.What is "hold" or "release").Select(e => e.What));
    }

    [Fact]
    public void The_kill_switch_for_one_issuer_leaves_the_others_alone()
    {
        Begin("203.0.113.7");
        Assert.Equal(0, _station.Mitigations.StopAll(OperatorId.Parse("isp-x"), "bob", "theirs").Revoked);
        Assert.Single(_station.Publish());
        Assert.Equal(1, _station.Mitigations.StopAll(LifeStation.Issuer, "bob", "ours").Revoked);
        Assert.Empty(_station.Publish());
    }

    [Fact]
    public async Task A_release_in_the_middle_of_a_stop_leaves_nobody_thinking_that_it_holds()
    {
        Task? release = null;
        _station.Store.AfterHolds = () =>
        {
            // What was read says that it holds; it is released before anybody is told.
            if (release is null && _station.Store.Audit(1).Any(entry => entry.What == "hold"))
            {
                release = Task.CompletedTask;
                release = Task.Run(() => _station.Mitigations.Release(null, "carol", "feed mended"));
                release.Wait(TimeSpan.FromSeconds(1));
            }
        };
        _station.Mitigations.StopAll(null, "bob", "wrong feed");
        await release!;
        Assert.Empty(_station.Store.Holds());
        Assert.Empty(_station.Mitigations.Holds);
        Assert.Null(_station.Mitigations.EverythingHeldSince);
    }

    [Fact]
    public void A_grant_that_no_longer_covers_it_takes_it_back()
    {
        var id = Begin("203.0.113.0/24");
        Assert.Single(_station.Publish());
        _station.Signed = _station.Signed with { Grants = [LifeStation.Grant with { Tiers = [LifeStation.Grant.Tiers[0], LifeStation.Grant.Tiers[2] with { Approvals = 3 }] }] };
        Assert.Empty(_station.Publish());
        Assert.Contains("TooFewApprovals", _station.Read(id).EndReason, StringComparison.Ordinal);
    }

    private string Propose(string target, string by = "alice", double minutes = 60, string? sensors = null)
    {
        var proposal = Proposal(target) with { Duration = TimeSpan.FromMinutes(minutes), Sensors = sensors is null ? [] : [SensorPattern.Parse(sensors)] };
        var decision = _station.Mitigations.Propose(proposal, by);
        Assert.Null(decision.Refusal);
        return decision.Mitigation!.Id;
    }

    private string Begin(string target)
    {
        var id = Propose(target);
        Approve(id, "alice");
        Approve(id, "bob");
        return id;
    }

    private Decision Approve(string id, string who) => _station.Mitigations.Approve(id, LifeStation.Person(who));

    private Decision Complain(string id, SensorName sensor) => _station.Mitigations.Complain(id, sensor, "", "our customers cannot pay");

    private IEnumerable<string> Audit(string id) => _station.Store.Audit(100).Where(entry => entry.Subject == id).Select(entry => entry.What);

    private static Proposal Proposal(string target) =>
        new() { Target = SlpfTarget.Parse(target), Step = MitigationStep.Drop, Because = "it floods", Reason = "test", Duration = TimeSpan.FromHours(1) };
}
