using System.Text.Json;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>One capture's line in the table of a sweep.</summary>
internal static class SweepRow
{
    /// <summary>The columns after the capture.</summary>
    public const string Heading = "packets | inside | found | blocked | alert to first drop | attack after the block | other traffic |";

    /// <summary>The line under <see cref="Heading"/>.</summary>
    public const string Rule = "---|---|---|---|---|---|---|";

    /// <summary>Plays one capture in a process of its own and reads its result.</summary>
    /// <param name="capture">The file.</param>
    /// <param name="result">Where its result goes.</param>
    /// <param name="longest">How long a pass may take.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<string> PlayAsync(string capture, string result, TimeSpan longest, CancellationToken stop)
    {
        const double Silence = 1;
        if (!Traffic.Trace.TryRead(capture, TimeSpan.FromSeconds(Silence), out var trace, out var unreadable))
        {
            return $"{unreadable[(unreadable.IndexOf(": ", StringComparison.Ordinal) + 2)..]} |";
        }

        var duration = trace.Duration;
        var speed = Math.Max(1, Math.Ceiling(duration / longest * 10) / 10);
        var patience = Math.Max(15, (2 * longest.TotalSeconds) + 5);
        Directory.CreateDirectory(Path.GetDirectoryName(result)!);
        string[] arguments =
        [
            "run", "ring", "--capture", capture, "--result", result, "--max-silence", FormattableString.Invariant($"{Silence}"),
            "--speed", FormattableString.Invariant($"{speed}"), "--patience", FormattableString.Invariant($"{Math.Min(patience, (2 * duration.TotalSeconds / speed) + 12):0}"),
        ];
        using var run = StartedProgram.Start(null, Environment.ProcessPath!, arguments, Path.ChangeExtension(result, ".txt"));
        await run.WaitForEndAsync(TimeSpan.FromMinutes(10), stop).ConfigureAwait(false);
        return File.Exists(result) ? Read(result, speed) : $"{run.LastWords()} |";
    }

    private static string Read(string path, double speed)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var root = document.RootElement;
        var replay = root.GetProperty("replay");
        var alerts = root.GetProperty("alerts").EnumerateArray().Select(a => $"{a.GetProperty("detector").GetString()} {Short(a)}").Distinct().ToList();
        var blocked = root.GetProperty("blocked").EnumerateArray().Select(b => $"{b.GetProperty("address").GetString()} ({b.GetProperty("decided_by").GetString()})").ToList();
        var steps = root.GetProperty("timeline").EnumerateArray().Where(h => h.TryGetProperty("step", out _)).ToDictionary(h => h.GetProperty("step").GetString()!, h => h.GetProperty("at_ms").GetInt64());
        var seconds = steps.TryGetValue("alert", out var alert) && steps.TryGetValue("first_drop", out var drop) ? FormattableString.Invariant($"{(drop - alert) / 1000.0:0.00} s") : "";
        var traffic = root.GetProperty("traffic");
        var fast = speed > 1 ? FormattableString.Invariant($" at {speed:0.#}×") : "";
        return $"{replay.GetProperty("packets").GetInt32()}{fast} | {List(replay.GetProperty("inside").EnumerateArray().Select(i => i.GetString()!), 2)} | {List(alerts, 2)} | {List(blocked, 2)} | {seconds} | "
            + $"{Through(traffic, ["attack_after"])} | {Through(traffic, ["other", "control"])} |";
    }

    private static string Short(JsonElement alert) => alert.GetProperty("indicator").GetString()!.StartsWith('~') ? "of an inside address" : alert.GetProperty("indicator").GetString()!;

    private static string List(IEnumerable<string> items, int most)
    {
        var all = items.ToList();
        return all.Count == 0 ? "nobody" : all.Count <= most ? string.Join(", ", all) : $"{string.Join(", ", all.Take(most))} +{all.Count - most}";
    }

    private static string Through(JsonElement traffic, string[] keys)
    {
        var parts = keys.Where(k => traffic.TryGetProperty(k, out _)).Select(traffic.GetProperty).ToList();
        return parts.Count == 0 ? "" : $"{parts.Sum(p => p.GetProperty("arrived").GetInt64())} of {parts.Sum(p => p.GetProperty("injected").GetInt64())} came through";
    }
}
