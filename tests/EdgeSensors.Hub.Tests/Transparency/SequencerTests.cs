using EdgeSensors.Hub.Tests.Sign;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Tests.Transparency;

/// <summary>Every decision is logged once, whatever fails in between.</summary>
public sealed class SequencerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Decisions_that_could_not_be_logged_are_logged_once_and_in_their_order_when_they_can_be()
    {
        await using var station = await PublisherStation.MakeAsync();
        station.Audit("m-1");
        Assert.True(await station.Sequencer.RunAsync(Token), station.Sequencer.Behind);
        var size = station.Log.Size;

        PublisherStation.Damage(station.LogFile, "CREATE TRIGGER refuse BEFORE INSERT ON source WHEN new.name LIKE '%3' BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        station.Audit("m-2", "m-3");
        await Assert.ThrowsAsync<SqliteException>(() => station.Sequencer.RunAsync(Token));
        station.Audit("m-4");
        await Assert.ThrowsAsync<SqliteException>(() => station.Sequencer.RunAsync(Token));
        Assert.Equal(size, station.Log.Size); // all of a batch or nothing

        PublisherStation.Damage(station.LogFile, "DROP TRIGGER refuse");
        Assert.True(await station.Sequencer.RunAsync(Token), station.Sequencer.Behind);
        Assert.True(await station.Sequencer.RunAsync(Token), station.Sequencer.Behind);
        Assert.Equal(["audit/1", "audit/2", "audit/3", "audit/4"], station.LoggedAudit().Select(entry => entry.Split('\n')[0]));
        Assert.Equal(size + 3, station.Log.Size);
    }
}
