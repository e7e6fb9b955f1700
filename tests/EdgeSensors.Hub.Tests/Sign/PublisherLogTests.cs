using System.Net;
using System.Net.Sockets;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>What the publisher says of what keeps it from its work, and what it makes up for when it can.</summary>
public sealed class PublisherLogTests
{
    private const int PublishFailed = 40;
    private const int KeysStay = 47;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Keys_that_cannot_be_read_after_a_publication_of_somebody_elses_are_told_of_once_and_taken_when_they_can_be(bool gone)
    {
        await using var station = await PublisherStation.MakeAsync();
        await station.Publisher.StartAsync();
        var before = station.Keys.Current;
        var trust = station.Hub.Configuration.Trust;
        Assert.True(TufRepository.Open(trust.Repository, RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(trust.OnlineKeys, out var keys, out _));
        using (keys)
        {
            var away = trust.OnlineKeys + "-away";
            Directory.Move(trust.OnlineKeys, away);
            if (!gone)
            {
                Directory.CreateDirectory(trust.OnlineKeys);
                File.WriteAllText(Path.Combine(trust.OnlineKeys, "timestamp-1.key"), "half of a");
            }

            Assert.True(repository.Publish(new RepositoryChange().Renew(RepositoryRoles.Control), keys).TryGet(out _, out error), error?.ToString());
            await TestHub.EventuallyAsync(() => Task.FromResult(station.Said.Any(said => said.Event == KeysStay)));
            await station.RoundsAsync(3);
            Assert.Same(before, station.Keys.Current);
            Assert.Single(station.Said, said => said.Event == KeysStay);
            if (!gone)
            {
                Directory.Delete(trust.OnlineKeys, recursive: true);
            }

            Directory.Move(away, trust.OnlineKeys);
        }

        await TestHub.EventuallyAsync(() => Task.FromResult(station.Keys.Current != before));
        Assert.NotEmpty(station.Keys.Current.KeyIds);
    }

    [Fact]
    public async Task Each_new_reason_why_nothing_can_be_published_is_told_of_and_the_same_once_in_a_row()
    {
        await using var station = await PublisherStation.MakeAsync();
        await station.Publisher.StartAsync();
        var told = new List<string>();
        foreach (var reason in new[] { "the disk is full", "the disk is gone", "the disk is full" })
        {
            // One after the other without a moment in between in which the log can be written.
            PublisherStation.Damage(station.LogFile, $"BEGIN IMMEDIATE; DROP TRIGGER IF EXISTS refuse; CREATE TRIGGER refuse BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, '{reason}'); END; COMMIT");
            station.Audit($"m-{told.Count}");
            told.Add($"What is decided cannot be published: SQLite Error 19: '{reason}'.. Tried again every second");
            await TestHub.EventuallyAsync(() => Task.FromResult(station.Said.Count(said => said.Event == PublishFailed) >= told.Count));
            await station.RoundsAsync(3);
            Assert.False(station.Publisher.IsHealthy);
        }

        Assert.Equal(told, station.Said.Where(said => said.Event == PublishFailed).Select(said => said.Text));
        PublisherStation.Damage(station.LogFile, "DROP TRIGGER refuse");
        await TestHub.EventuallyAsync(() => Task.FromResult(station.Publisher.IsHealthy));
        Assert.Equal(3, station.LoggedAudit().Count);
    }

    [Fact]
    public async Task What_its_end_cuts_off_is_no_failure()
    {
        await using var station = await PublisherStation.MakeAsync();
        await station.Publisher.StartAsync();
        await station.RoundsAsync(3); // what it begins with is published
        await station.Hub.Witness.StopAsync();
        using var mute = new TcpListener(IPAddress.Loopback, station.Hub.Witness.Url.Port);
        mute.Start();
        station.Audit("m-1");
        using var asked = await mute.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await station.EndAsync();
        Assert.DoesNotContain(station.Said, said => said.Event == PublishFailed);
    }
}
