using CsCheck;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Tests.Outbox;

/// <summary>Wall 6 on the sensor's side.</summary>
public sealed class DurableOutboxTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("edgesensors-outbox-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_committed_is_there_after_a_restart_in_its_order_and_epoch()
    {
        ulong epoch;
        using (var outbox = Open())
        {
            epoch = outbox.Epoch;
            outbox.Commit([Entry(Channel.Report, 1), Entry(Channel.Alert, 2)], [7, 7]);
            outbox.Commit([Entry(Channel.Receipt, 3)]);
        }

        using var again = Open();
        Assert.Equal(epoch, again.Epoch);
        Assert.Equal([(1UL, Channel.Report), (2UL, Channel.Alert), (3UL, Channel.Receipt)], again.Read(0, 10).Select(m => (m.Id.Sequence, m.Channel)));
        Assert.Equal([7, 7], again.ReadCheckpoint()!);
    }

    [Fact]
    public void A_sequence_number_is_never_given_twice_even_after_all_was_acknowledged_and_the_agent_restarted()
    {
        using (var outbox = Open())
        {
            outbox.Commit([Entry(Channel.Report, 1), Entry(Channel.Report, 2)]);
            outbox.Acknowledge(new MessageId(outbox.Epoch, 2));
        }

        using var again = Open();
        again.Commit([Entry(Channel.Report, 3)]);
        Assert.Equal(3UL, Assert.Single(again.Read(0, 10)).Id.Sequence);
    }

    [Fact]
    public void An_acknowledgement_of_another_epoch_or_of_what_was_never_sent_drops_nothing_that_is_to_come()
    {
        using var outbox = Open();
        outbox.Commit([Entry(Channel.Report, 1)]);
        outbox.Acknowledge(new MessageId(outbox.Epoch + 1, 1));
        Assert.Single(outbox.Read(0, 10));
        outbox.Acknowledge(new MessageId(outbox.Epoch, ulong.MaxValue));
        Assert.Empty(outbox.Read(0, 10));
        outbox.Commit([Entry(Channel.Report, 2)]);
        Assert.Single(outbox.Read(0, 10));
    }

    [Fact]
    public void A_full_outbox_drops_the_oldest_reports_first_then_alerts_then_receipts_and_counts_each()
    {
        using var outbox = Open(maxOctets: 100 * 132);
        outbox.Commit([Entry(Channel.Receipt, 0, 100), Entry(Channel.Alert, 0, 100)]);
        for (var i = 0; i < 300; i++)
        {
            outbox.Commit([Entry(Channel.Report, (byte)i, 100)]);
        }

        var health = outbox.Health;
        Assert.True(health.Octets <= 100 * 132);
        Assert.Equal(302UL, health.Messages + health.DroppedReports);
        Assert.Equal((0UL, 0UL), (health.DroppedAlerts, health.DroppedReceipts));
        Assert.Equal([Channel.Receipt, Channel.Alert], outbox.Read(0, 2).Select(m => m.Channel));

        for (var i = 0; i < 300; i++)
        {
            outbox.Commit([Entry(Channel.Alert, (byte)i, 100)]);
        }

        health = outbox.Health;
        Assert.Equal(300UL, health.DroppedReports);
        Assert.True(health.DroppedAlerts > 0);
        Assert.Equal(0UL, health.DroppedReceipts);
        Assert.Equal(602UL, health.Messages + health.DroppedReports + health.DroppedAlerts);
    }

    [Fact]
    public void The_count_of_what_was_dropped_survives_a_restart()
    {
        using (var outbox = Open(maxOctets: 1000))
        {
            for (var i = 0; i < 50; i++)
            {
                outbox.Commit([Entry(Channel.Report, (byte)i, 100)]);
            }
        }

        using var again = Open(maxOctets: 1000);
        Assert.Equal(50UL, again.Health.Messages + again.Health.DroppedReports);
    }

    [Fact]
    public void A_second_agent_is_told_that_another_has_the_state_directory_and_gets_it_when_that_has_ended()
    {
        using (Open())
        {
            Assert.False(DurableOutbox.TryOpen(_directory, 1 << 20, out _, out var error));
            Assert.Contains("in use by another agent", error, StringComparison.Ordinal);
        }

        Open().Dispose();
    }

    [Fact]
    public void A_damaged_file_is_a_one_line_error()
    {
        File.WriteAllBytes(Path.Combine(_directory, "outbox.sqlite"), Enumerable.Repeat((byte)0x5a, 8192).ToArray());
        Assert.False(DurableOutbox.TryOpen(_directory, 1 << 20, out _, out var error));
        Assert.Contains("damaged", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Whatever_is_appended_acknowledged_and_reopened_the_outbox_holds_what_a_list_would() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 20]).Array[1, 40].Sample(
            steps =>
            {
                var folder = Directory.CreateTempSubdirectory("edgesensors-outbox-").FullName;
                var outbox = Open(folder, 1 << 30);
                try
                {
                    var model = new List<ulong>();
                    ulong next = 1;
                    foreach (var (what, value) in steps)
                    {
                        switch (what)
                        {
                            case < 6:
                                Assert.Equal(OutboxCommit.Durable, outbox.Commit([.. Enumerable.Range(0, value % 3 + 1).Select(_ => Entry(Channel.Report, 1))]));
                                for (var i = 0; i < value % 3 + 1; i++)
                                {
                                    model.Add(next++);
                                }

                                break;
                            case < 9:
                                outbox.Acknowledge(new MessageId(outbox.Epoch, (ulong)value));
                                model.RemoveAll(s => s <= Math.Min((ulong)value, next - 1));
                                break;
                            default:
                                outbox.Dispose();
                                outbox = Open(folder, 1 << 30);
                                break;
                        }

                        Assert.Equal(model, outbox.Read(0, 1000).Select(m => m.Id.Sequence));
                        Assert.Equal((ulong)model.Count, outbox.Health.Messages);
                    }
                }
                finally
                {
                    outbox.Dispose();
                    Directory.Delete(folder, recursive: true);
                }
            },
            iter: 30,
            threads: 1);

    private DurableOutbox Open(long maxOctets = 1 << 20) => Open(_directory, maxOctets);

    private static DurableOutbox Open(string folder, long maxOctets)
    {
        Assert.True(DurableOutbox.TryOpen(folder, maxOctets, out var outbox, out var error), error);
        return outbox;
    }

    private static OutboxEntry Entry(Channel channel, byte fill, int length = 4) => new(channel, _ => Enumerable.Repeat(fill, length).ToArray());
}
