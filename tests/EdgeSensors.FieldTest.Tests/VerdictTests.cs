using System.Text.Json;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Tests.Reporting;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Tests;

public class VerdictTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void A_run_in_which_all_is_right_passes() => Assert.All(Judge.Blocked(Facts()), e => Assert.True(e.Held, e.Expected));

    [Fact]
    public void One_attack_packet_after_the_block_fails_the_run() =>
        AssertFails(Judge.Blocked(Facts() with { After = new PartFigures { AttackIn = 100, AttackThrough = 1 } }), "none passes after it");

    [Fact]
    public void A_pass_without_attack_packets_proves_nothing() =>
        AssertFails(Judge.Blocked(Facts() with { After = default }), "none passes after it");

    [Fact]
    public void One_lost_packet_of_another_fails_the_run() =>
        AssertFails(Judge.Blocked(Facts() with { All = new PartFigures { OtherIn = 1000, OtherThrough = 999 } }), "all other traffic passed");

    [Fact]
    public void Counts_that_missed_frames_prove_nothing() => AssertFails(Judge.Blocked(Facts() with { Missed = 1 }), "all other traffic passed");

    [Fact]
    public void A_missing_step_fails_the_run()
    {
        var timeline = Timeline(Step.Verified);
        AssertFails(Judge.Blocked(Facts() with { Timeline = timeline }), "every step of the ring was reached");
    }

    [Fact]
    public void A_slow_ring_fails_the_run()
    {
        var timeline = new Timeline();
        foreach (var step in Steps.All)
        {
            timeline.Reach(step, Start + TimeSpan.FromSeconds((int)step), new("", ""));
        }

        AssertFails(Judge.Blocked(Facts() with { Timeline = timeline }), "less than 2 s from the alert to the first drop");
    }

    [Fact]
    public void Nobody_is_to_be_blocked_where_sources_may_be_forged() =>
        AssertFails(Judge.Detected(Facts()), "nobody was blocked, as the sources may be forged");

    [Fact]
    public void The_blocked_and_the_control_visitor_are_counted_apart()
    {
        var (bad, control, other) = (Endpoint.Of("203.0.113.1", 0).Address, Endpoint.Of("192.0.2.200", 0).Address, Endpoint.Of("192.0.2.5", 0).Address);
        var went = new Dictionary<HostAddress, (long, long)> { [bad] = (10, 4), [control] = (5, 5), [other] = (7, 8) };
        var came = new Dictionary<HostAddress, (long, long)> { [bad] = (3, 0), [control] = (5, 5), [other] = (7, 7) };
        var figures = Judge.Count(went, came, new HashSet<HostAddress> { bad }, control);
        Assert.Equal((10L, 3L, 10L, 10L, 15L, 14L), (figures.AttackIn, figures.AttackThrough, figures.ControlIn, figures.ControlThrough, figures.OtherIn, figures.OtherThrough));
    }

    [Fact]
    public void The_result_file_says_what_the_screen_says()
    {
        var place = Directory.CreateTempSubdirectory("edgesensors-verdict-");
        using var folder = RunFolder.Make(Path.Combine(place.FullName, "result.json"));
        var result = Result();
        folder.Write(result, SampleRun.Timing);
        using (var json = JsonDocument.Parse(File.ReadAllText(folder.ResultPath)))
        {
            Assert.True(json.RootElement.GetProperty("passed").GetBoolean());
            Assert.Equal(8, json.RootElement.GetProperty("timeline").GetArrayLength());
            Assert.Equal("first_drop", json.RootElement.GetProperty("timeline")[7].GetProperty("step").GetString());
        }

        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 100;
        new Screen(console).Conclude(result, folder);
        var text = writer.ToString();
        Assert.Contains("PASSED", text, StringComparison.Ordinal);
        Assert.Contains("0.500 s", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", text, StringComparison.Ordinal);
        Assert.Equal(["junit.xml", "logs", "report.html", "result.json", "timing.json"], place.EnumerateFileSystemInfos().Select(f => f.Name).Order());
        place.Delete(recursive: true);
    }

    private static Timeline Timeline(params Step[] without)
    {
        var timeline = new Timeline();
        foreach (var step in Steps.All.Except(without))
        {
            timeline.Reach(step, Start + TimeSpan.FromMilliseconds(100 * (int)step), new($"{step}", $"{step}"));
        }

        return timeline;
    }

    private static RunFacts Facts() => new()
    {
        Logs = "logs",
        Mode = RunMode.Enforced,
        Timeline = Timeline(),
        Blocked = ["203.0.113.1"],
        Alerts = 1,
        Hits = 12,
        Before = new PartFigures { AttackIn = 50, AttackThrough = 40 },
        After = new PartFigures { AttackIn = 100 },
        All = new PartFigures { OtherIn = 1000, OtherThrough = 1000 },
    };

    private static ScenarioResult Result()
    {
        var recorder = new RunRecorder();
        recorder.Began(new RunHead
        {
            Scenario = "ring",
            Title = new("The ring", "環"),
            World = World.Real,
            Seed = 1,
            Speed = 1,
            Start = Start,
            Repeat = new RingOptions().CommandLine,
        });
        foreach (var milestone in Timeline().Milestones)
        {
            recorder.Happened(new((long)(milestone.At - Start).TotalMilliseconds, milestone.Step.Kind(), milestone.Step.Source(), milestone.Detail) { Step = milestone.Step.Key() });
        }

        foreach (var check in Judge.Blocked(Facts()))
        {
            recorder.Checked(check);
        }

        return recorder.Conclude(TimeSpan.FromSeconds(1)) with { Traffic = [new TrafficFigure("attack", "attack_after", 100, 0)] };
    }

    private static void AssertFails(IEnumerable<Check> checks, string name) => Assert.Equal([name], checks.Where(e => !e.Held).Select(e => e.Expected));
}
