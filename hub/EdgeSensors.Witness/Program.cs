using System.CommandLine;
using EdgeSensors.Commands;
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

// Longer than requests under way are waited for.
return await Failure.GuardAsync(() => Termination.InvokeAsync(parsed, TimeSpan.FromSeconds(15), handlesExceptions: false));
