using System.CommandLine;
using System.Text;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Witness.Commands;

/// <summary><c>edgesensors-witness trust</c>: from now on a log's checkpoints are cosigned, from its first entry.</summary>
internal static class TrustCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("LOG") { Description = "A log's card (log.pub), or the folder that edgesensors-hub overseer add wrote: with it, entries and preimages are read too." };
        var directory = new Option<string>("--dir") { Description = "The witness's folder.", HelpName = "DIR", Required = true };
        var command = new Command("trust", "Cosign the checkpoints of a log.") { source, directory };
        command.SetAction(parsed =>
        {
            var from = Path.GetFullPath(parsed.GetRequiredValue(source));
            var configuration = WitnessConfiguration.Load(Path.Combine(parsed.GetRequiredValue(directory), "witness.yaml"));
            string[] access = Directory.Exists(from) ? [TrustedLog.CertificateFile, TrustedLog.KeyFile, TrustedLog.AuthorityFile] : [];
            var cardFile = Directory.Exists(from) ? Path.Combine(from, TrustedLog.CardFile) : from;
            if (access.Select(file => Path.Combine(from, file)).Prepend(cardFile).FirstOrDefault(file => !File.Exists(file)) is { } missing)
            {
                throw new CommandException("card", $"{missing} is not there; give the folder that edgesensors-hub init (DIR/overseer) or overseer add wrote, or a log's card (log.pub).");
            }

            var card = TrustedLog.ReadCard(cardFile);
            var folder = Path.Combine(configuration.Logs, TrustedLog.FolderOf(card.Key.Name));
            if (TrustedLog.IsWhole(folder) && TrustedLog.ReadCard(Path.Combine(folder, TrustedLog.CardFile)).Key is var known && !known.Equals(card.Key))
            {
                throw new CommandException("exists", $"A log {card.Key.Name} with another key is trusted already; two logs cannot share a name.");
            }

            PrivateFile.CreateFolder(folder);
            foreach (var file in access)
            {
                // Keeps the rights of the original: the key is its owner's.
                File.Copy(Path.Combine(from, file), Path.Combine(folder, file), overwrite: true);
            }

            using (var store = WitnessStore.Open(configuration.State))
            {
                store.Follow(card.Key.Name);
            }

            // The card comes last, and whole: without it the log is not trusted, and one that cannot be read keeps the witness from starting.
            WholeFile.Write(Path.Combine(folder, TrustedLog.CardFile), Encoding.UTF8.GetBytes(card + "\n"));
            Console.Out.WriteLine($"trusts {card.Key}; a witness that serves already must be started anew");
            return ExitCode.Ok;
        });
        return command;
    }
}
