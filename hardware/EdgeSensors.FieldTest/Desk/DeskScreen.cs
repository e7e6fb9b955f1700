using System.Globalization;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Reporting.Live;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>The front of the tap on the desk: a picture with its LED and keys for its button, lid and cable; plain lines and letters where there is no terminal.</summary>
internal sealed class DeskScreen(DeskTap tap, DeskOptions options, IAnsiConsole console)
{
    private const int Remembered = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(60); // the shortest flash is 125 ms

    private readonly List<DeskNote> _notes = [];

    /// <summary>Shows it until it has ended.</summary>
    /// <param name="running">The tap's own thread.</param>
    public void Show(Task running)
    {
        if (!Console.IsInputRedirected && LivePicture.IsThere(console))
        {
            LivePicture.Keep(console, Draw, () => IsOver(running));
            return;
        }

        new Thread(TakeLetters) { IsBackground = true, Name = "keys" }.Start();
        do
        {
            while (tap.TryTakeNote(out var note))
            {
                console.Profile.Out.Writer.WriteLine(Line(note));
            }
        }
        while (!Ended(running));
    }

    /// <summary>The picture.</summary>
    internal IRenderable Draw(int width, int height)
    {
        while (tap.TryTakeNote(out var note))
        {
            _notes.Add(note);
            if (_notes.Count > Remembered)
            {
                _notes.RemoveAt(0);
            }
        }

        var lines = new List<IRenderable>(Front(tap.View, options, width));
        var room = Math.Max(1, height - lines.Count - 3);
        lines.AddRange(_notes.TakeLast(room).Select(n => new Text(Fitting.To(Line(n), width - 1))));
        lines.Add(Text.Empty);
        lines.Add(new Markup($"[grey]{Markup.Escape(Fitting.To(DeskKeys.Help, width - 1))}[/]"));
        return new Rows(lines);
    }

    private static IEnumerable<IRenderable> Front(DeskView view, DeskOptions options, int width)
    {
        yield return new Markup($"[bold]tap on the desk[/]  {Shown(view.Name.Length > 0 ? view.Name : "not enrolled", 50)}");
        yield return Text.Empty;
        yield return Row("LED", $"{(view.LedIsOn ? "[yellow]●[/]" : "[grey]○[/]")} {Shown(DeskWords.Of(view.Condition), width - 14)}");
        yield return Row("button", view.Held is { } held ? string.Create(CultureInfo.InvariantCulture, $"[yellow]held[/], {Math.Max(0, held.TotalSeconds):0} s more; any press lets go") : "up");
        yield return Row("lid", view.LidIsClosed ? "closed" : "[red]open[/]");
        yield return Row("port", $"{Shown(options.Wire, 16)}, cable {(view.CableIsIn ? "in" : "[red]out[/]")}, link {(view.LinkIsUp ? "[green]up[/]" : "down")}{(view.WireTrouble is { } trouble ? $", [red]{Shown(trouble, width - 45)}[/]" : "")}");
        yield return Row("chip", string.Create(CultureInfo.InvariantCulture, $"{view.Chip.Kept:N0} frames kept, {view.Chip.Dropped:N0} dropped"));
        if (view.Wire is not (0, 0, 0))
        {
            yield return Row("mirror", string.Create(CultureInfo.InvariantCulture, $"{view.Wire.TooLong:N0} too long for a wire (GRO?), {view.Wire.Crowded:N0} without room, {view.Wire.Missed:N0} missed"));
        }

        yield return Row("measured", string.Create(CultureInfo.InvariantCulture, $"{view.Frames:N0} frames, headers only"));
        yield return Row("hub", $"{Shown(view.Hub, 40)} {(view.IsConnected ? "[green]connected[/]" : "[red]away[/]")}");
        yield return Row("outbox", string.Create(CultureInfo.InvariantCulture, $"{view.Outbox.Waiting:N0} wait, {view.Outbox.Acknowledged:N0} acknowledged"));
        yield return Row("in force", $"{Shown(view.Authorization, 40)}, update {view.TimestampVersion.ToString(CultureInfo.InvariantCulture)}, {(view.List > 0 ? $"blocklist {view.List.ToString(CultureInfo.InvariantCulture)}" : "no blocklist")}");
        yield return Row("flash", string.Create(CultureInfo.InvariantCulture, $"{view.Flash.Programs:N0} pages programmed, {view.Flash.Erases:N0} sectors erased; {(options.State is null ? "forgotten at the end" : "kept")}"));
        yield return Text.Empty;
    }

    private static Markup Row(string name, string markup) => new($"[grey]{name,-10}[/]{markup}");

    private static string Shown(string text, int width) => Markup.Escape(Fitting.To(text, width));

    private static string Line(DeskNote note) => SafeText.Clean(string.Create(CultureInfo.InvariantCulture, $"{note.At.UtcDateTime:HH:mm:ss} {note.Words}"));

    private bool IsOver(Task running)
    {
        while (Console.KeyAvailable)
        {
            Press(Console.ReadKey(intercept: true).KeyChar);
        }

        return Ended(running);
    }

    // Waits without throwing what the tap threw: whoever started it awaits it.
    private static bool Ended(Task running) => ((IAsyncResult)running).AsyncWaitHandle.WaitOne(Interval);

    private void TakeLetters()
    {
        for (int letter; (letter = Console.In.Read()) >= 0;)
        {
            Press((char)letter);
        }
    }

    private void Press(char letter)
    {
        if (DeskKeys.Of(letter) is { } key)
        {
            tap.Press(key);
        }
    }
}
