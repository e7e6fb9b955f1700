using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeSensors.EdgeAgent.Doctor;

namespace EdgeSensors.EdgeAgent.Tests.Doctor;

/// <summary>A folder as the hub writes it for a sensor, and a hub on the loopback interface that asks for its certificate.</summary>
internal sealed class Enrolment : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<TcpListener> _listeners = [];
    private readonly X509Certificate2 _authority = Authority("EdgeSensors test authority");

    public Enrolment(string commonName = "acme/gate-1", int validDays = 365, X509Certificate2? issuer = null)
    {
        Folder = Directory.CreateTempSubdirectory("edgesensors-doctor-").FullName;
        File.WriteAllText(Path.Combine(Folder, "ca.crt"), _authority.ExportCertificatePem());
        using var certificate = Issue(issuer ?? _authority, $"CN={commonName}, OU=sensor", validDays);
        File.WriteAllText(Path.Combine(Folder, "sensor.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(Folder, "sensor.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(Folder, "sensor.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Target = new DoctorTarget
        {
            StateDirectory = Folder,
            HubHost = "localhost",
            MqttPort = 1,
            HttpsPort = 1,
            AuthorityFile = Path.Combine(Folder, "ca.crt"),
            CertificateFile = Path.Combine(Folder, "sensor.crt"),
            KeyFile = Path.Combine(Folder, "sensor.key"),
            SensorName = "acme/gate-1",
            RootFile = Path.Combine(Folder, "root.json"),
            SealingKeyFile = Path.Combine(Folder, "hpke.key"),
        };
    }

    public string Folder { get; }

    public DoctorTarget Target { get; }

    public static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(5));
    }

    /// <summary>A hub's port: answers HTTP, waits silently (MQTT) or refuses every certificate.</summary>
    public int Serve(bool http = false, bool refuse = false, string name = "localhost", TimeSpan clockAhead = default)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _listeners.Add(listener);
        _ = AcceptAsync(listener, Issue(_authority, $"CN={name}", 90, name), http, refuse, clockAhead);
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        _end.Cancel();
        _listeners.ForEach(listener => listener.Dispose());
        _end.Dispose();
        _authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer, string subject, int validDays, string? dnsName = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (dnsName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }

        var end = DateTimeOffset.UtcNow.AddDays(validDays);
        using var bare = request.Create(issuer, end.AddDays(-400) < issuer.NotBefore ? issuer.NotBefore : end.AddDays(-400), end, RandomNumberGenerator.GetBytes(8));
        using var withKey = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private async Task AcceptAsync(TcpListener listener, X509Certificate2 certificate, bool http, bool refuse, TimeSpan clockAhead)
    {
        using (certificate)
        {
            while (!_end.IsCancellationRequested)
            {
                try
                {
                    using var client = await listener.AcceptTcpClientAsync(_end.Token);
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions
                        {
                            ServerCertificate = certificate,
                            ClientCertificateRequired = true,
                            RemoteCertificateValidationCallback = (_, _, _, _) => !refuse,
                        },
                        _end.Token);
                    _ = await tls.ReadAsync(new byte[1024], _end.Token);
                    if (http)
                    {
                        await tls.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 404 Not Found\r\nDate: {DateTimeOffset.UtcNow + clockAhead:r}\r\nContent-Length: 0\r\n\r\n"), _end.Token);
                    }
                }
                catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException or SocketException)
                {
                    // The client went away, or was refused.
                }
                catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
