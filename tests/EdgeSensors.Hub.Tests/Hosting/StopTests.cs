using EdgeSensors.Hub.Tests.Sign;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>The end of a hub: whoever is being answered gets the answer, and nothing is asked of what has ended before.</summary>
public sealed class StopTests
{
    // More than what the sockets between two processes hold.
    private const int Octets = 16 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_overseer_who_is_reading_the_log_when_the_hub_is_stopped_reads_to_the_end()
    {
        await using var hub = await TestHub.StartAsync();
        var hash = new string('a', 64);
        PublisherStation.Damage(Path.Combine(hub.Configuration.Transparency.Folder, "log.db"), $"INSERT INTO preimage (sha256, data) VALUES ('{hash}', zeroblob({Octets}))");
        using var overseer = hub.Http(TestHub.Load(hub.Authority.IssueOverseer(TestHub.Alice, TimeSpan.FromDays(1))));
        using var answer = await overseer.GetAsync(new Uri($"/log/preimage/{hash}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
        var stopping = hub.StopAsync();
        Assert.Equal(Octets, (await answer.Content.ReadAsByteArrayAsync(Token)).Length);
        await stopping;
    }
}
