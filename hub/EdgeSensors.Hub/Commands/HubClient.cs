using System.CommandLine;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Configuration;

namespace EdgeSensors.Hub.Commands;

/// <summary>A person's commands as a client of the hub's API, with the certificate of a profile folder.</summary>
internal sealed class HubClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly JsonSerializerOptions Indented = new(Json) { WriteIndented = true };

    private readonly HttpClient _http;
    private readonly SocketsHttpHandler _handler;

    private HubClient(Uri hub, X509Certificate2 certificate, X509Certificate2 authority)
    {
        _handler = Handler(certificate, authority);
        _http = new HttpClient(_handler) { BaseAddress = hub, Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Connects to a hub of an authority, and of no other, with a client certificate.</summary>
    public static SocketsHttpHandler Handler(X509Certificate2 certificate, X509Certificate2 authority) => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [certificate],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    };

    public static Option<string> ProfileOption() =>
        new("--profile") { Description = "The folder that init or operator add wrote for you.", HelpName = "FOLDER", Required = true };

    /// <summary>Opens a profile folder: <c>profile.yaml</c>, <c>operator.crt</c>, <c>operator.key</c>, <c>ca.crt</c>.</summary>
    public static HubClient Open(string profile)
    {
        string In(string file) => Path.Combine(profile, file);
        if (!File.Exists(In("profile.yaml")))
        {
            throw new CommandException("profile", $"{profile} holds no profile.yaml; give the folder that init or operator add wrote.", ExitCode.Usage);
        }

        using var reader = File.OpenText(In("profile.yaml"));
        var settings = new YamlSettings(In("profile.yaml"), reader, []);
        var url = settings.Required("hub.url");
        settings.RefuseUnknown();
        if (!Uri.TryCreate(url, UriKind.Absolute, out var hub) || hub.Scheme != Uri.UriSchemeHttps)
        {
            throw settings.Fault("hub.url", "is no https URL");
        }

        return Connect(hub, In("operator.crt"), In("operator.key"), In("ca.crt"), $"A certificate or key of {profile}", "make the profile anew with operator add");
    }

    /// <summary>Opens the enrolment folder of a sensor, as its owner: <c>agent.yaml</c> and what it names.</summary>
    public static HubClient OpenEnrolment(string folder)
    {
        string In(string file) => Path.Combine(folder, file);
        if (!File.Exists(In("agent.yaml")))
        {
            throw new CommandException("enrolment", $"{folder} holds no agent.yaml; give the folder that sensor add wrote.", ExitCode.Usage);
        }

        // The agent's own keys are the agent's to check.
        using var reader = File.OpenText(In("agent.yaml"));
        var settings = new YamlSettings(In("agent.yaml"), reader, []);
        var hub = new UriBuilder(Uri.UriSchemeHttps, settings.Required("hub.host"), settings.Number("hub.https_port", 8443, 1, 65_535)).Uri;
        return Connect(
            hub, In(settings.Text("identity.certificate", "sensor.crt")), In(settings.Text("identity.key", "sensor.key")), In(settings.Text("identity.ca", "ca.crt")),
            $"A certificate or key of {folder}", "enrol the sensor anew with sensor add");
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancel)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel);
        return await ReadAsync<T>(answer, cancel);
    }

    public async Task<T> PostAsync<T>(string path, object body, CancellationToken cancel)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: Json) }, cancel);
        return await ReadAsync<T>(answer, cancel);
    }

    /// <summary>The JSON as the API gives it, indented.</summary>
    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, Indented);

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private static HubClient Connect(Uri hub, string certificate, string key, string authority, string what, string remedy)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
            return new HubClient(hub, X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), X509CertificateLoader.LoadCertificateFromFile(authority));
        }
        catch (CryptographicException e)
        {
            throw new CommandException("profile", $"{what} cannot be used ({e.Message.TrimEnd('.')}); {remedy}.");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            using (request)
            {
                return await _http.SendAsync(request, cancel);
            }
        }
        catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException)
        {
            var inner = e.GetBaseException().Message.TrimEnd('.');
            throw new CommandException("hub", (e as HttpRequestException)?.HttpRequestError switch
            {
                HttpRequestError.SecureConnectionError =>
                    $"The hub at {_http.BaseAddress} and this profile do not trust one another ({inner}); use a profile of this hub that has not expired.",

                // It ends the connection of a certificate that was revoked, and says nothing to it.
                HttpRequestError.ResponseEnded =>
                    $"The hub at {_http.BaseAddress} ended the connection without an answer; if it serves, this certificate was revoked: ask for a new one.",
                _ => $"The hub at {_http.BaseAddress} cannot be reached ({inner}); check that it serves and that profile.yaml names it.",
            });
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CommandException("hub", $"The hub at {_http.BaseAddress} did not answer in time; check how it is with /healthz.");
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (answer.IsSuccessStatusCode)
        {
            return (await answer.Content.ReadFromJsonAsync<T>(Json, cancel))!;
        }

        string? reason = null;
        try
        {
            reason = (await answer.Content.ReadFromJsonAsync<ErrorView>(Json, cancel))?.Error;
        }
        catch (JsonException)
        {
            // Not from our API: the status line has to do.
        }

        throw new CommandException(
            "refused",
            $"{reason ?? $"the hub answered {(int)answer.StatusCode} {answer.ReasonPhrase}"}.",
            answer.StatusCode == HttpStatusCode.BadRequest ? ExitCode.Usage : ExitCode.Failed);
    }
}
