using System.CommandLine;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Doctor;
using EdgeSensors.EdgeAgent.Enforce;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent doctor</c>: what this machine can do, and how to mend what is missing.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = "table or json.", HelpName = "table|json", DefaultValueFactory = _ => "table" };
        format.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("table" or "json"))
            {
                result.AddError("--format takes table or json.");
            }
        });

        var config = new Option<string?>("--config") { Description = "Look also at what this agent.yaml names: its input, state directory, certificates and hub.", HelpName = "file" };
        var command = new Command("doctor", "Say what this machine can do as a sensor, and how to mend what is missing. Exit code 1 if anything fails.") { config, format };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            DoctorTarget? target = null;
            if (parsed.GetValue(config) is { } path)
            {
                if (!ConfigurationFile.TryRead(path, ProcessEnvironment.Read(), out var configuration, out var error))
                {
                    Console.Error.WriteLine($"error[configuration]: {error.Message}");
                    return ExitCode.Usage;
                }

                target = DoctorTarget.Of(configuration);
            }

            var report = await Examination.RunAsync(target, NftCommand.OfThisMachine(), TimeProvider.System, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(format) == "json")
            {
                using var output = Console.OpenStandardOutput();
                report.WriteJson(output);
            }
            else
            {
                report.WriteTable(Console.Out, colour: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "");
            }

            return report.Fails ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }
}
