using System.CommandLine;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce.Bgp;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent bgp-watchdog</c>: withdraws the agent's routes when its heartbeat stops.</summary>
internal static class BgpWatchdogCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = "The agent's configuration.", HelpName = "file", DefaultValueFactory = _ => AgentConfiguration.DefaultPath };
        var command = new Command("bgp-watchdog", "Withdraw the agent's routes from the routers when the agent is gone; runs beside it as a service of its own.") { config };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(config);
            if (!ConfigurationFile.TryRead(path, ProcessEnvironment.Read(), out var settings, out var wrong))
            {
                Console.Error.WriteLine($"error[configuration]: {wrong.Message}");
                return ExitCode.Usage;
            }

            if (settings.Bgp.Api is null)
            {
                Console.Error.WriteLine($"error[configuration]: {path}: bgp.api is not given, so there is nothing to watch; give it or disable this service");
                return ExitCode.Usage;
            }

            using var loggers = ConsoleLog.Create();
            using var client = new GobgpClient(settings.Bgp, settings.Sensor);
            var watchdog = new BgpWatchdog(client, new BgpHeartbeat(settings.Bgp.HeartbeatPath), settings.Bgp, TimeProvider.System, loggers.CreateLogger("bgp-watchdog"));
            await watchdog.RunAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return cancellationToken.IsCancellationRequested ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }
}
