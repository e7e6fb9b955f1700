using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>One picture of a run for a terminal of at least 80 columns: clock, progress, units and their state, figures, what happened last, checks so far.</summary>
internal static class LiveFrame
{
    // Units are shown one by one while they are so few, and as a mark each up to the second number; of more only the counts are shown.
    private const int FewUnits = 6;
    private const int MostMarks = 400;

    private static readonly string[] Columns = [SeriesKind.Traffic.Key, SeriesKind.Queue.Key, SeriesKind.Heap.Key, SeriesKind.Drops.Key];

    /// <summary>Draws it.</summary>
    /// <param name="state">What to show.</param>
    /// <param name="took">Since the run began, by the machine's clock.</param>
    /// <param name="width">Of the terminal, columns.</param>
    /// <param name="height">Of the terminal, lines; what does not fit is left out from the happenings.</param>
    public static IRenderable Draw(RunState state, TimeSpan took, int width, int height)
    {
        if (state.Run is not { } run)
        {
            return new Text("");
        }

        var lines = new List<IRenderable>
        {
            Row(new Text(Fitting.To(run.Scenario, 24), Style.Parse("bold")), new Text(Fitting.To(run.Title.En, Math.Max(8, width - Math.Min(24, run.Scenario.Length) - 18))), new Markup($"[grey]seed[/] {run.Seed.ToString(CultureInfo.InvariantCulture)}")),
            Clock(state, run, took, width),
            Text.Empty,
        };
        var checks = Checks(state, width).ToList();
        lines.AddRange(Units(state, width));
        lines.Add(Text.Empty);
        lines.AddRange(SeriesKind.All.Where(k => state.Sum(k.Key) is not null).Select(k => Figure(state, k, width)));
        lines.Add(Text.Empty);
        lines.AddRange(state.Happenings.TakeLast(Math.Clamp(height - lines.Count - FewUnitLines(state) - checks.Count - 1, 1, RunState.Remembered)).Select(h => Happened(h, width)));
        lines.Add(Text.Empty);
        lines.AddRange(checks);
        return new Rows(lines);
    }

    // A table is one of the lines so far, whatever its height.
    private static int FewUnitLines(RunState state) => state.Units.Count <= FewUnits ? state.Units.Count : 0;

    /// <summary>A clock's reading.</summary>
    public static string Clock(long ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000:00}:{ms / 60_000 % 60:00}:{ms / 1_000 % 60:00}");

    private static Markup Clock(RunState state, RunHead run, TimeSpan took, int width)
    {
        var real = Clock((long)took.TotalMilliseconds);
        var pace = took.TotalSeconds >= 1 && run.World == World.Emulated ? string.Create(CultureInfo.InvariantCulture, $", {state.AtMs / took.TotalMilliseconds:0.#}×") : "";
        var right = run.World == World.Emulated ? $"real {real}{pace}" : $"real {real}";
        if (run.Length is not { TotalMilliseconds: > 0 } length)
        {
            return new Markup($"[bold]{Clock(state.AtMs)}[/]   [grey]{right}[/]");
        }

        var part = Math.Clamp(state.AtMs / length.TotalMilliseconds, 0, 1);
        var left = $"{Clock(state.AtMs)} of {Clock((long)length.TotalMilliseconds)}";
        var percent = string.Create(CultureInfo.InvariantCulture, $"{part * 100,3:0} %");
        var bar = Math.Clamp(width - left.Length - right.Length - percent.Length - 7, 4, 60);
        var full = (int)Math.Round(part * bar);
        return new Markup($"[bold]{left}[/]  [green]{new string('━', full)}[/][grey]{new string('╌', bar - full)}[/] {percent}  [grey]{right}[/]");
    }

    private static IEnumerable<IRenderable> Units(RunState state, int width)
    {
        var units = state.Units;
        if (units.Count <= FewUnits)
        {
            var table = new Table().NoBorder().Expand();
            table.AddColumn(new TableColumn(new Markup("[grey]unit[/]")).NoWrap());
            table.AddColumn(new TableColumn(new Markup("[grey]state[/]")).NoWrap());
            foreach (var key in Columns)
            {
                table.AddColumn(new TableColumn(new Markup($"[grey]{Heading(key)}[/]")).RightAligned().NoWrap());
            }

            foreach (var unit in units)
            {
                var latest = state.Latest(unit);
                table.AddRow([new Text(Fitting.To(unit, 20)), Mark(latest?.State ?? UnitState.Off, withWord: true), .. Columns.Select(k => new Text(latest is not null && latest.Figures.TryGetValue(k, out var value) ? Value(k, value) : ""))]);
            }

            yield return table;
            yield break;
        }

        var states = units.Select(u => state.Latest(u)?.State ?? UnitState.Off).ToList();
        var counts = Enum.GetValues<UnitState>().Select(s => (State: s, Count: states.Count(u => u == s))).Where(c => c.Count > 0);
        yield return new Markup($"[grey]units[/] {units.Count:N0}   " + string.Join("   ", counts.Select(c => $"[{Colour(c.State)}]{Sign(c.State)} {c.Count:N0} {Word(c.State)}[/]")));
        for (var at = 0; at < states.Count && states.Count <= MostMarks; at += width - 1)
        {
            yield return new Markup(string.Concat(states.Skip(at).Take(width - 1).Select(s => $"[{Colour(s)}]{Sign(s)}[/]")));
        }
    }

    private static Markup Figure(RunState state, SeriesKind kind, int width)
    {
        var value = Value(kind.Key, state.Sum(kind.Key)!.Value);
        var unit = kind.Unit == "octets" ? "" : kind.Unit;
        return new Markup($"[grey]{Heading(kind.Key),-12}[/]{value,10} {unit,-10}[blue]{state.Course(kind.Key)!.Draw(Math.Clamp(width - 36, 10, 100))}[/]");
    }

    private static Markup Happened(Happening happening, int width)
    {
        var colour = happening.Kind switch { HappeningKind.Alert => "red", HappeningKind.Fault => "yellow", HappeningKind.Rule => "green", HappeningKind.Step => "grey", _ => "default" };
        var until = happening.UntilMs is { } end ? $" (until {Clock(end)})" : "";
        var words = Markup.Escape(Fitting.To($"{happening.Source}: {happening.Words}{until}", width - 19));
        return new Markup($"{Clock(happening.AtMs)} [{colour}]{happening.Kind.ToString().ToLowerInvariant(),-8}[/] {words}");
    }

    private static IEnumerable<IRenderable> Checks(RunState state, int width)
    {
        if (state.LastFailed is { } failed)
        {
            yield return new Markup($"[red]{Markup.Escape(Fitting.To($"{failed.Step}: expected {failed.Expected}; seen {failed.Seen}", width - 1))}[/]");
        }

        yield return new Markup(
            $"[grey]checks[/] [green]✓ {state.Held} held[/]   {(state.Failed > 0 ? $"[bold red]✗ {state.Failed} failed[/]" : "[grey]✗ 0 failed[/]")}   [grey]alerts[/] {state.Alerts:N0}   [grey]faults[/] {state.Faults:N0}");
    }

    private static Grid Row(params IRenderable[] cells)
    {
        var grid = new Grid().Expand();
        foreach (var cell in cells)
        {
            grid.AddColumn(cell == cells[^1] ? new GridColumn().NoWrap().RightAligned().PadRight(0) : new GridColumn().NoWrap());
        }

        return grid.AddRow(cells);
    }

    private static Markup Mark(UnitState state, bool withWord) => new($"[{Colour(state)}]{Sign(state)}{(withWord ? " " + Word(state) : "")}[/]");

    private static string Sign(UnitState state) => state switch { UnitState.Online => "●", UnitState.Offline => "◐", UnitState.Starting => "○", UnitState.Faulty => "✗", _ => "·" };

    private static string Colour(UnitState state) => state switch { UnitState.Online => "green", UnitState.Offline => "yellow", UnitState.Starting => "blue", UnitState.Faulty => "red", _ => "grey" };

    private static string Word(UnitState state) => state switch { UnitState.Online => "on line", UnitState.Offline => "offline", UnitState.Starting => "starting", UnitState.Faulty => "faulty", _ => "off" };

    private static string Heading(string key) => key == SeriesKind.Heap.Key ? "memory" : key;

    private static string Value(string key, double value) => new Html.Scale(0, 0, SeriesKind.Of(key).Unit).Label(value);
}
