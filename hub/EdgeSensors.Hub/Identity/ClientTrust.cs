using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.Hub.Identity;

/// <summary>Whether a client certificate was issued by the hub's own authority and counts still; the machine's trust store has no say.</summary>
internal sealed class ClientTrust(X509Certificate2 authority, RevocationList revoked, TimeProvider time)
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Chain, validity, extended key usage (RFC 5280 §4.2.1.12), and that it was not revoked.</summary>
    public bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(ClientAuthentication);
        return chain.Build(certificate) && !revoked.IsRevoked(certificate);
    }

    /// <summary>Whether one that was ours when its connection began is so still: a connection may last for months.</summary>
    public bool StillCounts(Credential credential) => time.GetUtcNow() < credential.Until && !revoked.IsRevoked(credential);
}
