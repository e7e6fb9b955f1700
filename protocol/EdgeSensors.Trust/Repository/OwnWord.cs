using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

/// <summary>
/// What a delegated role has said under the keys that it has. Metadata that they did not sign, such as that of a role whose delegation was taken back and is given anew to somebody else, is not
/// carried on; its version is, since versions only go up.
/// </summary>
internal static class OwnWord
{
    public static Targets Of(SignedMetadata<Targets>? published, Delegation? delegation) =>
        published is not null && delegation is not null && published.IsVerifiedBy(delegation.Role.Keys, delegation.Keys)
            ? published.Signed
            : new Targets { Version = published?.Signed.Version ?? 0, Expires = default, Files = new Dictionary<string, FileHashes>() };
}
