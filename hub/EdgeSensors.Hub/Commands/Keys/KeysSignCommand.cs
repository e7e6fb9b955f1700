using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys sign REQUEST --key FILE…</c>: on a machine that has the request, the keys and a root that it trusts, and nothing of the hub.</summary>
internal static class KeysSignCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("REQUEST") { Description = "The request; the signatures are added to it." };
        var keys = new Option<string[]>("--key") { Description = "A key file; once for each key.", HelpName = "FILE", Required = true };
        var yes = Confirmation.YesOption();
        var write = new Option<string?>("--write") { Description = "Write all that is to be signed to a file for reading, too.", HelpName = "FILE" };
        var byHash = new Option<string[]>("--by-hash") { Description = "SHA-256, from elsewhere, of a content that is not for reading, such as a firmware's.", HelpName = "SHA256" };
        var givenUp = SignedFile.GivenUpOption();
        var root = new TrustedRoot();
        var access = new OfflineAccess();
        var command = new Command("sign", "Show what a request changes, and add signatures to it.") { file, keys, yes, write, byHash, givenUp, root.File, access.PassphraseFile };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            var request = RequestOutput.Read(path);
            var files = parsed.GetRequiredValue(keys);
            if (files.FirstOrDefault(key => !File.Exists(key)) is { } missing)
            {
                throw new CommandException("keys", $"{missing} is not there; give the .key file that init or keys new wrote.", ExitCode.Usage);
            }

            root.Check(parsed, request, files[0]);
            var given = parsed.GetValue(givenUp) ?? [];
            foreach (var record in files.Select(SignedFile.Beside).Distinct(StringComparer.Ordinal))
            {
                SignedFile.Check(record, request.Step, given);
            }

            RequestText.DescribeToSigner(request, parsed.GetValue(write));
            RequireHashes(request, parsed.GetValue(byHash) ?? []);
            Confirmation.Require(parsed.GetValue(yes), files, "look at it with keys show");

            Passphrase.TryCreate(access.Read(parsed, isNew: false), out var passphrase);
            using (passphrase)
            {
                foreach (var key in files)
                {
                    request = Sign(request, key, passphrase!, given);
                }
            }

            WholeFile.Write(path, request.ToBytes());
            root.Keep(parsed, request, files[0]);
            var open = request.Standing().FirstOrDefault(standing => !standing.IsMet);
            Console.Out.WriteLine(open is null ? $"next: edgesensors-hub keys apply {path} --dir DIR, at the hub" : $"next: {open.Threshold - open.Signatures} more to sign it ({open.Whose})");
            return ExitCode.Ok;
        });
        return command;
    }

    private static SigningRequest Sign(SigningRequest request, string file, Passphrase passphrase, string[] givenUp)
    {
        if (!OfflineKeys.TryOpenOne(file, passphrase, out var key, out var fault))
        {
            throw new CommandException("keys", $"{fault}.");
        }

        using (key)
        {
            if (!request.TrySign(key, out var next, out var roles, out var error))
            {
                throw new CommandException("keys", $"{file}: {error}.");
            }

            SignedFile.Keep(SignedFile.Beside(file), request.Step, roles, givenUp);
            Console.Out.WriteLine($"{file} signed {string.Join(", ", roles)}");
            return next;
        }
    }

    // Nobody sees what such a content does. Whoever signs must know it from elsewhere, by its hash.
    private static void RequireHashes(SigningRequest request, string[] known)
    {
        foreach (var (name, content) in request.Contents.Where(pair => !TargetText.IsReadable(pair.Key) && !TargetText.IsHeldAgainstAnother(pair.Key)))
        {
            if (!known.Contains(Convert.ToHexStringLower(SHA256.HashData(content.Span)), StringComparer.OrdinalIgnoreCase))
            {
                throw new CommandException("unread", $"{name} is not for reading; give --by-hash with its SHA-256 as you have it from elsewhere.", ExitCode.Usage);
            }
        }
    }
}
