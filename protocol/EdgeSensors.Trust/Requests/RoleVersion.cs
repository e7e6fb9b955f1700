using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Requests;

/// <summary>One version of a role's metadata.</summary>
/// <param name="Role">The role.</param>
/// <param name="Version">Its number, from 1.</param>
/// <param name="Sha256">SHA-256 of what is signed, in lower-case hex: the same whoever has signed it.</param>
public readonly record struct RoleVersion(string Role, long Version, string Sha256)
{
    internal static RoleVersion Of<T>(string role, SignedMetadata<T> metadata)
        where T : SignedPayload => new(role, metadata.Signed.Version, metadata.PayloadSha256);
}
