using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Ring;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Reads the hub's REST API with the operator's certificate, from inside the hub's namespace.</summary>
internal sealed class HubApi : IDisposable
{
    private readonly HttpClient _client;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _authority;

    /// <param name="place">The namespace from which the hub is reached; null for this process's own.</param>
    /// <param name="address">Its base address.</param>
    /// <param name="profile">A folder with operator.crt, operator.key and ca.crt.</param>
    public HubApi(NetworkNamespace? place, Uri address, string profile)
    {
        _certificate = X509Certificate2.CreateFromPemFile(Path.Combine(profile, "operator.crt"), Path.Combine(profile, "operator.key"));
        _authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(profile, "ca.crt"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(_authority);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, stop) =>
            {
                // A socket belongs to the namespace of the thread that makes it.
                Socket Make() => new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                var socket = place is null ? Make() : place.Run(Make);
                try
                {
                    await socket.ConnectAsync(context.DnsEndPoint, stop).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
            SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [_certificate], CertificateChainPolicy = trust },
        };
        _client = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };
    }

    /// <summary>What the hub found and what was decided; throws <see cref="HttpRequestException"/> while it cannot be reached.</summary>
    public async Task<(IReadOnlyList<IncidentSeen> Incidents, IReadOnlyList<MitigationSeen> Mitigations)> ReadAsync(CancellationToken stop)
    {
        using var incidents = await GetAsync("api/v1/incidents", stop).ConfigureAwait(false);
        using var mitigations = await GetAsync("api/v1/mitigations", stop).ConfigureAwait(false);
        return HubStateJson.Read(incidents.RootElement, mitigations.RootElement);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task<JsonDocument> GetAsync(string path, CancellationToken stop)
    {
        try
        {
            using var stream = await _client.GetStreamAsync(new Uri(path, UriKind.Relative), stop).ConfigureAwait(false);
            return await JsonDocument.ParseAsync(stream, cancellationToken: stop).ConfigureAwait(false);
        }
        catch (TaskCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException("the hub did not answer in time", e);
        }
    }
}
