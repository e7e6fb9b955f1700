using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>What may be asked for, and what a draft is worth before people have looked at it.</summary>
public sealed class DraftTests : IDisposable
{
    private static readonly OperatorId s_partner = OperatorId.Parse("cert-b");

    private readonly LifeStation _station = new();

    public void Dispose() => _station.Dispose();

    [Fact]
    public void What_could_not_be_signed_is_refused_where_it_is_asked_for()
    {
        var observe = Proposal("203.0.113.7") with { Step = MitigationStep.Observe, Because = "" };
        foreach (var wrong in new[]
        {
            observe with { Because = "one line\nand another" },
            observe with { Because = new string('x', 1_025) },
            observe with { Sensors = [.. Enumerable.Range(0, 4_097).Select(i => SensorPattern.Parse($"isp-a/gw-{i}"))] },
            observe with { Alerts = [new string('a', 65)] },
        })
        {
            Assert.Equal(RefusalKind.Invalid, _station.Mitigations.Propose(wrong, "alice").Refusal?.Kind);
        }

        Assert.NotNull(_station.Mitigations.Propose(observe with { Because = "to look" }, "alice").Mitigation);
    }

    [Fact]
    public void A_stage_names_no_more_sensors_than_a_rule_can()
    {
        var fleet = Enumerable.Range(0, 5_000).Select(i => new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse($"gw-{i}"))).ToList();
        var tier = LifeStation.Grant.Tiers[2] with
        {
            Stages = [LifeStation.Grant.Tiers[2].Stages[0] with { SharePercent = 100, MaxSensors = 4_096, Sensors = [SensorPattern.Parse("isp-b/gw-1")] }],
        };
        var begun = _station.Mitigations.Propose(Proposal("203.0.113.7"), "alice").Mitigation!;
        var chosen = Rollout.Choose(begun, tier, 0, fleet, _ => true);
        Assert.Equal((4_096, 1), (chosen.Count, chosen.Count(pattern => pattern == tier.Stages[0].Sensors[0])));
    }

    [Fact]
    public void A_partners_draft_uses_up_nothing_of_a_grant()
    {
        _station.Signed = _station.Signed with { Grants = [LifeStation.Grant with { MaxRules = 1 }] };
        Assert.NotNull(Ask("203.0.113.7").Mitigation);
        Assert.NotNull(Ask("203.0.113.8").Mitigation);
        var own = _station.Mitigations.Propose(Proposal("203.0.113.9"), "alice");
        Assert.NotNull(own.Mitigation);
        Assert.Equal(MitigationState.Approved, _station.Mitigations.Approve(own.Mitigation.Id, LifeStation.Person("alice")).Mitigation?.State);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData(Mitigations.PolicyName)]
    [InlineData("openc2:cert-c")]
    public void A_partners_draft_stands_in_nobodys_way(string who)
    {
        var asked = Ask("203.0.113.7", TimeSpan.FromSeconds(1)).Mitigation!;
        var own = _station.Mitigations.Propose(Proposal("203.0.113.7"), who).Mitigation!;
        Assert.NotEqual(asked.Id, own.Id);
        Assert.Equal((who, TimeSpan.FromHours(1)), (own.ProposedBy, own.Duration));

        // There is one rule of it in the end, whichever is approved.
        _station.Mitigations.Approve(own.Id, LifeStation.Person("alice"));
        Assert.Equal(own.Id, Assert.Single(_station.Store.Mitigations(openOnly: true, 100)).Id);
        Assert.Equal(MitigationState.Superseded, _station.Read(asked.Id).State);
    }

    [Fact]
    public void Approvals_count_that_would_be_taken_now()
    {
        var id = _station.Mitigations.Propose(Proposal("203.0.113.0/24"), "dave").Mitigation!.Id;
        _station.Mitigations.Approve(id, LifeStation.Person("alice"));
        var wide = LifeStation.Grant.Tiers[2] with { Approvers = [OperatorId.Parse("bob"), OperatorId.Parse("carol")] };
        _station.Signed = _station.Signed with { Grants = [LifeStation.Grant with { Tiers = [wide] }] };
        Assert.Equal(MitigationState.Proposed, _station.Mitigations.Approve(id, LifeStation.Person("bob")).Mitigation!.State);
        Assert.Equal(MitigationState.Approved, _station.Mitigations.Approve(id, LifeStation.Person("carol")).Mitigation!.State);
        _station.Crash();
        Assert.Equal(2, Assert.Single(_station.Publish()).Approvals.Persons);
        Assert.Equal(["bob", "carol"], _station.Read(id).Approvals.Select(yes => yes.By.Name));
    }

    [Fact]
    public async Task Two_commands_at_once_do_not_both_take_the_last_place()
    {
        for (var i = 0; i < OpenC2Consumer.MaxOpenDrafts - 1; i++)
        {
            Assert.Equal(OpenC2Status.Processing, Deny(i));
        }

        using var both = new Barrier(2);
        _station.Estimating = () => both.SignalAndWait(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(Task.Run(() => Deny(200)), Task.Run(() => Deny(201)));
        Assert.Equal([OpenC2Status.Processing, OpenC2Status.Unavailable], answers.Order());
        Assert.Equal(OpenC2Consumer.MaxOpenDrafts, _station.Store.Mitigations(openOnly: true, 1_000).Count);

        // Where there is no place nothing is estimated.
        _station.Estimating = () => Assert.Fail("An estimate of what is not filed.");
        Assert.Equal(OpenC2Status.Unavailable, Deny(202));
    }

    [Fact]
    public void Of_each_partner_so_many_commands_are_remembered_and_those_of_what_is_open()
    {
        var open = Ask("203.0.113.7").Mitigation!.Id;
        var other = OperatorId.Parse("cert-c");
        _station.Store.Change(change =>
        {
            change.FileCommand(other, "c-0", "digest", "m-ended", _station.Now);
            change.FileCommand(s_partner, "c-open", "digest", open, _station.Now);
            for (var i = 1; i <= FiledCommand.MaxOfProducer; i++)
            {
                change.FileCommand(s_partner, $"c-{i}", "digest", "m-ended", _station.Now);
            }

            return true;
        });
        Assert.Equal([true, true, true, true], Kept("c-open", "c-1", "c-2", $"c-{FiledCommand.MaxOfProducer}"));
        _station.Store.Change(change => change.FileCommand(s_partner, "c-last", "digest", "m-ended", _station.Now));
        Assert.Equal([true, false, true, true], Kept("c-open", "c-1", "c-2", "c-last"));
        Assert.NotNull(_station.Store.FindCommand(other, "c-0"));

        IEnumerable<bool> Kept(params string[] ids) => ids.Select(id => _station.Store.FindCommand(s_partner, id) is not null);
    }

    // A consumer each, since one takes so many commands a minute only.
    private int Deny(int number)
    {
        var command = $$"""{"action":"deny","target":{"ipv4_net":"203.0.113.{{number}}"},"command_id":"c-{{number}}"}""";
        var message = OpenC2Message.Read(System.Text.Encoding.UTF8.GetBytes(command), isBare: true);
        return new OpenC2Consumer(_station.Mitigations, _station.Store, TimeProvider.System).Handle(s_partner, message)!.Status;
    }

    private Decision Ask(string target, TimeSpan? duration = null) =>
        _station.Mitigations.Propose(Proposal(target) with { Duration = duration ?? TimeSpan.FromHours(1) }, OpenC2Consumer.NameOf(s_partner));

    private static Proposal Proposal(string target) =>
        new() { Target = SlpfTarget.Parse(target), Step = MitigationStep.Drop, Because = "it floods", Reason = "test", Duration = TimeSpan.FromHours(1) };
}
