using System.CommandLine;
using EdgeSensors.Commands;
using EdgeSensors.FieldTest.Commands;

var root = new RootCommand("Plays the whole system on this machine: real programs, real packets, one verdict.")
{
    RunCommand.Create(),
    SweepCommand.Create(),
    ReplayExportsCommand.Create(),
    TapCommand.Create(),
    ListCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(Parsing.Describe(parsed));
    return ExitCode.Usage;
}

// Long enough to end hub and agent in order after Ctrl-C.
return await Termination.InvokeAsync(parsed, TimeSpan.FromSeconds(15));
