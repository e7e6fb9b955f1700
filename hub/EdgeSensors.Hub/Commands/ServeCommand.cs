using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub serve</c>: everything that runs.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--config") { Description = "The configuration that init wrote.", HelpName = "FILE", DefaultValueFactory = _ => "/etc/edgesensors/hub.yaml" };
        var command = new Command("serve", "Serve sensors and people until SIGTERM.") { file };
        command.SetAction(async (parsed, cancel) =>
        {
            var path = parsed.GetRequiredValue(file);
            var configuration = ConfigurationFile.Load(path);
            RefuseOfflineKeys(configuration.Trust, Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using var hub = await HubHost.StartAsync(configuration);
            Console.Out.WriteLine($"ready mqtts://{configuration.Listen.Host}:{configuration.Listen.MqttPort} https://{configuration.Listen.Host}:{configuration.Listen.HttpsPort}");
            await Console.Out.FlushAsync(CancellationToken.None);
            await hub.WaitForEndAsync(cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    // What can sign as root, as an issuer or as the certificate authority must not be where the network can reach.
    private static void RefuseOfflineKeys(TrustSettings trust, string home)
    {
        var passphrases = new List<Passphrase>();
        try
        {
            var texts = new List<string>();
            if (Environment.GetEnvironmentVariable(OfflineAccess.EnvironmentVariable) is { Length: > 0 } variable)
            {
                texts.Add(variable);
            }

            foreach (var nearby in new[] { home, trust.OfflineKeys }.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*passphrase*")))
            {
                texts.Add(File.ReadLines(nearby).FirstOrDefault() ?? "");
            }

            foreach (var text in texts)
            {
                if (Passphrase.TryCreate(text, out var passphrase))
                {
                    passphrases.Add(passphrase);
                }
            }

            var found = OfflineKeys.FindOpenable(trust.OfflineKeys, passphrases)
                ?? (OpensAuthority(HubFolder.AuthorityKeyIn(trust.OfflineKeys), texts) ? HubFolder.AuthorityKeyIn(trust.OfflineKeys) : null);
            if (found is not null)
            {
                throw new CommandException("offline-key", $"This hub can open the offline key {found}; take the keys or their passphrase off this machine, then serve.");
            }
        }
        finally
        {
            passphrases.ForEach(passphrase => passphrase.Dispose());
        }
    }

    private static bool OpensAuthority(string file, IEnumerable<string> passphrases)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        var pem = File.ReadAllText(file);
        using var key = ECDsa.Create();
        if (Opens(() => key.ImportFromPem(pem)))
        {
            return true;
        }

        return passphrases.Any(passphrase => Opens(() => key.ImportFromEncryptedPem(pem, passphrase)));
    }

    private static bool Opens(Action import)
    {
        try
        {
            import();
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
