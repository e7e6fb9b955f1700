using System.CommandLine;
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
            var card = TrustedLog.ReadCard(Directory.Exists(from) ? Path.Combine(from, TrustedLog.CardFile) : from);
            var folder = Path.Combine(configuration.Logs, TrustedLog.FolderOf(card.Key.Name));
            if (Directory.Exists(folder) && TrustedLog.ReadCard(Path.Combine(folder, TrustedLog.CardFile)).Key is var known && !known.Equals(card.Key))
            {
                throw new CommandException("exists", $"A log {card.Key.Name} with another key is trusted already; two logs cannot share a name.");
            }

            PrivateFile.CreateFolder(folder);
            if (Directory.Exists(from))
            {
                foreach (var file in new[] { TrustedLog.CertificateFile, TrustedLog.KeyFile, TrustedLog.AuthorityFile })
                {
                    // Keeps the rights of the original: the key is its owner's.
                    File.Copy(Path.Combine(from, file), Path.Combine(folder, file), overwrite: true);
                }
            }

            using (var store = WitnessStore.Open(configuration.State))
            {
                store.Follow(card.Key.Name);
            }

            File.WriteAllText(Path.Combine(folder, TrustedLog.CardFile), card + "\n");
            Console.Out.WriteLine($"trusts {card.Key}");
            return ExitCode.Ok;
        });
        return command;
    }
}
