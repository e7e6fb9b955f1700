using System.CommandLine;
using System.Text;
using EdgeSensors.Hub.Blocklists.Export;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub blocklist export</c>: the merged list for people and peers.</summary>
internal static class BlocklistExportCommand
{
    public static Command Create()
    {
        var format = Parsing.Word("--format", "How to write it.", "csv", "csv", "stix", "misp", "rpz");
        var output = new Option<string?>("--out") { Description = "A file (default: standard output); of misp a folder.", HelpName = "PATH" };
        var directory = BlocklistCommand.DirectoryOption();
        var minScore = BlocklistCommand.MinScoreOption();
        var command = new Command("export", "Write the merged list as CSV, STIX 2.1, a MISP feed or a DNS response policy zone.") { format, output, directory, minScore };
        command.SetAction(parsed =>
        {
            var folder = BlocklistCommand.FolderOf(parsed, directory);
            using var store = BlocklistCommand.OpenStore(folder);
            var entries = BlocklistCommand.Merged(store, folder.OpenRepository(TimeProvider.System), parsed.GetValue(minScore));
            var now = TimeProvider.System.GetUtcNow();
            var path = parsed.GetValue(output);
            if (parsed.GetValue(format) == "misp")
            {
                MispExport.Write(path ?? throw new CommandException("usage", "--format misp needs --out FOLDER.", ExitCode.Usage), entries, now);
                return ExitCode.Ok;
            }

            using var stream = path is null ? Console.OpenStandardOutput() : File.Create(path);
            using var text = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
            switch (parsed.GetValue(format))
            {
                case "stix":
                    StixExport.Write(stream, entries, now);
                    break;
                case "rpz":
                    RpzExport.Write(text, entries, now);
                    break;
                default:
                    CsvExport.Write(text, entries);
                    break;
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
