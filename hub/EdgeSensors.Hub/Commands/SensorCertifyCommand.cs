using System.CommandLine;
using EdgeSensors.Hub.Commands.Keys;

namespace EdgeSensors.Hub.Commands;

/// <summary>
/// <c>edgesensors-hub sensor certify FOLDER…</c>: the certificates of enrolments that <c>sensor add --request</c> began, on a machine that has these and the certificate authority's key, and nothing
/// of the hub.
/// </summary>
internal static class SensorCertifyCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "An enrolment folder that waits for its certificate; it is finished in place.", Arity = ArgumentArity.OneOrMore };
        var offline = new Option<string>("--offline") { Description = "The folder of the offline keys, with the certificate authority's.", HelpName = "FOLDER", Required = true };
        var yes = Confirmation.YesOption();
        var root = new TrustedRoot();
        var access = new OfflineAccess();
        var command = new Command("certify", "Show whom enrolments name, and issue their certificates, where the certificate authority's key is.") { folders, offline, yes, root.File, access.PassphraseFile };
        command.SetAction(parsed =>
        {
            var keys = Path.GetFullPath(parsed.GetRequiredValue(offline));
            var key = HubFolder.AuthorityKeyIn(keys);
            var asked = parsed.GetRequiredValue(folders).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Select(folder => (Folder: folder, Request: SensorEnrolment.ReadRequest(folder))).ToList();
            foreach (var (folder, request) in asked)
            {
                root.Check(parsed, Path.Combine(folder, TrustedRoot.FileName), key);
                Console.Out.WriteLine($"sensor {request.Name}: a certificate for the key with SHA-256 {request.KeySha256}, for {SensorEnrolment.CertificateLife.TotalDays} days");
            }

            Confirmation.Require(parsed.GetValue(yes), [key], "look at what it says here");
            using var authority = HubFolder.OpenAuthority(Path.Combine(asked[0].Folder, SensorEnrolment.AuthorityFile), keys, access.Read(parsed, isNew: false), TimeProvider.System);
            foreach (var (folder, request) in asked)
            {
                SensorEnrolment.Finish(folder, request, authority);
                Console.Out.WriteLine(SensorEnrolment.Made(folder));
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
