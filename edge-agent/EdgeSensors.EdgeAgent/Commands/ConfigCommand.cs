using System.CommandLine;
using EdgeSensors.EdgeAgent.Configuration;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent config</c>: the documented configuration file, or a check of one.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        var check = new Option<string?>("--check") { Description = "Check this agent.yaml (and the environment) instead, and say what is wrong.", HelpName = "file" };
        var command = new Command("config", "Print a sample agent.yaml with every key, its unit and its default.") { check };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(check) is not { } path)
            {
                Console.Out.Write(ConfigurationSample.Text());
                return ExitCode.Ok;
            }

            if (!ConfigurationFile.TryRead(path, ProcessEnvironment.Read(), out _, out var error))
            {
                Console.Error.WriteLine($"error[configuration]: {error.Message}");
                return ExitCode.Usage;
            }

            Console.Out.WriteLine($"{path}: ok");
            return ExitCode.Ok;
        });
        return command;
    }
}
