using System.CommandLine;
using EdgeSensors.Commands;
using EdgeSensors.EdgeAgent.Commands;

var root = new RootCommand("Meters traffic, reports metadata of what is suspicious, and enforces signed mitigations.")
{
    RunCommand.Create(),
    MeterCommand.Create(),
    BgpWatchdogCommand.Create(),
    DoctorCommand.Create(),
    DetectCommand.Create(),
    ConfigCommand.Create(),
    TufCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(Usage.Describe(parsed));
    return ExitCode.Usage;
}

// What was read by Ctrl-C is still to be printed.
return await Termination.InvokeAsync(parsed, TimeSpan.FromSeconds(5));
