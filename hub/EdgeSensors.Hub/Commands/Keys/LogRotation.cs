using System.CommandLine;
using System.Globalization;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// Moves the transparency log to its spare key. The root names the spare beside the log in use, and its private half lies with the offline keys: so sensors believe the next root by the
/// spare's word, though whoever stole the key in use has made the witness believe entries that the hub never logged. The tree and its entries stay; name and key of the log change.
/// </summary>
internal static class LogRotation
{
    private const string Role = "log";

    /// <summary>Adds the move to a change; what is to be done once the request is written.</summary>
    public static Action Begin(ParseResult parsed, HubFolder folder, TufRepository repository, OfflineAccess access, RepositoryChange change)
    {
        if (!repository.ReadWitnessPolicies().TryGet(out var policies, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        var policy = policies[^1];
        var offline = KeyPlace.In(folder.Offline);
        var spare = policy.Logs.FirstOrDefault(log => offline.Any(place => place.KeyId == log.KeyId) && !IsInUse(folder, log));
        Passphrase.TryCreate(access.Read(parsed, isNew: false), out var passphrase);
        using (passphrase)
        {
            // A name that was never used: a witness follows each log from its first entry.
            using var fresh = MakeSpare(NextName(policy), folder.Offline, passphrase!);
            if (spare is null)
            {
                Change(change, policy, [.. policy.Logs.Where(log => IsInUse(folder, log)), fresh.Key]);
                return () => Console.Out.WriteLine("the root named no spare log whose key is in the offline folder, so this makes one: once it is applied, rotate the log again to move to it");
            }

            if (!NoteSigner.TryOpen(folder.Offline, passphrase, spare, out var signer, out var fault))
            {
                throw new CommandException("keys", $"{fault}.");
            }

            using (signer)
            {
                signer.SaveTo(folder.LogKey, Role, null, KeyProtection.Default);
            }

            Change(change, policy, [spare, fresh.Key]);
            return () => Tell(folder, spare);
        }
    }

    /// <summary>Makes a log key that waits, encrypted, with the offline ones.</summary>
    public static NoteSigner MakeSpare(string name, string offline, Passphrase passphrase)
    {
        var spare = NoteSigner.Create(name, NoteKeyKind.Ed25519);
        spare.SaveTo(offline, Role, passphrase, KeyProtection.Default);
        return spare;
    }

    /// <summary>The name of the log that follows one of a name: <c>hub.example/log</c>, <c>hub.example/log-2</c>, and so on.</summary>
    public static string NameAfter(string name)
    {
        var (stem, number) = Split(name);
        return string.Create(CultureInfo.InvariantCulture, $"{stem}-{number + 1}");
    }

    private static string NextName(WitnessPolicy policy) => NameAfter(policy.Logs.Select(log => log.Name).MaxBy(name => Split(name).Number)!);

    private static (string Stem, long Number) Split(string name)
    {
        var dash = name.LastIndexOf('-');
        return dash > 0 && name.Length - dash is > 1 and < 10 && long.TryParse(name.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (name[..dash], number) : (name, 1);
    }

    private static bool IsInUse(HubFolder folder, NoteKey log) => KeyPlace.In(folder.LogKey).Any(place => place.KeyId == log.KeyId);

    private static void Tell(HubFolder folder, NoteKey log)
    {
        var card = new LogCard(log, OverseerCommand.ReadCard(folder.In(OverseerCommand.CardFile)).Url) + "\n";
        foreach (var place in new[] { folder.In(OverseerCommand.CardFile), folder.In($"overseer/{OverseerCommand.CardFile}") }.Where(File.Exists))
        {
            File.WriteAllText(place, card);
        }

        Console.Out.WriteLine($"the log is {log.Name} then: before that, each witness and auditor needs the new {folder.In(OverseerCommand.CardFile)} (edgesensors-witness trust, then serve anew); after it, serve anew here");
    }

    private static void Change(RepositoryChange change, WitnessPolicy policy, IReadOnlyList<NoteKey> logs)
    {
        if (!WitnessPolicy.TryCreate(logs, policy.Witnesses, policy.Quorum, out var next))
        {
            throw new CommandException("log", $"The root can name no more than {WitnessPolicy.MaxKeys} logs.");
        }

        change.SetWitnessPolicy(next);
    }
}
