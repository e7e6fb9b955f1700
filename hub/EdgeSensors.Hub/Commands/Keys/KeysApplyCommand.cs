using System.CommandLine;
using System.Globalization;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys apply REQUEST</c>: at the hub, with its online keys, once enough have signed. A serving hub logs it, has it witnessed and shows it, as everything else.</summary>
internal static class KeysApplyCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("REQUEST") { Description = "The signed request." };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var command = new Command("apply", "Publish a request that enough have signed.") { file, directory };
        command.SetAction(parsed =>
        {
            var request = RequestOutput.Read(parsed.GetRequiredValue(file));
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, path + "-offline");
            var repository = folder.OpenRepository(TimeProvider.System);
            if (!OnlineKeys.TryLoad(folder.Online, out var keys, out var fault))
            {
                throw new CommandException("keys", $"{fault}.");
            }

            var retired = new RetiredKeys(folder, repository);
            using (keys)
            {
                if (!repository.Apply(request, keys).TryGet(out var published, out var error))
                {
                    // Whether it still fits comes first: nobody should gather signatures for what must be made anew.
                    throw error.Kind == RepositoryErrorKind.KeysMissing && request.Standing().FirstOrDefault(standing => !standing.IsMet) is { } open
                        ? new CommandException("signatures", string.Create(
                            CultureInfo.InvariantCulture, $"{open.Signatures} of {open.Threshold} have signed ({open.Whose}); these may still: {string.Join(", ", open.Waiting)}."))
                        : RequestOutput.Failure(error);
                }

                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"published {string.Join(", ", request.Roles)} as timestamp {published.TimestampVersion}"));
            }

            retired.Remove();
            return ExitCode.Ok;
        });
        return command;
    }
}
