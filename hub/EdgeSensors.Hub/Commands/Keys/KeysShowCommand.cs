using System.CommandLine;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys show REQUEST</c>: what a request changes and how far it is signed.</summary>
internal static class KeysShowCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("REQUEST") { Description = "The request." };
        var root = new TrustedRoot();
        var command = new Command("show", "Show what a request changes, the documents in it, and how far it is signed.") { file, root.File };
        command.SetAction(parsed =>
        {
            var request = RequestOutput.Read(parsed.GetRequiredValue(file));
            if (parsed.GetValue(root.File) is not null)
            {
                root.Check(parsed, request, null);
            }

            RequestText.DescribeWhole(request);
            return ExitCode.Ok;
        });
        return command;
    }
}
