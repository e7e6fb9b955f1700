using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Sign;

/// <summary>Reads what the repository holds into what decisions need. A document that cannot be read is left out and named.</summary>
internal static class DocumentReader
{
    public static bool TryRead(TufRepository repository, out SignedDocuments documents, out IReadOnlyList<string> faults, out string? error)
    {
        documents = SignedDocuments.None;
        faults = [];
        if (!repository.ListTargets().TryGet(out var names, out var listing))
        {
            error = listing.ToString();
            return false;
        }

        var grants = new List<Grant>();
        var authorizations = new List<CollectionAuthorization>();
        var found = new List<string>();
        IReadOnlyList<Prefix> domestic = [];
        RuleSet? rules = null;
        BlocklistEnforcement? enforcement = null;
        EnforcementHold? hold = null;
        var isHoldUnreadable = false;
        foreach (var name in names)
        {
            if (!repository.ReadTarget(name).TryGet(out var bytes, out var reading))
            {
                error = reading.ToString();
                return false;
            }

            DocumentError? fault = null;
            if (name.StartsWith("mitigations/", StringComparison.Ordinal) && Grant.TryParse(bytes, name, out var grant, out fault))
            {
                grants.Add(grant);
            }
            else if (name.StartsWith("authorizations/", StringComparison.Ordinal) && CollectionAuthorization.TryParse(bytes, name, out var authorization, out fault))
            {
                authorizations.Add(authorization);
            }
            else if (name == TargetNames.DomesticPrefixes && DomesticPrefixTable.TryParse(bytes, out var table, out fault))
            {
                domestic = table.Prefixes;
            }
            else if (name == TargetNames.Rules && RuleSet.TryParse(bytes, out var set, out fault))
            {
                rules = set;
            }
            else if (name == TargetNames.BlocklistEnforcement && BlocklistEnforcement.TryParse(bytes, out var enforced, out fault))
            {
                enforcement = enforced;
            }
            else if (name == TargetNames.Hold && EnforcementHold.TryParse(bytes, out var stop, out fault))
            {
                hold = stop;
            }

            if (fault is not null)
            {
                found.Add($"{name}: {fault}");
                isHoldUnreadable |= name == TargetNames.Hold;
            }
        }

        documents = new SignedDocuments { Grants = grants, Authorizations = authorizations, Domestic = domestic, Rules = rules, Enforcement = enforcement, Hold = hold, IsHoldUnreadable = isHoldUnreadable };
        faults = found;
        error = null;
        return true;
    }
}
