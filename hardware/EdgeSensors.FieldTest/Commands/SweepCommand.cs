using System.CommandLine;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Ring;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>sweep</c>: the ring over every capture of a folder, and a table of what became of each.</summary>
internal static class SweepCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "Capture files, or folders of them (default: attacks and benign of ../shared/data/captures).", Arity = ArgumentArity.ZeroOrMore };
        var results = new Option<string>("--results") { Description = "The folder for the results.", HelpName = "FOLDER", DefaultValueFactory = _ => "field-test-results/sweep" };
        var longest = Parsing.Number("--longest-pass", "A capture that lasts longer is replayed faster, so that a pass takes this many seconds.", "SECONDS", 20, 1, 3600);
        var skip = new Option<string[]>("--skip") { Description = "Leave out captures whose path contains this.", HelpName = "TEXT", DefaultValueFactory = _ => [] };
        var command = new Command("sweep", "Play the ring over many captures and print a table.") { folders, results, longest, skip };
        command.SetAction((parsed, stop) => SweepAsync(
            parsed.GetValue(folders) ?? [], parsed.GetRequiredValue(results), TimeSpan.FromSeconds(parsed.GetValue(longest)), parsed.GetValue(skip) ?? [], stop));
        return command;
    }

    private static async Task<int> SweepAsync(string[] named, string results, TimeSpan longest, string[] skip, CancellationToken stop)
    {
        if (named.Length == 0 && ProgramLocator.DataFolder() is { } data)
        {
            named = [Path.Combine(data, "captures", "attacks"), Path.Combine(data, "captures", "benign")];
        }

        var captures = named.SelectMany(n => Directory.Exists(n) ? Directory.EnumerateFiles(n, "*", SearchOption.AllDirectories).Where(IsCapture) : [n])
            .Where(c => !skip.Any(s => c.Contains(s, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (captures.Count == 0)
        {
            await Console.Error.WriteLineAsync("error[sweep]: there is no capture to replay; name files or folders");
            return ExitCode.Failed;
        }

        Console.Out.WriteLine($"| capture | {SweepRow.Heading}");
        Console.Out.WriteLine($"|---|{SweepRow.Rule}");
        foreach (var capture in captures)
        {
            var row = await SweepRow.PlayAsync(capture, Path.Combine(results, Path.GetFileName(capture) + ".json"), longest, stop);
            Console.Out.WriteLine($"| {Path.Combine(Path.GetFileName(Path.GetDirectoryName(capture)!), Path.GetFileName(capture))} | {row}");
        }

        return ExitCode.Ok;
    }

    private static bool IsCapture(string path) => Path.GetExtension(path) is ".pcap" or ".pcapng" or ".cap";
}
