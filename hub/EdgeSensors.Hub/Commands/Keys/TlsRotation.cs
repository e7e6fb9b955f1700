using System.CommandLine;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// A new key and certificate for the hub's TLS, for the names that the present one is for. It needs the certificate authority's key, so the offline medium comes to the hub for it. Whoever stole the
/// old key can pass for the hub's transport until the old certificate ends; what the hub signs is not touched by that.
/// </summary>
internal static class TlsRotation
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(397);

    public static int Rotate(ParseResult parsed, HubFolder folder, OfflineAccess access)
    {
        var (certificate, key) = (folder.In("tls/server.crt"), folder.In("tls/server.key"));
        using var present = X509CertificateLoader.LoadCertificateFromFile(certificate);
        var names = present.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString()))).ToList();
        if (names.Count == 0)
        {
            throw new CommandException("tls", $"{certificate} names no host; it is not the one that init made.");
        }

        using var authority = folder.OpenAuthority(access.Read(parsed, isNew: false), TimeProvider.System);
        var issued = authority.IssueServer(names, Life);
        File.Delete(key);
        PrivateFile.Write(key, issued.KeyPem + "\n");
        File.WriteAllText(certificate, issued.CertificatePem + "\n");
        Console.Out.WriteLine($"made {certificate} and its key for {string.Join(", ", names)}; serve anew to use them");
        return ExitCode.Ok;
    }
}
