using System.CommandLine;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys new ROLE</c>: a key pair on the machine of whoever is to sign. Only its public half leaves it.</summary>
internal static class KeysNewCommand
{
    public static Command Create()
    {
        var role = new Argument<string>("ROLE") { Description = "What it is for: root, targets, blocklists, mitigations-ISSUER, authorizations-OPERATOR." };
        var output = new Option<string>("--out") { Description = "The folder of the private key; made where it is not there.", HelpName = "FOLDER", Required = true };
        var root = new Option<string?>("--root") { Description = "The root.json of an enrolment, to be kept beside the key: keys sign holds requests against it.", HelpName = "FILE" };
        var access = new OfflineAccess();
        var command = new Command("new", "Make a key pair here, encrypted, and a card with its public half.") { role, output, root, access.PassphraseFile };
        command.SetAction(parsed =>
        {
            var name = parsed.GetRequiredValue(role);
            if (name.Length is 0 or > 100 || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-') || RepositoryRoles.IsOnline(name))
            {
                throw new CommandException("usage", $"'{name}' is no offline role; keys rotate makes the hub's own keys.", ExitCode.Usage);
            }

            if (parsed.GetValue(root) is { } given)
            {
                LogCommand.ReadPolicy(given);
            }

            var folder = Path.GetFullPath(parsed.GetRequiredValue(output));
            Passphrase.TryCreate(access.Read(parsed, isNew: true), out var passphrase);
            using (passphrase)
            {
                var (file, card) = Make(folder, name, passphrase!);
                if (parsed.GetValue(root) is { } trusted)
                {
                    File.Copy(trusted, Path.Combine(folder, TrustedRoot.FileName), overwrite: true);
                }

                Console.Out.WriteLine($"made {file}: it never leaves this machine");
                Console.Out.WriteLine($"made {card}: give it to the hub");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Makes a key, encrypted, with its card beside it.</summary>
    public static (string File, string Card) Make(string folder, string role, Passphrase passphrase)
    {
        using var key = SigningKey.Create();
        var file = OfflineKeys.Save(folder, role, key, passphrase, KeyProtection.Default);
        var card = Path.ChangeExtension(file, ".pub");
        File.WriteAllBytes(card, new KeyCard(role, key.PublicKey).ToBytes());
        return (file, card);
    }

    public static KeyCard ReadCard(string file) => KeyCard.TryParse(File.ReadAllBytes(file), out var card, out var reason)
        ? card
        : throw new CommandException("card", $"{file} is no card of a public key: {reason}; take the .pub file that keys new wrote.", ExitCode.Usage);
}
