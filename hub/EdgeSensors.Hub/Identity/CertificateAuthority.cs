using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Identity;

/// <summary>
/// The hub's own certificate authority: it names sensors and people to the hub, and the hub to them. Every key is ECDSA P-256
/// (FIPS 186-5), every certificate follows RFC 5280.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    public const string SensorUnit = "sensor";
    public const string OperatorUnit = "operator";
    public const string OverseerUnit = "overseer";
    public const string PartnerUnit = "partner";

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    private readonly ECDsa _key;
    private readonly TimeProvider _time;

    public CertificateAuthority(X509Certificate2 certificate, ECDsa key, TimeProvider time)
    {
        Certificate = certificate;
        _key = key;
        _time = time;
    }

    public X509Certificate2 Certificate { get; }

    public static CertificateAuthority Create(TimeProvider time)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject("authority", "EdgeSensors hub authority"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        var certificate = request.CreateSelfSigned(now - ClockTolerance, now.AddYears(10));
        return new CertificateAuthority(certificate, key, time);
    }

    /// <summary>The certificate that clients see. Names that are IP addresses become address entries.</summary>
    public IssuedCertificate IssueServer(IReadOnlyList<string> names, TimeSpan validity)
    {
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternative.AddIpAddress(address);
            }
            else
            {
                alternative.AddDnsName(name);
            }
        }

        return Issue(Subject("hub", names[0]), "1.3.6.1.5.5.7.3.1", validity, alternative.Build());
    }

    public IssuedCertificate IssueSensor(SensorName sensor, TimeSpan validity) =>
        Issue(Subject(SensorUnit, sensor.ToString()), ClientAuthentication, validity, null);

    /// <summary>A certificate, PEM, for a sensor's key that was made elsewhere.</summary>
    public string CertifySensor(SensorRequest request, TimeSpan validity)
    {
        using var certificate = Certify(request.PublicKey, Subject(SensorUnit, request.Name.ToString()), ClientAuthentication, validity, null);
        return certificate.ExportCertificatePem();
    }

    public IssuedCertificate IssueOperator(OperatorId name, TimeSpan validity) =>
        Issue(Subject(OperatorUnit, name.Text), ClientAuthentication, validity, null);

    public IssuedCertificate IssueOverseer(OperatorId name, TimeSpan validity) =>
        Issue(Subject(OverseerUnit, name.Text), ClientAuthentication, validity, null);

    public IssuedCertificate IssuePartner(OperatorId name, TimeSpan validity) =>
        Issue(Subject(PartnerUnit, name.Text), ClientAuthentication, validity, null);

    /// <summary>When a certificate was issued; its validity begins before that, for clocks that are behind.</summary>
    public static DateTimeOffset IssuedAt(X509Certificate2 certificate) => new DateTimeOffset(certificate.NotBefore) + ClockTolerance;

    /// <summary>The authority's private key as PKCS #8; whoever gets it seals it at once.</summary>
    public byte[] ExportKey() => _key.ExportPkcs8PrivateKey();

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    /// <summary>Unit and name, as <see cref="ClientIdentity"/> reads them.</summary>
    internal static X500DistinguishedName Subject(string unit, string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationalUnitName(unit);
        name.AddCommonName(commonName);
        return name.Build();
    }

    private IssuedCertificate Issue(X500DistinguishedName subject, string usage, TimeSpan validity, X509Extension? alternative)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certify(new PublicKey(key), subject, usage, validity, alternative);
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Certify(PublicKey key, X500DistinguishedName subject, string usage, TimeSpan validity, X509Extension? alternative)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (alternative is not null)
        {
            request.CertificateExtensions.Add(alternative);
        }

        var now = _time.GetUtcNow();
        var until = now + validity;
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f; // positive (RFC 5280 §4.1.2.2)
        var signer = X509SignatureGenerator.CreateForECDsa(_key);
        return request.Create(Certificate.SubjectName, signer, now - ClockTolerance, until < Certificate.NotAfter ? until : Certificate.NotAfter, serial);
    }
}

/// <summary>A certificate and its private key as PEM text (RFC 7468); the key is a secret.</summary>
internal sealed record IssuedCertificate(string CertificatePem, string KeyPem);
