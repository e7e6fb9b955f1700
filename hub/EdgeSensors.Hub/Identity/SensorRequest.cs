using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Identity;

/// <summary>A sensor's request for a certificate (PKCS #10, RFC 2986): it can go to where the authority's key is, while the sensor's own key stays.</summary>
/// <param name="Name">The sensor.</param>
/// <param name="PublicKey">Its key, ECDSA P-256, which signed the request.</param>
internal sealed record SensorRequest(SensorName Name, PublicKey PublicKey)
{
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>SHA-256 of the key (SubjectPublicKeyInfo, RFC 5280 §4.1.2.7), in lower-case hex.</summary>
    public string KeySha256 => Convert.ToHexStringLower(SHA256.HashData(PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>A new key, and the request that it signs; both PEM, the key is a secret.</summary>
    public static (string KeyPem, string RequestPem) Make(SensorName name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(SubjectOf(name), key, HashAlgorithmName.SHA256);
        return (key.ExportPkcs8PrivateKeyPem(), request.CreateSigningRequestPem());
    }

    /// <summary>Reads one; false where it is none, is not signed by its key, or names anything but one sensor.</summary>
    public static bool TryParse(string pem, [NotNullWhen(true)] out SensorRequest? request)
    {
        request = null;
        try
        {
            var read = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            using var key = read.PublicKey.GetECDsaPublicKey();
            if (key?.ExportParameters(false).Curve.Oid?.Value == P256
                && SensorName.TryParse(read.SubjectName.EnumerateRelativeDistinguishedNames().FirstOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == ClientIdentity.CommonName)?.GetSingleElementValue(), out var name)
                && read.SubjectName.RawData.AsSpan().SequenceEqual(SubjectOf(name).RawData))
            {
                request = new SensorRequest(name, read.PublicKey);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException) // a curve or a hash that this machine does not know
        {
            return false;
        }

        return request is not null;
    }

    private static X500DistinguishedName SubjectOf(SensorName name) => CertificateAuthority.Subject(CertificateAuthority.SensorUnit, name.ToString());
}
