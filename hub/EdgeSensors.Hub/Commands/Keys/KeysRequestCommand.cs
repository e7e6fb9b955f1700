using System.CommandLine;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys request …</c>: documents, targets and renewals that offline keys sign, as requests.</summary>
internal static class KeysRequestCommand
{
    public static Command Create() => new("request", "Ask for signatures: a grant, an authorisation, any target, its removal, a renewal.") { Grant(), Authorization(), Target(), Remove(), Renew() };

    private static Command Grant() => Document("grant", "issuer", "Publish an issuer's grant, from a JSON or YAML document.", (file, bytes) =>
        Trust.Documents.Grant.TryParse(bytes, out var grant, out var error) ? new RepositoryChange().Set(grant) : throw Wrong(file, error));

    private static Command Authorization() => Document("authorization", "operator", "Publish a sensor's collection authorisation, from a JSON or YAML document.", (file, bytes) =>
        CollectionAuthorization.TryParse(bytes, out var authorization, out var error) ? new RepositoryChange().Set(authorization) : throw Wrong(file, error));

    private static Command Document(string word, string who, string description, Func<string, byte[], RepositoryChange> read)
    {
        var file = new Argument<string>("FILE") { Description = "The document (docs/protocol.md), .json, .yaml or .yml." };
        var output = new RequestOutput();
        var command = new Command(word, description) { file, output.Directory, output.File, output.Reason };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
            var change = read(path, DocumentFile.Read(path));

            // It is the word of whoever it names, not of the targets keys: a name that is wrong would go to those.
            if (repository.Prepare(change, "").TryGet(out var draft, out _) && draft.Roles.Contains(TopLevelRole.Targets))
            {
                throw new CommandException("document", $"{path}: whom it names has no keys here; correct the name, or let him in first: keys {who} add.", ExitCode.Usage);
            }

            return output.Write(parsed, repository, change);
        });
        return command;
    }

    private static Command Target()
    {
        var name = new Argument<string>("NAME") { Description = "The target's name, such as firmware/tap-1.2.bin." };
        var file = new Argument<string>("FILE") { Description = "Its content." };
        var output = new RequestOutput();
        var command = new Command("target", "Publish a file under a name; whoever the name's paths are delegated to signs.") { name, file, output.Directory, output.File, output.Reason };
        command.SetAction(parsed => output.Write(
            parsed, output.FolderOf(parsed).OpenRepository(TimeProvider.System), Named(parsed.GetRequiredValue(name), n => new RepositoryChange().SetTarget(n, File.ReadAllBytes(parsed.GetRequiredValue(file))))));
        return command;
    }

    private static Command Remove()
    {
        var names = new Argument<string[]>("NAME") { Description = "The names of targets, such as mitigations/isp-a/summer.json.", Arity = ArgumentArity.OneOrMore };
        var output = new RequestOutput();
        var command = new Command("remove", "Take targets out: a grant, an authorisation, a list.") { names, output.Directory, output.File, output.Reason };
        command.SetAction(parsed =>
        {
            var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
            if (!repository.ListTargets().TryGet(out var known, out var error))
            {
                throw new CommandException("repository", $"{error}.");
            }

            var change = new RepositoryChange();
            foreach (var name in parsed.GetRequiredValue(names))
            {
                change = known.Contains(name) ? Named(name, change.RemoveTarget) : throw new CommandException("usage", $"There is no target {name}.", ExitCode.Usage);
            }

            return output.Write(parsed, repository, change);
        });
        return command;
    }

    private static Command Renew()
    {
        var roles = new Argument<string[]>("ROLE") { Description = "The roles that are to be signed anew.", Arity = ArgumentArity.OneOrMore };
        var output = new RequestOutput();
        var command = new Command("renew", "Have roles signed anew before they expire, with nothing changed.") { roles, output.Directory, output.File, output.Reason };
        command.SetAction(parsed =>
        {
            var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
            var change = new RepositoryChange();
            foreach (var name in parsed.GetRequiredValue(roles))
            {
                change.Renew(KeysRotateCommand.RoleOf(repository, name).Role);
            }

            return output.Write(parsed, repository, change);
        });
        return command;
    }

    private static RepositoryChange Named(string name, Func<string, RepositoryChange> change)
    {
        try
        {
            return change(name);
        }
        catch (ArgumentException)
        {
            throw new CommandException("usage", $"'{name}' is no plain target path.", ExitCode.Usage);
        }
    }

    private static CommandException Wrong(string file, DocumentError error) => new("document", $"{file}: {error}.", ExitCode.Usage);
}
