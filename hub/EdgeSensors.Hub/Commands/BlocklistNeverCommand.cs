using System.CommandLine;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub blocklist never add|remove|show</c>: what no list may name.</summary>
internal static class BlocklistNeverCommand
{
    public static Command Create() => new("never", "What no list may name, whoever lists it.") { Add(), Remove(), Show() };

    private static Command Add()
    {
        var prefix = new Argument<Prefix>("PREFIX") { Description = "An address or prefix; what overlaps it is left out.", CustomParser = Parsing.Prefix };
        var reason = new Option<string>("--reason") { Description = "Why.", HelpName = "TEXT", Required = true };
        var directory = BlocklistCommand.DirectoryOption();
        var command = new Command("add", "Put a prefix on the never-list; the next publication leaves it out.") { prefix, reason, directory };
        command.SetAction(parsed =>
        {
            using var store = BlocklistCommand.OpenStore(BlocklistCommand.FolderOf(parsed, directory));
            store.AddNever(parsed.GetValue(prefix), parsed.GetRequiredValue(reason).ReplaceLineEndings(" "));
            Console.Out.WriteLine($"{parsed.GetValue(prefix)} is never listed; what is published names it until the next blocklist publish");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove()
    {
        var prefix = new Argument<Prefix>("PREFIX") { Description = "As it was added.", CustomParser = Parsing.Prefix };
        var directory = BlocklistCommand.DirectoryOption();
        var command = new Command("remove", "Take a prefix off the never-list.") { prefix, directory };
        command.SetAction(parsed =>
        {
            using var store = BlocklistCommand.OpenStore(BlocklistCommand.FolderOf(parsed, directory));
            return store.RemoveNever(parsed.GetValue(prefix))
                ? ExitCode.Ok
                : throw new CommandException("input", $"{parsed.GetValue(prefix)} was not put there by a person; see blocklist never show.");
        });
        return command;
    }

    private static Command Show()
    {
        var directory = BlocklistCommand.DirectoryOption();
        var command = new Command("show", "Print the never-list. Sensors' own networks and what grants leave out belong to it as well.") { directory };
        command.SetAction(parsed =>
        {
            using var store = BlocklistCommand.OpenStore(BlocklistCommand.FolderOf(parsed, directory));
            foreach (var (prefix, reason) in store.Never()
                .Concat(NeverList.CriticalServices.Select(service => (service, "critical service"))).Concat(NeverList.SpecialPurpose.Select(special => (special, "special purpose (RFC 6890)"))))
            {
                Console.Out.WriteLine($"{prefix} {reason}");
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
