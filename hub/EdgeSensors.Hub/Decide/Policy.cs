using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>
/// What the hub does without a person: it proposes, and where it is told to also approves, a mitigation of one foreign address whose traffic
/// proved that the address is no forgery. Everything else waits for a person.
/// </summary>
internal sealed class Policy(Mitigations mitigations, Func<SignedDocuments> documents, PolicySettings settings)
{
    /// <summary>Why an incident is left to people; null when the policy may propose.</summary>
    public string? Objection(Incident incident) => incident switch
    {
        _ when !settings.Propose => "the policy proposes nothing (policy.propose)",
        _ when incident.Address is not { } address => "its indicator is a protected address",
        _ when !incident.Evidence.Any(e => e.AccusesIndicator) => "its indicator is whom the attack strikes",
        _ when !incident.SourceProven => "its source may be spoofed: it was seen only in what nobody answered",
        _ when incident.Confidence < settings.MinConfidence => $"its confidence {incident.Confidence} is below {settings.MinConfidence}",
        _ when !incident.Address!.Value.IsSingleAddress => "it is more than one address",
        _ when settings.ForeignOnly && documents().IsDomestic(incident.Address!.Value) => "it is a domestic address",
        _ => null,
    };

    /// <summary>Acts on an incident that is new or has grown. Asked twice, it acts once.</summary>
    public void Consider(Incident incident)
    {
        if (Objection(incident) is not null || mitigations.WasTurnedDown(incident.Id))
        {
            return;
        }

        var step = settings.Step switch
        {
            "observe" => MitigationStep.Observe,
            "rate-limit" => MitigationStep.RateLimit,
            _ => MitigationStep.Drop,
        };
        var sensors = incident.Evidence.Select(e => e.Sensor).Distinct().Count();
        var decision = mitigations.Propose(
            new Proposal
            {
                Target = incident.Address!.Value,
                Step = step,
                Because = step == MitigationStep.Observe
                    ? ""
                    : $"policy.step says so for one {(settings.ForeignOnly ? "foreign " : "")}address whose source is proven, of confidence {incident.Confidence} (at least {settings.MinConfidence})",
                Reason = $"incident {incident.Id}: {string.Join(", ", incident.Techniques)}, seen by {sensors} sensor{(sensors == 1 ? "" : "s")}, confidence {incident.Confidence}",
                Incident = incident.Id,
                Alerts = [.. incident.Evidence.Select(e => e.AlertId).Take(64)],
            },
            Mitigations.PolicyName);
        if (settings.Approve && decision.Mitigation is { State: MitigationState.Proposed, ProposedBy: Mitigations.PolicyName } proposed)
        {
            mitigations.Approve(proposed.Id, Approver.Policy);
        }
    }
}
