using System.CommandLine;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub partner add NAME</c>: a certificate for somebody else's system that may ask for mitigations by OpenC2.</summary>
internal static class PartnerCommand
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(397);

    public static Command Create()
    {
        var name = new Argument<OperatorId>("NAME") { Description = "The partner's name; it stands in the audit and in its topics.", CustomParser = Parsing.Operator };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "The folder to write, for the partner.", HelpName = "FOLDER", Required = true };
        var offline = new OfflineAccess();
        var add = new Command("add", "Make a client certificate for a partner: what it asks for becomes a draft.") { name, directory, output, offline.Folder, offline.PassphraseFile };
        add.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var target = parsed.GetRequiredValue(output);
            if (File.Exists(Path.Combine(target, "partner.key")))
            {
                throw new CommandException("exists", $"{target} holds a partner's key already; choose another folder.");
            }

            var listen = ConfigurationFile.Load(folder.Configuration).Listen;
            var partner = parsed.GetValue(name);
            using var authority = folder.OpenAuthority(offline.Read(parsed, isNew: false), TimeProvider.System);
            var issued = authority.IssuePartner(partner, CertificateLife);
            PrivateFile.CreateFolder(target);
            File.WriteAllText(Path.Combine(target, "partner.crt"), issued.CertificatePem + "\n");
            PrivateFile.Write(Path.Combine(target, "partner.key"), issued.KeyPem + "\n");
            File.WriteAllText(Path.Combine(target, "ca.crt"), authority.Certificate.ExportCertificatePem() + "\n");
            Console.Out.WriteLine($"made {target}: take it to the partner, and keep no copy");
            Console.Out.WriteLine($"HTTPS: POST {OperatorCommand.HubUrl(listen)}{OpenC2Endpoint.Path}");
            Console.Out.WriteLine($"MQTT 5: {listen.Host}:{listen.MqttPort}, client id {partner}, publish to oc2/cmd/ap/slpf, subscribe to {OpenC2Topics.ResponsesTo(partner)}");
            return ExitCode.Ok;
        });
        return new Command("partner", "Partners that may ask for mitigations by OpenC2.") { add, RevokeCommand.Person(CertificateAuthority.PartnerUnit) };
    }
}
