using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The sensor's certificate and its authority's, read from the configured files.</summary>
internal sealed record SensorCertificate(X509Certificate2 Certificate, X509Certificate2Collection Authorities)
{
    /// <summary>Reads them.</summary>
    /// <param name="target">The files.</param>
    /// <param name="certificate">Both, the sensor's with its key.</param>
    /// <param name="finding">What is wrong.</param>
    public static bool TryRead(DoctorTarget target, [NotNullWhen(true)] out SensorCertificate? certificate, [NotNullWhen(false)] out Finding? finding)
    {
        certificate = null;
        finding = Missing("authority", target.AuthorityFile) ?? Missing("certificate", target.CertificateFile) ?? Missing("key", target.KeyFile);
        if (finding is not null)
        {
            return false;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(target.AuthorityFile);
        }
        catch (CryptographicException)
        {
            // Said below: there is none.
        }

        if (authorities.Count == 0)
        {
            finding = Broken("authority", $"{target.AuthorityFile} holds no PEM certificate");
            return false;
        }

        try
        {
            certificate = new SensorCertificate(X509Certificate2.CreateFromPemFile(target.CertificateFile, target.KeyFile), authorities);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            finding = Broken("certificate", $"{target.CertificateFile} and {target.KeyFile} are no PEM certificate with its key");
            return false;
        }
    }

    private static Finding? Missing(string subject, string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return new Finding(CertificateCheck.Area, subject, Verdict.Fail, $"{path} may not be read by this user", $"give it to the agent's user: chown {Environment.UserName} {path}");
        }
        catch (IOException)
        {
            return Broken(subject, $"{path} is not there");
        }
    }

    private static Finding Broken(string subject, string detail) =>
        new(CertificateCheck.Area, subject, Verdict.Fail, detail, "copy the enrolment folder from the hub again: edgesensors-hub sensor add");
}
