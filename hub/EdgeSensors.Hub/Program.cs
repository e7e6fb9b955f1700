using System.CommandLine;
using EdgeSensors.Commands;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Commands.Keys;

var root = new RootCommand("Takes sensors' metadata in, joins what they see, and publishes signed decisions.")
{
    InitCommand.Create(),
    ServeCommand.Create(),
    SensorCommand.Create(),
    OperatorCommand.Create(),
    OverseerCommand.Create(),
    PartnerCommand.Create(),
    LogCommand.Create(),
    KeysCommand.Create(),
    ListedCommand.Create(),
    BlocklistCommand.Create(),
    AlertCommand.Create(),
    MitigationCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(Usage.Describe(parsed));
    return ExitCode.Usage;
}

// Longer than requests under way are waited for.
return await Failure.GuardAsync(() => Termination.InvokeAsync(parsed, TimeSpan.FromSeconds(15), handlesExceptions: false));
