using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.EdgeAgent.Link;

/// <summary>The hub's certificate is believed if one of the enrolment's authorities made it for the name that was dialled; the system's store does not count.</summary>
internal static class HubTrust
{
    /// <summary>Null when the certificate is believed, else why it is not.</summary>
    public static string? Distrust(X509Certificate? presented, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (presented is not X509Certificate2 certificate)
        {
            return "the hub showed no certificate";
        }

        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return "the hub's certificate is for another name";
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate)
            ? null
            : "the hub's certificate does not come from the enrolment's authority, or is not valid now";
    }
}
