using System.CommandLine;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Witness.Commands;

var root = new RootCommand("Cosigns what a hub logs, as an independent witness, and shows what was logged.")
{
    InitCommand.Create(),
    TrustCommand.Create(),
    ResumeCommand.Create(),
    ServeCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(Usage.Describe(parsed));
    return ExitCode.Usage;
}

return await Failure.GuardAsync(() => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
