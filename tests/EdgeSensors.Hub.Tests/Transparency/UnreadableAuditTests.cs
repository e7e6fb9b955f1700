using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Hub.Tests.Sign;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Transparency;

/// <summary>A row of the audit that cannot be read holds nothing up, and is not left out unseen.</summary>
public sealed class UnreadableAuditTests
{
    private const int SaidUnreadable = 61;

    [Theory]
    [InlineData("at", "'yesterday'")]
    [InlineData("who", "NULL")]
    public async Task The_log_says_in_its_place_that_it_cannot_be_read_and_the_kill_switch_is_published(string column, string value)
    {
        await using var station = await PublisherStation.MakeAsync();
        station.Audit("m-1", "m-2", "m-3");
        PublisherStation.Damage(station.DecisionsFile, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'audit'");
        PublisherStation.Damage(station.DecisionsFile, $"UPDATE audit SET {column} = {value} WHERE id = 2");
        await station.Publisher.StartAsync();
        station.Mitigations.StopAll(null, "bob", "wrong feed");
        await TestHub.EventuallyAsync(() => Task.FromResult(station.Hub.HasTarget(TargetNames.Hold)));
        await TestHub.EventuallyAsync(() => Task.FromResult(station.LoggedAudit().Count == 4));
        await station.RoundsAsync(3);
        Assert.True(station.Publisher.IsHealthy);

        var logged = station.LoggedAudit();
        Assert.Equal(["audit/1", "audit/2", "audit/3", "audit/4"], logged.Select(entry => entry.Split('\n')[0]));
        var entry = JsonSerializer.Deserialize<AuditView>(logged[1].Split('\n')[1], TestHub.Json)!;
        Assert.Equal(("", "unreadable", "audit/2", $"its {column} cannot be read"), (entry.Who, entry.What, entry.Subject, entry.Detail));
        Assert.Equal(column == "at", entry.At == 0);
        Assert.Equal($"Row 2 of the audit cannot be read, and the transparency log says so in its place: its {column} cannot be read", Assert.Single(station.Said, said => said.Event == SaidUnreadable).Text);
        Assert.Equal(["hold", "revoke", "unreadable", "revoke"], station.Store.Audit(10).Select(row => row.What));
    }

    [Fact]
    public async Task Whoever_reads_the_audit_is_shown_all_the_others()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.PostAsync<StoppedView>("/api/v1/holds", new HoldBody(null, "wrong feed"));
        PublisherStation.Damage(Path.Combine(hub.Folder, "data", "decisions.db"), "UPDATE audit SET who = x'00', at = 'once' WHERE what = 'hold'; INSERT INTO audit (at, who, what, subject, detail) VALUES (5, 'alice', 'release', '*', '')");
        var audit = await hub.GetAsync<List<AuditView>>("/api/v1/audit");
        Assert.Equal(["release", "unreadable"], audit.Select(entry => entry.What));
        Assert.Equal(new AuditView(0, "", "unreadable", "audit/1", "its at cannot be read"), audit[1]);
    }
}
