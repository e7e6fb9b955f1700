using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Documents;

/// <summary>Where each trust document lies among the TUF targets, and the path patterns that its role is delegated.</summary>
public static class TargetNames
{
    /// <summary>The signed table of domestic prefixes (wall 3).</summary>
    public const string DomesticPrefixes = "blocklists/domestic.json";

    /// <summary>The list of addresses to watch for.</summary>
    public const string ListedAddresses = "blocklists/listed.json";

    /// <summary>What of the blocklist is enforced.</summary>
    public const string BlocklistEnforcement = "blocklists/enforce.json";

    /// <summary>Where blocklists lie.</summary>
    public const string BlocklistFolder = "blocklists/";

    /// <summary>How a snapshot's name ends.</summary>
    public const string BlocklistSnapshotEnd = ".snapshot";

    /// <summary>How the name of a delta ends.</summary>
    public const string BlocklistDeltaEnd = ".delta";

    /// <summary>The rules in force, whole: one that is absent is revoked.</summary>
    public const string Rules = "control/rules.json";

    /// <summary>While it is there, no blocklist is enforced.</summary>
    public const string Hold = "control/hold.json";

    /// <summary>A sensor's collection authorisation.</summary>
    public static string Authorization(OperatorId op, SensorId sensor) => $"authorizations/{op.Text}/{sensor.Text}.json";

    /// <summary>An issuer's grant.</summary>
    public static string Grant(GrantRef grant) => $"mitigations/{grant.Issuer.Text}/{grant.Id.Text}.json";

    /// <summary>The newest version of a tier's blocklist, whole.</summary>
    public static string BlocklistSnapshot(string tier) => $"{BlocklistFolder}{tier}{BlocklistSnapshotEnd}";

    /// <summary>The tier for sensors with room for so many entries.</summary>
    public static string BlocklistTier(int capacity) => string.Create(CultureInfo.InvariantCulture, $"at-most-{capacity}");

    /// <summary>What leads from an older version of a tier's blocklist to the newest.</summary>
    public static string BlocklistDelta(string tier, long from) => string.Create(CultureInfo.InvariantCulture, $"{BlocklistFolder}{tier}.from-{from}{BlocklistDeltaEnd}");

    /// <summary>Whether it is a blocklist or a delta of one: what may be too large to be kept in memory besides.</summary>
    public static bool IsBlocklist(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(BlocklistSnapshotEnd, StringComparison.Ordinal) || name.EndsWith(BlocklistDeltaEnd, StringComparison.Ordinal);
    }

    /// <summary>The version that a tier's delta leads from; null when the name is none of a delta of that tier.</summary>
    public static long? BlocklistDeltaBase(string tier, string name)
    {
        var begin = $"{BlocklistFolder}{tier}.from-";
        return name.StartsWith(begin, StringComparison.Ordinal) && name.EndsWith(BlocklistDeltaEnd, StringComparison.Ordinal)
            && long.TryParse(name[begin.Length..^BlocklistDeltaEnd.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            ? from
            : null;
    }
}
