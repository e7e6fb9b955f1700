using System.CommandLine;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Run;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent run</c>: the sensor.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = "The configuration; all its keys: edgesensors-agent config.", HelpName = "file", DefaultValueFactory = _ => AgentConfiguration.DefaultPath };
        var file = new Option<string?>("--input-file") { Description = "Meter this capture file, whatever the configuration says.", HelpName = "file" };
        var network = new Option<string?>("--interface") { Description = "Meter this interface, whatever the configuration says.", HelpName = "name" };
        var speed = new Option<string?>("--speed") { Description = "Read the capture file this many times faster than it was captured.", HelpName = "multiple" };
        speed.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !InputPace.TryParse(text, out _))
            {
                result.AddError("--speed takes original, fast or a multiple from 0.001 to 1000000.");
            }
        });
        var fast = new Option<bool>("--fast") { Description = "Read the capture file as fast as it can be." };
        var command = new Command("run", "Meter, detect, report to the hub, and carry signed mitigations out.") { config, file, network, speed, fast };
        command.Validators.Add(result =>
        {
            if (result.GetResult(file) is not null && result.GetResult(network) is not null)
            {
                result.AddError("--input-file and --interface exclude each other.");
            }

            if (result.GetResult(speed) is not null && result.GetResult(fast) is { Implicit: false })
            {
                result.AddError("--speed and --fast exclude each other.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(config);
            if (!ConfigurationFile.TryRead(path, ProcessEnvironment.Read(), out var settings, out var wrong))
            {
                return Fail("configuration", wrong.Message, ExitCode.Usage);
            }

            Override(settings, parsed.GetValue(file), parsed.GetValue(network), parsed.GetValue(fast) ? "fast" : parsed.GetValue(speed));
            var inputs = (settings.InputFile is null ? 0 : 1) + (settings.InputInterface is null ? 0 : 1) + (settings.Listen.Urls.Count == 0 ? 0 : 1);
            if (inputs != 1)
            {
                var what = inputs == 0 ? "names no input" : "names more than one input";
                return Fail("configuration", $"{path}: {what}; give one of input.interface, input.file and input.listen (or --interface, --input-file)", ExitCode.Usage);
            }

            return await RunAsync(settings, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static void Override(AgentConfiguration settings, string? file, string? network, string? speed)
    {
        if (file is not null)
        {
            (settings.InputFile, settings.InputInterface) = (Path.GetFullPath(file), null);
            settings.Listen = settings.Listen with { Urls = [] };
        }

        if (network is not null)
        {
            (settings.InputFile, settings.InputInterface) = (null, network);
            settings.Listen = settings.Listen with { Urls = [] };
        }

        if (speed is not null && InputPace.TryParse(speed, out var pace))
        {
            settings.Pace = pace;
        }
    }

    private static async Task<int> RunAsync(AgentConfiguration settings, CancellationToken cancellationToken)
    {
        if (!SensorIdentity.TryRead(settings, out var identity, out var error))
        {
            return Fail("identity", error, ExitCode.Failed);
        }

        using (identity)
        {
            if (!DurableOutbox.TryOpen(settings.StateDirectory, settings.OutboxMaxOctets, out var outbox, out error))
            {
                return Fail("outbox", error, ExitCode.Failed);
            }

            using (outbox)
            {
                string? trouble;
                using (var loggers = ConsoleLog.Create())
                {
                    trouble = await new SensorRun(settings, identity, outbox, TimeProvider.System, loggers).RunAsync(cancellationToken).ConfigureAwait(false);
                }

                return trouble is null ? ExitCode.Ok : Fail("run", trouble, ExitCode.Failed);
            }
        }
    }

    private static int Fail(string kind, string message, int code)
    {
        Console.Error.WriteLine($"error[{kind}]: {message}");
        return code;
    }
}
