using EdgeSensors.FieldTest.Gateways;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Tests.Gateways;

/// <summary>Windows of a second, a hundred packets on the link in each.</summary>
public class HonestStatisticsTests
{
    private const int EachSecond = 100;

    private static readonly DateTimeOffset Start = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_not_missing_needs_no_word() => Assert.True(HonestStatistics.Of([Window(0), Window(1)], dropped: 0).Explains(0, Crossed));

    [Fact]
    public void Packets_that_were_not_there_are_never_honest() => Assert.False(HonestStatistics.Of([Window(0), Window(1, isKnown: false)], dropped: 9).Explains(-1, Crossed));

    [Fact]
    public void Nothing_may_be_missing_where_nothing_is_said() => Assert.False(HonestStatistics.Of([Window(0), Window(1), Window(2)], dropped: 0).Explains(1, Crossed));

    [Fact]
    public void A_window_that_does_not_know_its_drops_explains_what_crossed_in_it_and_no_more()
    {
        var said = HonestStatistics.Of([Window(0), Window(1, isKnown: false), Window(2), Window(3), Window(4)], dropped: 0);
        Assert.True(said.Explains(EachSecond, Crossed));
        Assert.False(said.Explains(2 * EachSecond, Crossed)); // said, but not so much: any word was once taken for any loss
    }

    [Fact]
    public void What_a_window_does_not_know_goes_back_to_the_report_before_it()
    {
        var said = HonestStatistics.Of([Window(0), Window(3, isKnown: false), Window(4)], dropped: 0);
        Assert.True(said.Explains(3 * EachSecond, Crossed));
        Assert.False(said.Explains(4 * EachSecond, Crossed));
    }

    [Fact]
    public void A_lost_window_explains_the_time_to_the_end_of_the_window_in_which_its_sensor_measured_again()
    {
        var said = HonestStatistics.Of([Window(0), Window(4, isAfterLoss: true), Window(5), Window(6)], dropped: 0);
        Assert.True(said.Explains(4 * EachSecond, Crossed)); // the window in which it started is seen in part
        Assert.False(said.Explains(5 * EachSecond, Crossed));
        Assert.Equal(0, said.Unsaid);
    }

    [Fact]
    public void Windows_that_never_came_are_explained_by_as_many_messages_that_were_dropped()
    {
        ReportMessage[] reports = [Window(0), Window(3), Window(4)];
        Assert.True(HonestStatistics.Of(reports, dropped: 2).Explains(2 * EachSecond, Crossed));
        var fewer = HonestStatistics.Of(reports, dropped: 1);
        Assert.Equal(2, fewer.Unsaid);
        Assert.False(HonestStatistics.Of(reports, dropped: 0).Explains(1, Crossed));
    }

    [Fact]
    public void Messages_that_are_dropped_explain_no_hole_twice()
    {
        var said = HonestStatistics.Of([Window(0), Window(3), Window(6)], dropped: 2);
        Assert.Equal(2, said.Unsaid);
        Assert.False(said.Explains(4 * EachSecond, Crossed));
    }

    [Fact]
    public void A_window_comes_still_until_the_next_is_late()
    {
        var slow = new CommittedReport(Start, Window(0, seconds: 10));
        Assert.True(slow.IsComingAt(Start.AddSeconds(12))); // the agent's own window is 10 s
        Assert.False(slow.IsComingAt(Start.AddSeconds(16)));
        Assert.False(new CommittedReport(Start, Window(0)).IsComingAt(Start.AddSeconds(8)));
    }

    private static long Crossed(DateTimeOffset from, DateTimeOffset to)
    {
        var until = to > Start.AddSeconds(60) ? Start.AddSeconds(60) : to;
        return (long)((until - from).TotalSeconds * EachSecond);
    }

    private static ReportMessage Window(int at, bool isKnown = true, bool isAfterLoss = false, int seconds = 1) => new()
    {
        Id = new MessageId(1, (ulong)at + 1),
        WindowStart = new UnixMilliseconds(Start.AddSeconds(at).ToUnixTimeMilliseconds()),
        WindowEnd = new UnixMilliseconds(Start.AddSeconds(at + seconds).ToUnixTimeMilliseconds()),
        Measurement = new MeasurementQuality { DroppedPackets = isKnown ? 0UL : null, PreviousWindowLost = isAfterLoss },
    };
}
