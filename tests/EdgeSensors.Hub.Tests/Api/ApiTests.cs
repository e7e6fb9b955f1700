using System.Net;
using System.Text;
using System.Text.Json;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Tests.Hosting;

namespace EdgeSensors.Hub.Tests.Api;

public class ApiTests
{
    [Fact]
    public async Task A_sensor_reads_the_updates_and_nothing_else()
    {
        await using var hub = await TestHub.StartAsync();
        using var sensor = hub.Http(hub.SensorCertificate(TestHub.Gateway));
        using var timestamp = await GetAsync(sensor, "/tuf/metadata/timestamp.json");
        Assert.Equal(HttpStatusCode.OK, timestamp.StatusCode);
        Assert.True(timestamp.Headers.CacheControl!.NoCache);
        using var root = await GetAsync(sensor, "/tuf/metadata/1.root.json");
        Assert.Equal(HttpStatusCode.OK, root.StatusCode);
        Assert.Contains("immutable", root.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        foreach (var path in new[] { "/api/v1/incidents", "/api/v1/mitigations", "/api/v1/audit", "/openapi/v1.json", "/healthz", "/" })
        {
            using var answer = await GetAsync(sensor, path);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using var content = new StringContent("{}");
        using var post = await sensor.PostAsync(new Uri("/api/v1/mitigations", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, post.StatusCode);
    }

    [Fact]
    public async Task Nobody_comes_in_without_a_certificate_of_this_hub()
    {
        await using var hub = await TestHub.StartAsync();
        using var nobody = hub.Http(null);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(nobody, "/healthz"));
        using var stranger = CertificateAuthority.Create(TimeProvider.System);
        using var other = hub.Http(TestHub.Load(stranger.IssueOperator(TestHub.Alice, TimeSpan.FromDays(1))));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(other, "/healthz"));
        using var server = hub.Http(TestHub.Load(hub.Authority.IssueServer(["localhost"], TimeSpan.FromDays(1))));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(server, "/healthz"));
    }

    [Fact]
    public async Task The_description_names_every_path_of_the_api()
    {
        await using var hub = await TestHub.StartAsync();
        using var document = await hub.GetAsync<JsonDocument>("/openapi/v1.json");
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();
        string[] expected =
        [
            "/api/v1/incidents", "/api/v1/mitigations", "/api/v1/mitigations/{id}/approve", "/api/v1/mitigations/{id}/revoke", "/api/v1/sensors",
            "/api/v1/windows", "/api/v1/flows", "/api/v1/audit", "/healthz",
        ];
        Assert.All(expected, path => Assert.Contains(path, paths));
    }

    [Theory]
    [InlineData("""{"target":"300.1.1.1","reason":"x"}""")]
    [InlineData("""{"target":"203.0.113.7"}""")]
    [InlineData("""{"target":"203.0.113.7","reason":"x","step":"shout"}""")]
    [InlineData("""{"target":"203.0.113.7","reason":"x","duration_minutes":-1}""")]
    [InlineData("""{"target":"203.0.113.7","reason":"x","duration_minutes":99999}""")]
    [InlineData("""{"target":"203.0.113.7","reason":"x","sensors":["a b"]}""")]
    [InlineData("""{"target":"203.0.113.7","reason":"x","incident":12345}""")]
    [InlineData("not json")]
    public async Task A_proposal_that_is_not_well_formed_is_refused(string body)
    {
        await using var hub = await TestHub.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await hub.AsAlice.PostAsync(new Uri("/api/v1/mitigations", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(await hub.MitigationsAsync());
    }

    [Theory]
    [InlineData("/api/v1/flows", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/incidents?since=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/nothing", HttpStatusCode.NotFound)]
    public async Task What_is_asked_for_wrongly_is_answered_with_words(string path, HttpStatusCode status)
    {
        await using var hub = await TestHub.StartAsync();
        using var answer = await GetAsync(hub.AsAlice, path);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains("\"error\":", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient client, string path) =>
        client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
}
