using System.CommandLine;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// <c>edgesensors-hub keys issuer|operator add|remove</c>, <c>keys delegate</c> and <c>keys withdraw</c>: who may speak of which paths, as requests. Whoever is delegated to made the key and
/// keeps it; what it says is signed later, by it.
/// </summary>
internal static class KeysDelegateCommand
{
    public static Command Issuer() => Party(
        "issuer", "Who gives grants, under keys of their own: mitigations/ISSUER/*.", name => (RepositoryRoles.Mitigations(name), $"mitigations/{name.Text}/*"));

    public static Command Operator() => Party(
        "operator", "Whose sensors have authorisations: authorizations/OPERATOR/*.", name => (RepositoryRoles.Authorizations(name), $"authorizations/{name.Text}/*"));

    public static Command Delegate()
    {
        var role = new Argument<string>("ROLE") { Description = "The new role's name." };
        var by = new Option<string>("--by") { Description = "The role that delegates; it can hand on no more than it was given.", HelpName = "ROLE", DefaultValueFactory = _ => TopLevelRole.Targets };
        var paths = new Option<string[]>("--path") { Description = "A pattern of target paths; * and ? stand for no slash.", HelpName = "PATTERN", Required = true };
        var keys = KeyOption();
        var threshold = Parsing.Number("--threshold", "How many of the keys must sign.", 1, 1, 64);
        var shared = new Option<bool>("--shared") { Description = "Later delegations may speak of these paths too (not terminating)." };
        var output = new RequestOutput();
        var command = new Command("delegate", "Let a role with keys of its own speak of some paths.")
        {
            role, by, paths, keys, threshold, shared, output.Directory, output.File, output.Reason,
        };
        command.SetAction(parsed => Write(parsed, output, keys, new RoleDelegation
        {
            Delegator = parsed.GetRequiredValue(by),
            Role = parsed.GetRequiredValue(role),
            Paths = parsed.GetRequiredValue(paths),
            Keys = [],
            Threshold = parsed.GetValue(threshold),
            Terminating = !parsed.GetValue(shared),
            AwaitsItsSigner = true,
        }));
        return command;
    }

    public static Command Withdraw()
    {
        var role = new Argument<string>("ROLE") { Description = "The role." };
        var output = new RequestOutput();
        var command = new Command("withdraw", "Take a delegation back: what the role says is not found any more.") { role, output.Directory, output.File, output.Reason };
        command.SetAction(parsed => Withdraw(parsed, output, parsed.GetRequiredValue(role)));
        return command;
    }

    private static Command Party(string word, string description, Func<OperatorId, (string Role, string Path)> roleOf)
    {
        var name = new Argument<OperatorId>("NAME") { Description = "Who.", CustomParser = Parsing.Operator };
        var keys = KeyOption();
        var threshold = Parsing.Number("--threshold", "How many of the keys must sign.", 1, 1, 64);
        var output = new RequestOutput();
        var add = new Command("add", "Let somebody in, under the keys whose cards they gave.") { name, keys, threshold, output.Directory, output.File, output.Reason };
        add.SetAction(parsed =>
        {
            var (role, path) = roleOf(parsed.GetValue(name));
            return Write(parsed, output, keys, new RoleDelegation { Role = role, Paths = [path], Keys = [], Threshold = parsed.GetValue(threshold), AwaitsItsSigner = true });
        });
        var gone = new Argument<OperatorId>("NAME") { Description = "Who.", CustomParser = Parsing.Operator };
        var removal = new RequestOutput();
        var remove = new Command("remove", "Let somebody go: what they signed is not found any more.") { gone, removal.Directory, removal.File, removal.Reason };
        remove.SetAction(parsed => Withdraw(parsed, removal, roleOf(parsed.GetValue(gone)).Role));
        return new Command(word, description) { add, remove };
    }

    private static Option<string[]> KeyOption() => new("--key") { Description = "The card of a key (keys new, on the machine of whoever is to hold it).", HelpName = "FILE", Required = true };

    private static int Write(ParseResult parsed, RequestOutput output, Option<string[]> cards, RoleDelegation delegation)
    {
        var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
        if (repository.ReadRoles().TryGet(out var roles, out _) && roles.Any(role => role.Role == delegation.Role))
        {
            throw new CommandException("exists", $"{delegation.Role} is delegated to already; change its keys with keys rotate.");
        }

        if (delegation.Delegator != TopLevelRole.Targets)
        {
            var delegator = KeysRotateCommand.RoleOf(repository, delegation.Delegator);
            if (delegation.Paths.FirstOrDefault(path => !delegator.Covers(path)) is { } beyond)
            {
                throw new CommandException(
                    "usage", $"'{beyond}' is more than {delegator.Role} was given ({string.Join(", ", delegator.Paths)}), so nobody would follow it; narrow it.", ExitCode.Usage);
            }
        }

        try
        {
            return output.Write(parsed, repository, new RepositoryChange().Delegate(delegation with { Keys = [.. parsed.GetRequiredValue(cards).Select(card => KeysNewCommand.ReadCard(card).Key)] }));
        }
        catch (ArgumentException e)
        {
            throw new CommandException("usage", e.Message.Split(" (Parameter", 2)[0], ExitCode.Usage);
        }
    }

    private static int Withdraw(ParseResult parsed, RequestOutput output, string role)
    {
        var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
        KeysRotateCommand.RoleOf(repository, role);
        return output.Write(parsed, repository, new RepositoryChange().Withdraw(role));
    }
}
