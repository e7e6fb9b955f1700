using System.CommandLine;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub listed add|remove|show</c>: the signed list of addresses whose contact sensors report.</summary>
internal static class ListedCommand
{
    public static Command Create() => new("listed", "Addresses whose contact sensors report: add, remove, show.") { Add(), Remove(), Show() };

    private static Command Add()
    {
        var prefix = new Argument<Prefix>("ADDRESS") { Description = "The address or prefix.", CustomParser = Parsing.Prefix };
        var category = new Option<string>("--category") { Description = "Why it is listed, such as c2 or scanner.", HelpName = "WORD", Required = true };
        var directory = DirectoryOption();
        var offline = new OfflineAccess();
        var command = new Command("add", "List an address, or change its category.") { prefix, category, directory, offline.Folder, offline.PassphraseFile, offline.Request, offline.GivenUp };
        command.SetAction(parsed =>
        {
            if (!DocumentId.TryParse(parsed.GetRequiredValue(category), out var word))
            {
                throw new CommandException("usage", "--category takes 1 to 63 of a-z, 0-9 and '-'.", ExitCode.Usage);
            }

            var listed = new ListedPrefix(parsed.GetValue(prefix), word);
            return Change(parsed, directory, offline, entries => [.. entries.Where(entry => entry.Prefix != listed.Prefix).Append(listed).OrderBy(entry => entry.Prefix)]);
        });
        return command;
    }

    private static Command Remove()
    {
        var prefix = new Argument<Prefix>("ADDRESS") { Description = "The address or prefix, as it is listed.", CustomParser = Parsing.Prefix };
        var directory = DirectoryOption();
        var offline = new OfflineAccess();
        var command = new Command("remove", "Take an address off the list; one that is not on it is no error.") { prefix, directory, offline.Folder, offline.PassphraseFile, offline.Request, offline.GivenUp };
        command.SetAction(parsed =>
        {
            var gone = parsed.GetValue(prefix);
            return Change(parsed, directory, offline, entries => [.. entries.Where(entry => entry.Prefix != gone)]);
        });
        return command;
    }

    private static Command Show()
    {
        var directory = DirectoryOption();
        var command = new Command("show", "Print the list: prefix and category, one pair a line.") { directory };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            foreach (var (prefix, category) in Read(new HubFolder(path, path).OpenRepository(TimeProvider.System)).Entries)
            {
                Console.Out.WriteLine($"{prefix} {category}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static int Change(ParseResult parsed, Option<string> directory, OfflineAccess offline, Func<IReadOnlyList<ListedPrefix>, IReadOnlyList<ListedPrefix>> change)
    {
        var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
        var folder = new HubFolder(path, offline.FolderOf(parsed, path));
        var repository = folder.OpenRepository(TimeProvider.System);
        var current = Read(repository);
        var next = change(current.Entries);
        if (!next.SequenceEqual(current.Entries))
        {
            var list = new AddressList { Version = current.Version + 1, Entries = next };
            offline.Publish(parsed, folder, repository, new RepositoryChange().Set(list), RepositoryRoles.Blocklists);
        }

        Console.Out.WriteLine($"{next.Count} listed");
        return ExitCode.Ok;
    }

    private static AddressList Read(TufRepository repository)
    {
        if (!repository.ReadTarget(TargetNames.ListedAddresses).TryGet(out var bytes, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        return AddressList.TryParse(bytes, out var list, out var fault) ? list : throw new CommandException("repository", $"{fault}; restore the repository from a copy.");
    }

    private static Option<string> DirectoryOption() => new("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
}
