using System.CommandLine;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// <c>edgesensors-hub keys rotate ROLE…</c>: new keys in the place of old ones, as a request. The hub's own keys are made here, readable by its user only; offline ones are made encrypted,
/// or come as cards from where they were made.
/// </summary>
internal static class KeysRotateCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("ROLE") { Arity = ArgumentArity.OneOrMore, Description = "root, targets, snapshot, timestamp, control, blocklists, mitigations-ISSUER, authorizations-OPERATOR, log, or tls (which needs no signature of the updates, and no --out)." };
        var replace = new Option<string[]>("--replace") { Description = "The id of the key that goes, or how it begins (default: the only one).", HelpName = "KEYID" };
        var all = new Option<bool>("--all") { Description = "Every key of the role goes." };
        var cards = new Option<string[]>("--key") { Description = "The card of a new key that was made elsewhere (keys new); without one, new keys are made in the offline folder.", HelpName = "FILE" };
        var output = new RequestOutput(isFileRequired: false);
        var access = new OfflineAccess();
        var command = new Command("rotate", "Put new keys in the place of old ones, which then count no more.")
        {
            names, replace, all, cards, output.Directory, output.File, output.Reason, access.Folder, access.PassphraseFile,
        };
        command.SetAction(parsed =>
        {
            var roles = parsed.GetRequiredValue(names).Distinct(StringComparer.Ordinal).ToList();
            var directory = Path.GetFullPath(parsed.GetRequiredValue(output.Directory));
            var folder = new HubFolder(directory, access.FolderOf(parsed, directory));
            if (roles is ["tls"])
            {
                return TlsRotation.Rotate(parsed, folder, access);
            }

            if (parsed.GetValue(output.File) is null)
            {
                throw new CommandException("usage", "Say with --out where the request goes.", ExitCode.Usage);
            }

            var repository = folder.OpenRepository(TimeProvider.System);
            var statuses = roles.Where(name => name != "log").Select(name => RoleOf(repository, name)).ToList();
            var leaving = statuses.ConvertAll(role => Leaving(role, parsed.GetValue(replace) ?? [], parsed.GetValue(all)));
            var given = parsed.GetValue(cards) ?? [];
            if (given.Length > 0 && (roles.Count > 1 || RepositoryRoles.IsOnline(roles[0])))
            {
                throw new CommandException("usage", "--key gives new keys of one offline role; rotate the others by themselves.", ExitCode.Usage);
            }

            // Together they are one change: one root, one request, one signing.
            var change = new RepositoryChange();
            var log = roles.Contains("log") ? LogRotation.Begin(parsed, folder, repository, access, change) : null;
            foreach (var (role, gone) in statuses.Zip(leaving))
            {
                List<TufKey> coming = given.Length > 0 ? [.. given.Select(file => KeysNewCommand.ReadCard(file).Key)]
                    : RepositoryRoles.IsOnline(role.Role) ? [MakeOnline(folder, role.Role)]
                    : MakeOffline(parsed, folder, role.Role, gone.Count, access);
                List<TufKey> keys = [.. role.Keys.Where(key => !gone.Contains(key)), .. coming];
                Change(change, role, keys, Math.Min(role.Threshold, keys.Count));
            }

            var code = output.Write(parsed, repository, change);
            log?.Invoke();
            return code;
        });
        return command;
    }

    public static RoleStatus RoleOf(TufRepository repository, string name) =>
        !repository.ReadRoles().TryGet(out var roles, out var error) ? throw new CommandException("repository", $"{error}.")
        : roles.FirstOrDefault(role => role.Role == name) ?? throw new CommandException("usage", $"There is no role {name}; see keys list.", ExitCode.Usage);

    /// <summary>Other keys, or another threshold, for a role that is there.</summary>
    public static RepositoryChange Change(RepositoryChange change, RoleStatus role, IReadOnlyList<TufKey> keys, int threshold)
    {
        try
        {
            return role.Role is TopLevelRole.Root or TopLevelRole.Targets or TopLevelRole.Snapshot or TopLevelRole.Timestamp
                ? change.ReplaceKeys(role.Role, keys, threshold)
                : change.Delegate(new RoleDelegation
                {
                    Delegator = role.Delegator, Role = role.Role, Paths = role.Paths, Keys = keys, Threshold = threshold, Terminating = role.Terminating,
                });
        }
        catch (ArgumentException)
        {
            throw new CommandException("usage", $"{role.Role} has {keys.Count} keys; of these, 1 to {keys.Count} can be asked to sign.", ExitCode.Usage);
        }
    }

    private static List<TufKey> Leaving(RoleStatus role, string[] replace, bool all)
    {
        if (all || (replace.Length == 0 && role.Keys.Count == 1))
        {
            return [.. role.Keys];
        }

        var leaving = replace.Select(begin => role.Keys.Where(key => key.Id.StartsWith(begin, StringComparison.Ordinal)).ToList() is [var one]
            ? one
            : throw new CommandException("usage", $"'{begin}' names no key of {role.Role}, or several; see keys list.", ExitCode.Usage)).Distinct().ToList();
        return leaving.Count > 0
            ? leaving
            : throw new CommandException("usage", $"{role.Role} has {role.Keys.Count} keys; say which goes with --replace, or --all: {string.Join(", ", role.Keys.Select(key => key.Id))}.", ExitCode.Usage);
    }

    private static TufKey MakeOnline(HubFolder folder, string role)
    {
        using var key = SigningKey.Create();
        Console.Out.WriteLine($"made {OnlineKeys.Save(folder.Online, role, key)}");
        return key.PublicKey;
    }

    private static List<TufKey> MakeOffline(ParseResult parsed, HubFolder folder, string role, int count, OfflineAccess access)
    {
        if (!Directory.Exists(folder.Offline))
        {
            throw new CommandException("keys", $"{folder.Offline} is not there; bring the medium of the offline keys, or make keys elsewhere (keys new) and give their cards with --key.");
        }

        var made = new List<TufKey>();
        Passphrase.TryCreate(access.Read(parsed, isNew: true), out var passphrase);
        using (passphrase)
        {
            for (var i = 0; i < count; i++)
            {
                var (file, card) = KeysNewCommand.Make(folder.Offline, role, passphrase!);
                Console.Out.WriteLine($"made {file}");
                made.Add(KeysNewCommand.ReadCard(card).Key);
            }
        }

        return made;
    }
}
