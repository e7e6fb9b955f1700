using EdgeSensors.EdgeAgent.Export;

namespace EdgeSensors.EdgeAgent.Tests.Meter;

public class ProgressTests
{
    [Fact]
    public void Progress_is_one_line_that_is_rewritten_twice_a_second_and_wiped_at_the_end()
    {
        var terminal = new StringWriter();
        var clock = new StoppedClock();
        var progress = new Progress(terminal, clock);
        progress.Show(1, 2, 3, 4);
        Assert.Empty(terminal.ToString());
        clock.Ticks += TimeSpan.FromSeconds(1).Ticks;
        progress.Show(25_000_000, 100_000_000, 2_000, 7);
        progress.Show(26_000_000, 100_000_000, 2_100, 7);
        Assert.Equal("\r25 % of 100 MB, 2,000 packets (2,000/s), 7 flows open", terminal.ToString());
        clock.Ticks += TimeSpan.FromSeconds(1).Ticks;
        progress.Show(5_000_000, null, 4_000, 0);
        Assert.EndsWith("\r5 MB, 4,000 packets (2,000/s), 0 flows open" + new string(' ', 10), terminal.ToString(), StringComparison.Ordinal);
        progress.Clear();
        Assert.EndsWith("\r", terminal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', terminal.ToString());
    }

    [Fact]
    public void Nothing_is_shown_where_there_is_no_terminal()
    {
        var progress = new Progress(null, new StoppedClock { Ticks = long.MaxValue / 2 });
        progress.Show(1, 2, 3, 4);
        progress.Clear();
    }

    private sealed class StoppedClock : TimeProvider
    {
        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticks;
    }
}
