using System.CommandLine;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys threshold ROLE N</c>: how many of a role's keys must sign, as a request.</summary>
internal static class KeysThresholdCommand
{
    public static Command Create()
    {
        var role = new Argument<string>("ROLE") { Description = "The role." };
        var threshold = new Argument<int>("N") { Description = "How many of its keys must sign." };
        var output = new RequestOutput();
        var command = new Command("threshold", "Change how many of a role's keys must sign.") { role, threshold, output.Directory, output.File, output.Reason };
        command.SetAction(parsed =>
        {
            var repository = output.FolderOf(parsed).OpenRepository(TimeProvider.System);
            var status = KeysRotateCommand.RoleOf(repository, parsed.GetRequiredValue(role));
            return output.Write(parsed, repository, KeysRotateCommand.Change(new RepositoryChange(), status, status.Keys, parsed.GetValue(threshold)));
        });
        return command;
    }
}
