using System.Globalization;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a person watches: the picture, the timeline as it grows, and the verdict. Plain text where the output is no terminal.</summary>
internal sealed class Screen(IAnsiConsole console) : IRunWatch
{
    private const int TitleWidth = 13;
    private const int CheckIndent = 11;

    private DateTimeOffset _start;
    private long? _firstMs;

    /// <summary>A heading and the ring, with the run's own names in it.</summary>
    public void Introduce(string capture, string insideText, RunMode mode, string? modeReason)
    {
        var inside = Fit(insideText, 19);
        console.WriteLine();
        console.MarkupLine("[bold]EdgeSensors field test: the ring, once around[/]");
        console.WriteLine();
        console.MarkupLine("    [red]outside[/]                  [bold]gateway[/]                      [green]inside[/]");
        console.MarkupLine("  ┌──────────┐  packets  ┌───────────────────┐         ┌─────────────────────┐");
        console.MarkupLine($"  │ the      │ ────────► │ edgesensors-agent │ ──────► │ {Shown(inside),-19} │");
        console.MarkupLine("  │ internet │ ◄──────── │ meters and drops  │ ◄────── │ the protected       │");
        console.MarkupLine("  └──────────┘           └──┬─────────────▲──┘         │ network             │");
        console.MarkupLine("                   metadata │             │ signed     └─────────────────────┘");
        console.MarkupLine("                   MQTT/TLS │             │ block, HTTPS");
        console.MarkupLine("                         ┌──▼─────────────┴──┐");
        console.MarkupLine("                         │  edgesensors-hub  │ finds, decides, signs");
        console.MarkupLine("                         └───────────────────┘");
        console.WriteLine();
        Fact("traffic", capture);
        Fact("network", mode switch
        {
            RunMode.Enforced => "real: Linux namespaces and veth links; the agent captures live and the kernel (nftables) drops",
            RunMode.Observed => "real: Linux namespaces and veth links; enforcement is dry, the agent only says what it would drop",
            _ => "none: the agent reads the traffic from a file; enforcement is dry, it only says what it would drop",
        });
        if (modeReason is not null)
        {
            Fact("because", modeReason);
        }
    }

    /// <summary>A named fact on a line of its own.</summary>
    public void Fact(string name, string value)
    {
        const int Indent = 14;
        var lines = Wrap(value, Math.Max(40, console.Profile.Width - Indent - 1));
        console.MarkupLine($"  [grey]{Shown(name),-11}[/] {Shown(lines[0])}");
        Continue(lines, Indent);
    }

    /// <summary>Sets the preparations apart from the heading.</summary>
    public void StartSteps() => console.WriteLine();

    /// <inheritdoc/>
    public void Began(RunHead run)
    {
        _start = run.Start;
        console.WriteLine();
        console.MarkupLine($"  [bold]{"time (UTC)",-13}{"seconds",9}   {"step",-TitleWidth}what happened[/]");
    }

    /// <inheritdoc/>
    public void Sampled(Sample sample)
    {
        // The ring's screen tells steps.
    }

    /// <summary>One step of the timeline, or something worth knowing between two.</summary>
    public void Happened(Happening happening)
    {
        var seconds = "";
        if (happening.Step is not null || _firstMs is not null)
        {
            _firstMs ??= happening.AtMs;
            seconds = ((happening.AtMs - _firstMs.Value) / 1000.0).ToString("+0.000;-0.000", CultureInfo.InvariantCulture);
        }

        var colour = happening.Kind switch { HappeningKind.Alert => "red", HappeningKind.Rule => "green", _ => "default" };
        Line(_start.AddMilliseconds(happening.AtMs), seconds, $"[bold {colour}]{(happening.Step ?? "").Replace('_', ' '),-TitleWidth}[/]", happening.Words);
    }

    /// <inheritdoc/>
    public void Checked(Check check)
    {
        // Told together at the end.
    }

    /// <summary>What is being waited for, before there is a timeline.</summary>
    public void Progress(string text)
    {
        const int Indent = 4;
        var lines = Wrap(text, Math.Max(40, console.Profile.Width - Indent - 1));
        console.MarkupLine($"  [grey]· {Shown(lines[0])}[/]");
        Continue(lines, Indent);
    }

    /// <summary>The findings, the expectations and the verdict.</summary>
    public void Conclude(ScenarioResult result, RunFolder folder)
    {
        console.WriteLine();
        if (result.At(Step.Alert) is { } alert && result.At(Step.FirstDrop) is { } drop)
        {
            console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"  [bold]From the alert to the first dropped packet: {(drop - alert) / 1000.0:0.000} s[/]"));
            console.WriteLine();
        }

        if (result.Traffic.Count > 0)
        {
            console.MarkupLine("  [bold]packets in and through[/]");
            foreach (var figure in result.Traffic)
            {
                console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"    {Shown(figure.Part),-44}{figure.Injected,9:N0} in {figure.Arrived,9:N0} through"));
            }

            console.WriteLine();
        }

        console.MarkupLine("  [bold]expected[/]");
        foreach (var check in result.Checks)
        {
            var mark = check.Held ? "[green]held  [/]" : "[bold red]FAILED[/]";
            var look = check.Held ? "" : $" (look at {check.LookAt})";
            var lines = Wrap($"{check.Step}: {check.Expected}: {check.Seen}{look}", Math.Max(40, console.Profile.Width - CheckIndent - 1));
            console.MarkupLine($"    {mark} {Shown(lines[0])}");
            Continue(lines, CheckIndent);
        }

        console.WriteLine();
        console.MarkupLine(result.Passed
            ? $"  [bold green]PASSED[/]: {result.Checks.Count} of {result.Checks.Count} expectations held."
            : $"  [bold red]FAILED[/]: {result.Checks.Count(c => !c.Held)} of {result.Checks.Count} expectations did not hold.");
        Fact("report", folder.ReportPath);
        Fact("result", $"{folder.ResultPath}, {Path.GetFileName(folder.JUnitPath)} beside it");
        Fact("logs", folder.Logs);
        console.WriteLine();
    }

    // What came over a wire must steer neither the terminal nor the markup.
    private static string Shown(string text) => Markup.Escape(SafeText.Clean(text));

    private static string Fit(string text, int width) => text.Length <= width ? text.PadRight(width) : text[..(width - 1)] + "…";

    private void Line(DateTimeOffset at, string seconds, string title, string detail)
    {
        const int Indent = 2 + 13 + 9 + 3 + TitleWidth;
        var width = Math.Max(40, console.Profile.Width - Indent - 1);
        var lines = Wrap(detail, width);
        console.MarkupLine($"  {at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),-13}{seconds,9}   {title}{Shown(lines[0])}");
        Continue(lines, Indent);
    }

    // Words wrap under themselves, so that the columns stay readable.
    private void Continue(IEnumerable<string> lines, int indent)
    {
        foreach (var line in lines.Skip(1))
        {
            console.MarkupLine(new string(' ', indent) + Shown(line));
        }
    }

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > width)
            {
                lines.Add("");
            }

            lines[^1] += lines[^1].Length > 0 ? " " + word : word;
        }

        return lines;
    }
}
