using System.CommandLine;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Witness.Configuration;

namespace EdgeSensors.Witness.Commands;

/// <summary><c>edgesensors-witness serve</c>: cosigns and shows until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--config") { Description = "The configuration that init wrote.", HelpName = "FILE", DefaultValueFactory = _ => "/etc/edgesensors/witness.yaml" };
        var passphrase = new KeyPassphrase();
        var command = new Command("serve", "Cosign checkpoints until SIGTERM.") { file, passphrase.File };
        command.SetAction(async (parsed, cancel) =>
        {
            var configuration = WitnessConfiguration.Load(parsed.GetRequiredValue(file));
            using var secret = passphrase.Read(parsed, isNew: false);
            await using var witness = await WitnessHost.StartAsync(configuration, secret);
            Console.Out.WriteLine($"ready {witness.Key.Name} {(configuration.Tls is null ? "http" : "https")}://{configuration.Listen} view http://{configuration.View}");
            await Console.Out.FlushAsync(CancellationToken.None);
            await witness.WaitForEndAsync(cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
