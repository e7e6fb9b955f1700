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

    public static int Rotate(ParseResult parsed, HubFolder folder, TufRepository repository, OfflineAccess access, RequestOutput output)
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
                Console.Out.WriteLine("the root names no spare log whose key is in the offline folder; this request makes one: once it is applied, rotate again to move to it");
                return output.Write(parsed, repository, Change(policy, [.. policy.Logs.Where(log => IsInUse(folder, log)), fresh.Key]));
            }

            if (!NoteSigner.TryOpen(folder.Offline, passphrase, spare, out var signer, out var fault))
            {
                throw new CommandException("keys", $"{fault}.");
            }

            using (signer)
            {
                signer.SaveTo(folder.LogKey, Role, null, KeyProtection.Default);
            }

            var code = output.Write(parsed, repository, Change(policy, [spare, fresh.Key]));
            var card = new LogCard(spare, OverseerCommand.ReadCard(folder.In(OverseerCommand.CardFile)).Url) + "\n";
            foreach (var place in new[] { folder.In(OverseerCommand.CardFile), folder.In($"overseer/{OverseerCommand.CardFile}") }.Where(File.Exists))
            {
                File.WriteAllText(place, card);
            }

            Console.Out.WriteLine($"before that, each witness and auditor needs the new {folder.In(OverseerCommand.CardFile)} (edgesensors-witness trust, then serve anew); after it, serve anew here");
            return code;
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

    private static RepositoryChange Change(WitnessPolicy policy, IReadOnlyList<NoteKey> logs) => WitnessPolicy.TryCreate(logs, policy.Witnesses, policy.Quorum, out var next)
        ? new RepositoryChange().SetWitnessPolicy(next)
        : throw new CommandException("log", $"The root can name no more than {WitnessPolicy.MaxKeys} logs.");
}
