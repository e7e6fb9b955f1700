using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Reporting.Live;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeSensors.FieldTest.Tests.Reporting;

public class RunViewTests
{
    private const string Hostile = " \u001b[2J\u009b1m[red]\u202e\r\n日本語のとても長い説明文が続いて続いて続いて続いて続いて続いて続いて続いて続く";

    [Fact]
    public void Redirected_output_is_plain_lines_without_control_codes()
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Out = new Pipe(writer) });
        using (var view = RunViews.Open(console, TimeProvider.System))
        {
            Play(view, taps: 3, Hostile);
        }

        var text = writer.ToString();
        Assert.DoesNotContain(text, c => c != '\n' && char.IsControl(c));
        Assert.Contains("00:00:20 fault    hub: the hub is away", text, StringComparison.Ordinal);
        Assert.Contains("FAILED   back: expected: all are back within 60 s; seen: tap-002 after 94 s; look at: hub.log", text, StringComparison.Ordinal);
        Assert.Contains("00:01:00          100 % done", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_stays_readable_whatever_happens()
    {
        using var writer = new StringWriter();
        using var view = new PlainView(writer);
        for (var i = 0; i < 100_000; i++)
        {
            view.Happened(new(i, HappeningKind.Fault, "tap", "power is cut"));
        }

        Assert.InRange(writer.ToString().Split('\n').Length, 500, 510);
    }

    [Fact]
    public void What_happens_to_many_taps_at_one_moment_is_said_once()
    {
        using var writer = new StringWriter();
        var (view, state) = (new PlainView(writer), new RunState());
        var all = Enumerable.Range(1, 200).Select(i => new Happening(90_000, HappeningKind.Fault, $"tap-{i:000}", "the hub is away")).Append(new(90_000, HappeningKind.Fault, "tap-001", "its lid is open")).ToList();
        foreach (var happening in all)
        {
            view.Happened(happening);
            state.Take(happening);
        }

        view.Dispose();
        Assert.Equal("00:01:30 fault    tap-001 and 199 more: the hub is away\n00:01:30 fault    tap-001: its lid is open\n", writer.ToString());
        Assert.Equal(["tap-001 and 199 more", "tap-001"], state.Happenings.Select(h => h.Source));
        Assert.Equal(201, state.Faults);
        Assert.Equal(state.Happenings, Happening.Gather(all));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    [InlineData(1_000)]
    public void A_picture_fits_a_terminal_of_80_columns_and_24_lines(int taps)
    {
        var lines = Picture(taps, 80, 24);
        Assert.InRange(lines.Count, 10, 24);
        Assert.All(lines, l => Assert.InRange(new Segment(l).CellCount(), 0, 80));
        Assert.DoesNotContain(string.Concat(lines), char.IsControl);
    }

    [Fact]
    public void A_picture_shows_clock_units_faults_alerts_and_checks()
    {
        var text = string.Join('\n', Picture(3, 100, 40));
        foreach (var words in (string[])["00:01:00 of 00:01:00", "tap-002", "◐ offline", "traffic", "frames/s", "alert", "the hub is away", "(until 00:00:40)", "✗ 1 failed", "expected all are back within 60 s; seen tap-002 after 94 s", "real 00:00:02, 30×"])
        {
            Assert.Contains(words, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_sparkline_of_a_long_run_shows_its_peak_and_stays_short()
    {
        var line = new Sparkline();
        for (var at = 0L; at < 86_400_000; at += 1_000)
        {
            line.Add(at, at == 43_200_000 ? 100 : 10);
        }

        var drawn = line.Draw(60);
        Assert.InRange(drawn.Length, 40, 60);
        Assert.InRange(drawn.IndexOf('█', StringComparison.Ordinal), (drawn.Length / 2) - 2, (drawn.Length / 2) + 2);
        Assert.Equal(1, drawn.Count(c => c == '█'));
    }

    private static List<string> Picture(int taps, int width, int height)
    {
        var state = new RunState();
        Play(new Taking(state), taps, Hostile);
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        (console.Profile.Width, console.Profile.Height) = (width, height);
        console.Write(LiveFrame.Draw(state, TimeSpan.FromSeconds(2), width, height));
        return [.. writer.ToString().TrimEnd('\n').Split('\n')];
    }

    private static void Play(IRunWatch watch, int taps, string words)
    {
        var units = Enumerable.Range(1, taps).Select(i => $"tap-{i:000}").ToList();
        watch.Began(SampleRun.Make(1, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), words: words).Run with { Units = units });
        for (var at = 0L; at <= 60_000; at += 5_000)
        {
            foreach (var unit in units)
            {
                watch.Sampled(new(at, unit, UnitState.Offline, SeriesKind.All.ToDictionary(k => k.Key, _ => (double)at)));
            }

            if (at == 20_000)
            {
                watch.Happened(new(at, HappeningKind.Fault, "hub", "the hub is away") { UntilMs = 40_000 });
            }

            watch.Happened(new(at, HappeningKind.Alert, "tap-001", "a scan" + words));
        }

        watch.Checked(new("on line", "all connect" + words, "3 of 3", true, "hub.log"));
        watch.Checked(new("back", "all are back within 60 s", "tap-002 after 94 s", false, "hub.log" + words));
    }

    private sealed class Taking(RunState state) : IRunWatch
    {
        public void Began(RunHead run) => state.Begin(run);

        public void Sampled(Sample sample) => state.Take(sample);

        public void Happened(Happening happening) => state.Take(happening);

        public void Checked(Check check) => state.Take(check);
    }

    private sealed class Pipe(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => false;

        public int Width => 80;

        public int Height => 24;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // A pipe has none of its own.
        }
    }
}
