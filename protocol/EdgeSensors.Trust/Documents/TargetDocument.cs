namespace EdgeSensors.Trust.Documents;

/// <summary>Whether octets are what a target's name promises. Names that promise nothing known hold anything.</summary>
public static class TargetDocument
{
    /// <summary>Why a sensor would refuse the target; null when it would not.</summary>
    public static string? Fault(string name, ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(name);
        DocumentError? error = null;
        _ = name switch
        {
            TargetNames.DomesticPrefixes => DomesticPrefixTable.TryParse(content, out _, out error),
            TargetNames.BlocklistEnforcement => BlocklistEnforcement.TryParse(content, out _, out error),
            TargetNames.ListedAddresses => AddressList.TryParse(content, out _, out error),
            TargetNames.Rules => RuleSet.TryParse(content, out _, out error),
            TargetNames.Hold => EnforcementHold.TryParse(content, out _, out error),
            _ when name.StartsWith("mitigations/", StringComparison.Ordinal) => Grant.TryParse(content, name, out _, out error),
            _ when name.StartsWith("authorizations/", StringComparison.Ordinal) => CollectionAuthorization.TryParse(content, name, out _, out error),
            _ => true,
        };
        if (error is null && name.StartsWith(TargetNames.BlocklistFolder, StringComparison.Ordinal) && name.EndsWith(TargetNames.BlocklistSnapshotEnd, StringComparison.Ordinal))
        {
            return Blocklists.Blocklist.TryRead(content.Span, out _, out var fault) ? null : fault.ToString();
        }

        return error?.ToString();
    }
}
