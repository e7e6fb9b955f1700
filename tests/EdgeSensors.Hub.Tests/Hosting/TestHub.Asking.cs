using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <content>What a test asks a running hub.</content>
internal sealed partial class TestHub
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>How long a test waits for what must happen.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private HttpClient? _alice;

    /// <summary>A client with a person's certificate.</summary>
    public HttpClient AsAlice => _alice ??= Http(OperatorCertificate(Alice));

    /// <summary>How the hub is; a hub that is not well says so with status 503 and the same figures.</summary>
    public async Task<HealthView> HealthAsync()
    {
        using var answer = await AsAlice.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync<HealthView>(Json, TestContext.Current.CancellationToken))!;
    }

    public Task<List<MitigationView>> MitigationsAsync() => GetAsync<List<MitigationView>>("/api/v1/mitigations");

    public Task<List<IncidentView>> IncidentsAsync() => GetAsync<List<IncidentView>>("/api/v1/incidents");

    public async Task<T> GetAsync<T>(string path) => (await AsAlice.GetFromJsonAsync<T>(path, Json, TestContext.Current.CancellationToken))!;

    public async Task<(int Status, T? Body)> PostAsync<T>(string path, object body)
    {
        using var answer = await AsAlice.PostAsJsonAsync(path, body, Json, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<T>(Json, TestContext.Current.CancellationToken) : default);
    }

    /// <summary>The rule set as it is signed now, read beside the running hub.</summary>
    public RuleSet ReadRules()
    {
        Assert.True(RuleSet.TryParse(ReadTarget(TargetNames.Rules), out var rules, out var fault), fault?.ToString());
        return rules;
    }

    /// <summary>A target as it is signed; empty where there is none.</summary>
    public byte[] ReadTarget(string name)
    {
        Assert.True(TufRepository.Open(Path.Combine(Folder, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(repository.ReadTarget(name).TryGet(out var bytes, out error), error?.ToString());
        return bytes;
    }

    /// <summary>Whether a target is signed.</summary>
    public bool HasTarget(string name)
    {
        Assert.True(TufRepository.Open(Path.Combine(Folder, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(repository.ListTargets().TryGet(out var names, out error), error?.ToString());
        return names.Contains(name);
    }

    /// <summary>Messages in the inbox on disk, read beside the running hub.</summary>
    public Task<long> CommittedMessagesAsync()
    {
        using var inbox = new SqliteInbox(Path.Combine(Folder, "data", "inbox.db"), 100, 1_000);
        return Task.FromResult(inbox.Count().Messages);
    }

    /// <summary>Waits for what must come to pass; the limit is for machines with a great deal else to do.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience;)
        {
            if (await holds())
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"It did not come to pass within {Patience.TotalSeconds} seconds.");
    }
}
