using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.EdgeAgent.Link;

/// <summary>What an enrolment folder holds: who the sensor is and whom it believes.</summary>
/// <param name="Certificate">With its key.</param>
/// <param name="Authorities">The hub's certificate comes from one of these.</param>
/// <param name="SealingKey">Opens pseudonym keys.</param>
internal sealed record SensorIdentity(X509Certificate2 Certificate, X509Certificate2Collection Authorities, SealingKey SealingKey) : IDisposable
{
    /// <summary>Reads and checks the files; the error is one line that names the file and what to do.</summary>
    public static bool TryRead(AgentConfiguration settings, [NotNullWhen(true)] out SensorIdentity? identity, [NotNullWhen(false)] out string? error)
    {
        identity = null;
        error = null;
        var authorities = new X509Certificate2Collection();
        X509Certificate2? certificate = null;
        var path = settings.CaPath;
        try
        {
            authorities.ImportFromPem(File.ReadAllText(path));
            error = authorities.Count == 0 ? $"{path}: holds no PEM certificate; copy the enrolment folder from the hub again" : null;
            path = settings.CertificatePath;
            var certificatePem = File.ReadAllText(path);
            path = settings.KeyPath;
            var keyPem = File.ReadAllText(path);
            path = $"{settings.CertificatePath}, {settings.KeyPath}";
            certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            path = settings.SealingKeyPath;
            if (!SealingKey.TryParse(File.ReadAllText(path), out var sealingKey))
            {
                error ??= $"{path}: is no X25519 key in base64; copy the enrolment folder from the hub again";
            }
            else
            {
                var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
                error ??= name == settings.Sensor.ToString()
                    ? null
                    : $"{settings.CertificatePath}: is the certificate of '{name}', and the configuration says sensor: {settings.Sensor}; use both from one enrolment folder";
                identity = new SensorIdentity(certificate, authorities, sealingKey);
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            error ??= $"{path}: no such file; copy the enrolment folder from the hub, or correct the path in the configuration";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error ??= $"{path}: cannot be read ({exception.Message.TrimEnd('.')}); check its permissions";
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            error ??= $"{path}: no PEM certificate with the key that belongs to it; copy the enrolment folder from the hub again";
        }

        if (error is null && identity is not null)
        {
            return true;
        }

        error ??= "the enrolment is not complete; copy its folder from the hub again";
        identity?.Dispose();
        identity = null;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        SealingKey.Dispose();
    }
}
