using System.CommandLine;
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

return await Failure.GuardAsync(() => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
