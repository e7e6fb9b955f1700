using System.CommandLine;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub operator add NAME</c>: a certificate and profile for a person who may decide.</summary>
internal static class OperatorCommand
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(397);

    public static Command Create()
    {
        var name = new Argument<OperatorId>("NAME") { Description = "The person's name; it stands in the audit.", CustomParser = Parsing.Operator };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "The profile folder to write.", HelpName = "FOLDER", Required = true };
        var offline = new OfflineAccess();
        var add = new Command("add", "Make a client certificate for a person who may decide.") { name, directory, output, offline.Folder, offline.PassphraseFile };
        add.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var listen = ConfigurationFile.Load(folder.Configuration).Listen;
            using var authority = folder.OpenAuthority(offline.Read(parsed, isNew: false), TimeProvider.System);
            WriteProfile(parsed.GetRequiredValue(output), authority, parsed.GetValue(name), HubUrl(listen));
            Console.Out.WriteLine($"made {parsed.GetRequiredValue(output)}");
            return ExitCode.Ok;
        });
        return new Command("operator", "People who may decide.") { add, RevokeCommand.Person(CertificateAuthority.OperatorUnit) };
    }

    public static string HubUrl(ListenSettings listen) =>
        $"https://{(listen.Host.Contains(':', StringComparison.Ordinal) ? $"[{listen.Host}]" : listen.Host)}:{listen.HttpsPort}";

    public static void WriteProfile(string folder, CertificateAuthority authority, OperatorId name, string hub)
    {
        if (File.Exists(Path.Combine(folder, "operator.key")))
        {
            throw new CommandException("exists", $"{folder} holds a profile already; choose another folder.");
        }

        PrivateFile.CreateFolder(folder);
        var issued = authority.IssueOperator(name, CertificateLife);
        File.WriteAllText(Path.Combine(folder, "operator.crt"), issued.CertificatePem + "\n");
        PrivateFile.Write(Path.Combine(folder, "operator.key"), issued.KeyPem + "\n");
        File.WriteAllText(Path.Combine(folder, "ca.crt"), authority.Certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(Path.Combine(folder, "profile.yaml"), $"hub:\n  url: \"{hub}\"\n");
    }
}
