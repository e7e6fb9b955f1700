using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub overseer add NAME</c>: what a witness or an auditor needs to read the log: its card, and a certificate that opens it and nothing else.</summary>
internal static class OverseerCommand
{
    public const string CardFile = "log.pub";
    public const string CertificateFile = "overseer.crt";
    public const string KeyFile = "overseer.key";

    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(397);

    public static Command Create()
    {
        var name = new Argument<OperatorId>("NAME") { Description = "The overseer's name.", CustomParser = Parsing.Operator };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "The folder to write.", HelpName = "FOLDER", Required = true };
        var offline = new OfflineAccess();
        var add = new Command("add", "Let a witness or an auditor read the transparency log.") { name, directory, output, offline.Folder, offline.PassphraseFile };
        add.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var card = ReadCard(folder.In(CardFile));
            using var authority = folder.OpenAuthority(offline.Read(parsed, isNew: false), TimeProvider.System);
            WriteAccess(parsed.GetRequiredValue(output), authority, parsed.GetValue(name), card);
            Console.Out.WriteLine($"made {parsed.GetRequiredValue(output)}: take it to the overseer, and keep no copy");
            return ExitCode.Ok;
        });
        return new Command("overseer", "Witnesses and auditors of the transparency log.") { add, RevokeCommand.Person(CertificateAuthority.OverseerUnit) };
    }

    public static LogCard ReadCard(string file) => File.Exists(file) && LogCard.TryParse(File.ReadAllText(file), out var card)
        ? card
        : throw new CommandException("card", $"{file} is no log's card; give the folder that init or overseer add wrote.");

    /// <summary>Connects with what <see cref="WriteAccess"/> wrote.</summary>
    public static SocketsHttpHandler Handler(string folder)
    {
        using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
        return HubClient.Handler(
            X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.crt")));
    }

    public static void WriteAccess(string folder, CertificateAuthority authority, OperatorId name, LogCard log)
    {
        if (File.Exists(Path.Combine(folder, KeyFile)))
        {
            throw new CommandException("exists", $"{folder} holds an overseer's key already; choose another folder.");
        }

        PrivateFile.CreateFolder(folder);
        var issued = authority.IssueOverseer(name, CertificateLife);
        File.WriteAllText(Path.Combine(folder, CertificateFile), issued.CertificatePem + "\n");
        PrivateFile.Write(Path.Combine(folder, KeyFile), issued.KeyPem + "\n");
        File.WriteAllText(Path.Combine(folder, "ca.crt"), authority.Certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(Path.Combine(folder, CardFile), log + "\n");
    }
}
