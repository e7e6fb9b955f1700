using System.CommandLine;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub sensor|operator|overseer|partner revoke NAME</c>: the certificates that somebody has count no more; those issued later do.</summary>
internal static class RevokeCommand
{
    public static Command Sensor()
    {
        var op = new Argument<OperatorId>("OPERATOR") { Description = "Who runs the sensor.", CustomParser = Parsing.Operator };
        var sensor = new Argument<SensorId[]>("SENSOR") { Description = "The sensor's name.", CustomParser = Parsing.Sensors, Arity = ArgumentArity.ExactlyOne };
        return Create([op, sensor], (parsed, folder) =>
        {
            var name = new SensorName(parsed.GetValue(op), parsed.GetRequiredValue(sensor)[0]);
            if (folder.OpenRepository(TimeProvider.System).ListTargets().TryGet(out var targets, out _) && !targets.Contains(TargetNames.Authorization(name.Operator, name.Sensor)))
            {
                // Revoked all the same, it may have been enrolled once; but whoever mistyped the name of a stolen one must hear of it.
                Console.Error.WriteLine($"no authorisation of a sensor {name} is published here; see that the name is right");
            }

            return (CertificateAuthority.SensorUnit, name.ToString());
        });
    }

    public static Command Person(string unit)
    {
        var name = new Argument<OperatorId>("NAME") { Description = "Whose.", CustomParser = Parsing.Operator };
        return Create([name], (parsed, _) => (unit, parsed.GetValue(name).Text));
    }

    private static Command Create(Argument[] arguments, Func<ParseResult, HubFolder, (string Unit, string Name)> subject)
    {
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var command = new Command("revoke", "Shut out whoever holds a certificate that was issued until now; a new one lets in again.") { directory };
        arguments.ToList().ForEach(command.Add);
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, path + "-offline");
            if (!File.Exists(folder.Authority))
            {
                throw new CommandException("input", $"{folder.Path} is no hub's folder; give the one that init made.");
            }

            var (list, who) = (RevocationList.PathBeside(folder.Authority), subject(parsed, folder));
            WholeFile.Write(list, System.Text.Encoding.UTF8.GetBytes(RevocationList.With(File.Exists(list) ? File.ReadAllText(list) : "", who, TimeProvider.System.GetUtcNow())));
            Console.Out.WriteLine($"revoked {who.Unit} {who.Name}: refused from now on, over an open connection too");
            return ExitCode.Ok;
        });
        return command;
    }
}
