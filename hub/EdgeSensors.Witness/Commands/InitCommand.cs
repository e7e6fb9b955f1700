using System.CommandLine;
using System.Net;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Witness.Commands;

/// <summary><c>edgesensors-witness init DIR</c>: a key, an empty memory, a configuration, and the card that hubs are given.</summary>
internal static class InitCommand
{
    public const string CardFile = "witness.pub";

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The witness's folder; it must not exist, or be empty." };
        var name = new Option<string>("--name") { Description = "The name that it cosigns under: a URL without https://, such as oversight.example/w1.", HelpName = "NAME", Required = true };
        var url = new Option<string?>("--url") { Description = "Where hubs reach it (default: http:// and the address and port that it listens on).", HelpName = "URL" };
        var listen = new Option<string>("--listen") { Description = "The address to listen on.", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
        var port = Parsing.Number("--port", "Where hubs submit checkpoints.", 8550, 1, 65_535);
        var viewPort = Parsing.Number("--view-port", "Where people of this machine read what was logged.", 8551, 1, 65_535);
        var passphrase = new KeyPassphrase();
        var command = new Command("init", "Make a witness: its key, its memory and witness.yaml.") { directory, name, url, listen, port, viewPort, passphrase.File };
        command.SetAction(parsed =>
        {
            var folder = Path.GetFullPath(parsed.GetRequiredValue(directory));
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                throw new CommandException("exists", $"{folder} is not empty; choose another folder, or remove it first.");
            }

            var called = parsed.GetRequiredValue(name);
            if (!NoteKey.IsName(called))
            {
                throw new CommandException("usage", "--name takes 1 to 200 characters without spaces and '+'.", ExitCode.Usage);
            }

            if (!IPAddress.TryParse(parsed.GetValue(listen), out var address))
            {
                throw new CommandException("usage", $"--listen {parsed.GetValue(listen)} is no IP address; give one of this machine, or 0.0.0.0.", ExitCode.Usage);
            }

            if (parsed.GetValue(url) is null && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            {
                throw new CommandException("usage", $"--listen {address} is every address of this machine; say with --url where hubs reach it, such as http://192.0.2.1:{parsed.GetValue(port)}/.", ExitCode.Usage);
            }

            using var signer = NoteSigner.Create(called, NoteKeyKind.Cosignature);
            if (!LogCard.TryParse($"{signer.Key} {parsed.GetValue(url) ?? $"http://{new IPEndPoint(address, parsed.GetValue(port))}"}", out var card))
            {
                throw new CommandException("usage", $"--url {parsed.GetValue(url)} is no http or https URL.", ExitCode.Usage);
            }

            string In(string file) => Path.Combine(folder, file);
            using (var secret = passphrase.Read(parsed, isNew: true))
            {
                PrivateFile.CreateFolder(folder);
                signer.SaveTo(In("key"), "witness", secret, KeyProtection.Default);
            }

            WitnessStore.Create(In("state"));
            Directory.CreateDirectory(In("logs"));
            File.WriteAllText(In(CardFile), card + "\n");
            File.WriteAllText(In("witness.yaml"), WitnessConfiguration.Template(called, address.ToString(), parsed.GetValue(port), parsed.GetValue(viewPort)));
            Console.Out.WriteLine($"made {folder}");
            Console.Out.WriteLine($"next: give {In(CardFile)} to the hub (edgesensors-hub init --witness), which gives the folder overseer back; then edgesensors-witness trust overseer --dir {folder}");
            return ExitCode.Ok;
        });
        return command;
    }
}
