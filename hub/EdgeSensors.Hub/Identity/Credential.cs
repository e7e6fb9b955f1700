using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.Hub.Identity;

/// <summary>What of a certificate is asked again and again while its connection lasts.</summary>
/// <param name="Identity">Whom it names.</param>
/// <param name="IssuedAt">When it was issued.</param>
/// <param name="Until">When it ends.</param>
internal sealed record Credential(ClientIdentity Identity, DateTimeOffset IssuedAt, DateTimeOffset Until)
{
    /// <summary>Of a certificate that is already known to be ours; null when it names nobody.</summary>
    public static Credential? Of(X509Certificate2? certificate) =>
        ClientIdentity.TryRead(certificate, out var identity) ? new(identity, CertificateAuthority.IssuedAt(certificate!), certificate!.NotAfter) : null;
}
