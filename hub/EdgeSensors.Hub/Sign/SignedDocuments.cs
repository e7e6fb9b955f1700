using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Sign;

/// <summary>What is signed and in the repository at one moment, as far as decisions need it.</summary>
internal sealed record SignedDocuments
{
    public static SignedDocuments None { get; } = new();

    public IReadOnlyList<Grant> Grants { get; init; } = [];

    public IReadOnlyList<CollectionAuthorization> Authorizations { get; init; } = [];

    public IReadOnlyList<Prefix> Domestic { get; init; } = [];

    public RuleSet? Rules { get; init; }

    public BlocklistEnforcement? Enforcement { get; init; }

    /// <summary>Whether a sensor is to enforce a category of the blocklist.</summary>
    public bool Enforces(string category, SensorName sensor) =>
        Enforcement is { } enforcement && enforcement.IsFor(sensor.Operator, sensor.Sensor) && enforcement.Categories.Any(enforced => enforced.Category.Text == category);

    public EnforcementHold? Hold { get; init; }

    /// <summary>Whether a hold is signed that says nothing that could be read: it is neither one nor none.</summary>
    public bool IsHoldUnreadable { get; init; }

    public Grant? FindGrant(GrantRef reference) => Grants.FirstOrDefault(grant => grant.Reference == reference);

    /// <summary>The own network that a prefix touches, as the sensor whose authorisation names it; null when none.</summary>
    public SensorName? OwnNetworkOf(Prefix prefix)
    {
        foreach (var authorization in Authorizations)
        {
            foreach (var own in authorization.OwnPrefixes)
            {
                if (own.Overlaps(prefix))
                {
                    return new SensorName(authorization.Operator, authorization.Sensor);
                }
            }
        }

        return null;
    }

    public bool IsDomestic(Prefix prefix)
    {
        foreach (var domestic in Domestic)
        {
            if (domestic.Overlaps(prefix))
            {
                return true;
            }
        }

        return false;
    }
}
