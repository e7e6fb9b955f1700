using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Documents;

/// <summary>Where each trust document lies among the TUF targets, and the path patterns that its role is delegated.</summary>
public static class TargetNames
{
    /// <summary>The signed table of domestic prefixes (wall 3).</summary>
    public const string DomesticPrefixes = "blocklists/domestic.json";

    /// <summary>The list of addresses to watch for.</summary>
    public const string ListedAddresses = "blocklists/listed.json";

    /// <summary>The rules in force, whole: one that is absent is revoked.</summary>
    public const string Rules = "control/rules.json";

    /// <summary>A sensor's collection authorisation.</summary>
    public static string Authorization(OperatorId op, SensorId sensor) => $"authorizations/{op.Text}/{sensor.Text}.json";

    /// <summary>An issuer's grant.</summary>
    public static string Grant(GrantRef grant) => $"mitigations/{grant.Issuer.Text}/{grant.Id.Text}.json";
}
