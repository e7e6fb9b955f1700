using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The sensor's certificate: whose it is, from whom, how long it holds, and who can read its key.</summary>
/// <param name="target">The files and the name that must be in them.</param>
/// <param name="time">The clock.</param>
internal sealed class CertificateCheck(DoctorTarget target, TimeProvider time) : ICheck
{
    /// <summary>The group.</summary>
    public const string Area = "Certificates";

    /// <summary>From when before its end a certificate is a warning.</summary>
    public static readonly TimeSpan EndsSoon = TimeSpan.FromDays(30);

    private const string Renew = "have the hub's operator issue a new one: edgesensors-hub sensor add";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (!SensorCertificate.TryRead(target, out var read, out var finding))
        {
            return Task.FromResult<IReadOnlyList<Finding>>([finding]);
        }

        var (certificate, authorities) = read;
        using (certificate)
        {
            var findings = new List<Finding> { Holds("certificate", certificate, time.GetUtcNow(), Renew), Named(certificate), Issued(certificate, authorities) };
            findings.AddRange(authorities.Select(authority => Holds("authority", authority, time.GetUtcNow(), "have the hub's operator renew its authority")));
            if (!OperatingSystem.IsWindows())
            {
                findings.Add(KeyMode(File.GetUnixFileMode(target.KeyFile)));
            }

            return Task.FromResult<IReadOnlyList<Finding>>(findings);
        }
    }

    /// <summary>Whether a certificate holds now, and how long still.</summary>
    public static Finding Holds(string subject, X509Certificate2 certificate, DateTimeOffset now, string remedy, string area = Area)
    {
        var (from, until) = (new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        var text = string.Create(CultureInfo.InvariantCulture, $"until {until:yyyy-MM-dd HH:mm} UTC");
        return now < from ? new Finding(area, subject, Verdict.Fail, string.Create(CultureInfo.InvariantCulture, $"holds only from {from:yyyy-MM-dd HH:mm} UTC"), "set the clock right, or wait")
            : now >= until ? new Finding(area, subject, Verdict.Fail, $"has ended: {text}", remedy)
            : until - now < EndsSoon ? new Finding(area, subject, Verdict.Warn, $"ends soon: {text}", remedy)
            : new Finding(area, subject, Verdict.Ok, text);
    }

    private Finding Named(X509Certificate2 certificate)
    {
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return name == target.SensorName
            ? new Finding(Area, "sensor name", Verdict.Ok, name)
            : new Finding(Area, "sensor name", Verdict.Fail, $"the certificate is {name}'s, the configuration says {target.SensorName}", "use the agent.yaml and the certificate of one enrolment folder");
    }

    private static Finding Issued(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid; // said above
        return chain.Build(certificate)
            ? new Finding(Area, "issuer", Verdict.Ok, "the configured authority")
            : new Finding(Area, "issuer", Verdict.Fail, "the certificate is not from the configured authority", "use ca.crt and sensor.crt of one enrolment folder");
    }

    private Finding KeyMode(UnixFileMode mode)
    {
        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite;
        return (mode & Others) == 0
            ? new Finding(Area, "key", Verdict.Ok, "only its owner's")
            : new Finding(Area, "key", Verdict.Warn, $"{target.KeyFile} is open to others", $"chmod 600 {target.KeyFile}");
    }
}
