using System.CommandLine;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub log verify|audit|policy</c>: check a proof, read the whole log as an overseer does, change whose word counts.</summary>
internal static class LogCommand
{
    private const int MaxShown = 20;

    public static Command Create() => new("log", "The transparency log: verify a proof, audit it, change its witnesses.") { Verify(), Audit(), Policy() };

    private static Command Verify()
    {
        var file = new Argument<string>("FILE") { Description = "A metadata file, such as 12.timestamp.json." };
        var proof = new Argument<string>("PROOF") { Description = "Its proof, such as 12.timestamp.tlog-proof." };
        var root = RootOption();
        var command = new Command("verify", "Check that a metadata file was logged and witnessed, without the network.") { file, proof, root };
        command.SetAction(parsed =>
        {
            var policy = ReadPolicy(parsed.GetRequiredValue(root));
            var entry = LogEntry.OfMetadata(File.ReadAllBytes(parsed.GetRequiredValue(file)));
            if (!LogProof.TryParse(File.ReadAllBytes(parsed.GetRequiredValue(proof)), out var read, out var error) || !policy.TryVerify(entry, read, out var witnessed, out error))
            {
                throw new CommandException("proof", $"{parsed.GetRequiredValue(proof)}: {error}.");
            }

            Console.Out.WriteLine($"entry {read.Index} of {read.Checkpoint.Origin}, seen by {string.Join(", ", witnessed.Witnesses)} at {witnessed.Time:yyyy-MM-dd HH:mm:ss'Z'}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Audit()
    {
        var overseer = new Option<string>("--overseer") { Description = "The folder that init or overseer add wrote.", HelpName = "FOLDER", Required = true };
        var root = RootOption();
        var command = new Command("audit", "Read every entry and preimage of the log, and say what is missing or does not fit.") { overseer, root };
        command.SetAction((parsed, cancel) => AuditAsync(parsed.GetRequiredValue(overseer), ReadPolicy(parsed.GetRequiredValue(root)), cancel));
        return command;
    }

    private static Command Policy()
    {
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var witnesses = new Option<string[]>("--witness") { Description = "The card of a witness (witness.pub); all that shall count from now on.", HelpName = "FILE", Required = true };
        var quorum = Parsing.Number("--quorum", "How many of them must have seen an update (default: more than half).", 0, 1, WitnessPolicy.MaxKeys);
        var offline = new OfflineAccess();
        var command = new Command("policy", "Change whose word counts: a new root, which the witnesses of the present one must still see.") { directory, witnesses, quorum, offline.Folder, offline.PassphraseFile, offline.Request, offline.GivenUp };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var repository = folder.OpenRepository(TimeProvider.System);
            var cards = parsed.GetRequiredValue(witnesses).Select(InitCommand.ReadCard).ToList();
            var logs = repository.ReadWitnessPolicies().TryGet(out var policies, out _) ? policies[^1].Logs : [OverseerCommand.ReadCard(folder.In(OverseerCommand.CardFile)).Key];
            var policy = InitCommand.PolicyOf(logs, cards, parsed.GetValue(quorum));
            offline.Publish(parsed, folder, repository, new RepositoryChange().SetWitnessPolicy(policy), "root");
            Console.Out.WriteLine($"{policy.Quorum} of {string.Join(", ", policy.Witnesses.Select(key => key.Name))} from the next root on");
            Console.Out.WriteLine($"next: name their URLs in transparency.witnesses of {folder.Configuration}, beside those of the present ones, and serve anew");
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<int> AuditAsync(string folder, WitnessPolicy policy, CancellationToken cancel)
    {
        var card = OverseerCommand.ReadCard(Path.Combine(folder, OverseerCommand.CardFile));
        using var handler = OverseerCommand.Handler(folder);
        using var transport = new HttpTransport(handler, card.Url, null, HttpPatience.Default, TimeProvider.System);
        var follower = new LogFollower(transport.FetchMetadataAsync);
        var (checkpoint, problem) = await follower.ReadCheckpointAsync(cancel);
        if (checkpoint is null || !policy.TryVerify(checkpoint, out var refused))
        {
            throw new CommandException("log", $"{card.Url}: {problem ?? "its checkpoint does not satisfy the policy of this root: it is not to be believed, unless witnesses or the log's key were changed since; then give a newer root.json with --root"}.");
        }

        var (entries, fault) = await follower.ReadEntriesAsync(checkpoint, cancel);
        if (fault is not null)
        {
            throw new CommandException("log", $"{card.Url}: {fault}.");
        }

        var audit = new LogAudit();
        var alarms = new List<string>();
        foreach (var octets in entries)
        {
            byte[]? preimage = null;
            if (LogEntry.TryParse(octets, out var entry))
            {
                var outcome = await follower.FetchPreimageAsync(entry, cancel);
                if (outcome.Status is FetchStatus.Unreachable or FetchStatus.TooSlow)
                {
                    throw new CommandException("log", $"{card.Url}: {outcome.Message}.");
                }

                preimage = outcome.Status == FetchStatus.Fetched ? outcome.Bytes.ToArray() : null;
                if (preimage is null)
                {
                    alarms.Add($"the preimage of entry {audit.Count} ({LogEntry.Word(entry.Kind)}) is missing: {outcome.Message}");
                }
            }

            alarms.AddRange(audit.Add(octets, preimage));
        }

        Console.Out.WriteLine($"{card.Key.Name}: {checkpoint.Size} entries, all in the cosigned tree; {alarms.Count} alarms");
        alarms.Take(MaxShown).ToList().ForEach(alarm => Console.Out.WriteLine($"ALARM {alarm}"));
        return alarms.Count == 0 ? ExitCode.Ok : throw new CommandException("alarm", $"The log is not as it must be: {alarms[0]}; ask who runs it.");
    }

    public static WitnessPolicy ReadPolicy(string root) => WitnessPolicy.TryReadRoot(File.ReadAllBytes(root), out var policy, out var reason)
        ? policy
        : throw new CommandException("root", $"{root} cannot be used: {reason}; give the root.json of an enrolment.", ExitCode.Usage);

    private static Option<string> RootOption() =>
        new("--root") { Description = "The root.json of an enrolment, or a newer one: it says whose word counts.", HelpName = "FILE", Required = true };
}
