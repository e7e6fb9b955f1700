using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>
/// Stands for the person who decides where the policy must not: about a source that may be forged. It reads what any operator reads (the hub's findings, never the
/// capture) and acts through the API that the hub's commands use, with an operator's certificate.
/// </summary>
internal sealed class ScriptedOperator(HubSide hub)
{
    /// <summary>What the timeline calls it.</summary>
    public static readonly Title Title = new("operator (scripted)", "オペレーター(台本)");

    // More unproven sources at a time than this look like forged ones: to block them would let the attacker choose whom we cut off.
    private const int MostUnprovenSources = 4;

    private readonly HashSet<string> _handled = [];

    /// <summary>Looks at the findings and acts; gives what it did, in words.</summary>
    public async Task<IReadOnlyList<Title>> ActAsync(HubState state, CancellationToken stop)
    {
        var did = new List<Title>();
        foreach (var proposal in state.Mitigations.Where(m => m.State == "proposed" && _handled.Add(m.Target)))
        {
            var refused = await hub.ApproveAsync(proposal.Id, stop).ConfigureAwait(false);
            did.Add(refused is null
                ? new($"{Title.En} approves the proposal to block {proposal.Target}", $"{Title.Ja}が {proposal.Target} を遮断する提案を承認")
                : new($"{Title.En} may not approve to block {proposal.Target}: {refused}", $"{Title.Ja}は {proposal.Target} の遮断を承認できない: {refused}"));
        }

        var decided = state.Mitigations.Select(m => m.Target).ToHashSet();
        var unproven = state.Incidents.Where(i => i.NamesSource && !i.SourceProven && !decided.Contains(i.Indicator)).ToList();
        if (unproven.Select(i => i.Indicator).Distinct().Count() > MostUnprovenSources)
        {
            return did;
        }

        foreach (var incident in unproven.Where(i => _handled.Add(i.Indicator)))
        {
            var reason = $"field test: {incident.Detector} by one source; its address is not proven, and a forger would gain nothing by it";
            var refused = await hub.BlockAsync(incident.Indicator, reason, TimeSpan.FromMinutes(10), [], stop).ConfigureAwait(false);
            did.Add(refused is null
                ? new($"{Title.En} looks at the finding and blocks {incident.Indicator}, as the policy may not: the source is not proven", $"{Title.Ja}が検知内容を確認し {incident.Indicator} を遮断。送信元が未確認のため、ポリシーには許されない")
                : new($"{Title.En} may not block {incident.Indicator}: {refused}", $"{Title.Ja}は {incident.Indicator} を遮断できない: {refused}"));
        }

        return did;
    }
}
