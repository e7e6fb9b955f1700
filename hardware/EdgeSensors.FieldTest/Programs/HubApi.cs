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

    /// <summary>Whether <c>/healthz</c> says that it commits and publishes, and its numbers by name; throws <see cref="HttpRequestException"/> while it cannot be reached.</summary>
    public async Task<(bool IsWell, IReadOnlyDictionary<string, double> Counters)> ReadHealthAsync(CancellationToken stop)
    {
        using var response = await _client.GetAsync(new Uri("healthz", UriKind.Relative), stop).ConfigureAwait(false);
        using var health = JsonDocument.Parse(await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false));
        var counters = health.RootElement.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Number).ToDictionary(p => p.Name, p => p.Value.GetDouble());
        return (response.IsSuccessStatusCode, counters);
    }

    /// <summary>Proposes to drop an address; its id, or why the hub refuses.</summary>
    public async Task<(string? Id, string? Refused)> ProposeAsync(string address, string reason, TimeSpan duration, IReadOnlyList<string> sensors, CancellationToken stop)
    {
        var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("target", address);
            json.WriteString("reason", reason);
            json.WriteString("step", "drop");
            json.WriteString("because", "a person looked at the finding, and the attack goes on");
            json.WriteNumber("duration_minutes", duration.TotalMinutes);
            json.WriteStartArray("sensors");
            foreach (var sensor in sensors)
            {
                json.WriteStringValue(sensor);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        var (answer, refused) = await PostAsync("api/v1/mitigations", body.ToArray(), stop).ConfigureAwait(false);
        using (answer)
        {
            return (answer?.RootElement.GetProperty("id").GetString(), refused);
        }
    }

    /// <summary>Approves a proposal; null when it was done, otherwise why the hub refuses.</summary>
    public async Task<string?> ApproveAsync(string id, CancellationToken stop)
    {
        var (answer, refused) = await PostAsync($"api/v1/mitigations/{id}/approve", "{}"u8.ToArray(), stop).ConfigureAwait(false);
        answer?.Dispose();
        return refused;
    }

    /// <summary>Takes a mitigation back; null when it was done, otherwise why the hub refuses.</summary>
    public async Task<string?> RevokeAsync(string id, string reason, CancellationToken stop)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["reason"] = reason });
        var (answer, refused) = await PostAsync($"api/v1/mitigations/{id}/revoke", body, stop).ConfigureAwait(false);
        answer?.Dispose();
        return refused;
    }

    /// <summary>What the hub knows of one mitigation; throws <see cref="HttpRequestException"/> while it cannot be reached.</summary>
    public async Task<MitigationSeen> FindAsync(string id, CancellationToken stop)
    {
        using var mitigation = await GetAsync($"api/v1/mitigations/{id}", stop).ConfigureAwait(false);
        return HubStateJson.ReadMitigation(mitigation.RootElement);
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
        catch (System.Net.Sockets.SocketException e)
        {
            throw new HttpRequestException(e.Message, e); // of a connection that was reset as soon as it was there
        }
    }

    private async Task<(JsonDocument? Answer, string? Refused)> PostAsync(string path, byte[] body, CancellationToken stop)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        try
        {
            using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content, stop).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? (JsonDocument.Parse(text), null) : (null, text.ReplaceLineEndings(" "));
        }
        catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return (null, e.Message);
        }
    }
}
