using System.CommandLine;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Witness.Commands;

/// <summary><c>edgesensors-witness resume LOG</c>: a person has found out why the witness forgot what it cosigned, and lets it go on from what the log showed of it.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var origin = new Argument<string>("LOG") { Description = "The log's name." };
        var directory = new Option<string>("--dir") { Description = "The witness's folder.", HelpName = "DIR", Required = true };
        var command = new Command("resume", "Cosign a log again after an older memory of this witness was found out.") { origin, directory };
        command.SetAction(parsed =>
        {
            var configuration = WitnessConfiguration.Load(Path.Combine(parsed.GetRequiredValue(directory), "witness.yaml"));
            var name = parsed.GetRequiredValue(origin);
            using var store = WitnessStore.Open(configuration.State);
            if (store.Newest(name) is null)
            {
                throw new CommandException("log", $"There is no log {name} here; its name is the part before the first '+' of its log.pub.");
            }

            if (store.Resume(name) is not { } size)
            {
                throw new CommandException("log", $"The log {name} is not halted; see the alarms of the view.");
            }

            Console.Out.WriteLine($"goes on from {size} entries; what this witness cosigned beyond them, if anything, it does not know: ask who runs the log and other witnesses");
            return ExitCode.Ok;
        });
        return command;
    }
}
