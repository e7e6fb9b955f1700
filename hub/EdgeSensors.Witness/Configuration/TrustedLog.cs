using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Witness.Configuration;

/// <summary>A log that the witness cosigns for: its card, and what the hub gave to read it with, where it did.</summary>
/// <param name="Card">Its key and URL.</param>
/// <param name="Access">The folder with certificate, key and authority for reading it; null: only its checkpoints are seen.</param>
internal sealed record TrustedLog(LogCard Card, string? Access)
{
    public const string CardFile = "log.pub";
    public const string CertificateFile = "overseer.crt";
    public const string KeyFile = "overseer.key";
    public const string AuthorityFile = "ca.crt";

    public string Origin => Card.Key.Name;

    /// <summary>The name of its folder, and of its checkpoint's path (C2SP tlog-witness, origin hash).</summary>
    public static string FolderOf(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    public static IReadOnlyList<TrustedLog> LoadAll(string logs) => Directory.Exists(logs)
        ? [.. Directory.EnumerateDirectories(logs).Where(IsWhole).Order(StringComparer.Ordinal).Select(Load)]
        : [];

    /// <summary>Whether a folder holds a log that is trusted: the command that makes it may have been cut off before it wrote the card.</summary>
    public static bool IsWhole(string folder) => File.Exists(Path.Combine(folder, CardFile));

    public static LogCard ReadCard(string path) =>
        LogCard.TryParse(File.ReadAllText(path), out var card) && card.Key.Kind == NoteKeyKind.Ed25519
            ? card
            : throw new CommandException("card", $"{path} is no log's card (one line: key and URL); take the one that edgesensors-hub init or overseer add wrote.");

    /// <summary>Connects as the overseer that the hub knows.</summary>
    public SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(Access!, CertificateFile), Path.Combine(Access!, KeyFile));
        handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Access!, AuthorityFile)) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return handler;
    }

    private static TrustedLog Load(string folder) => new(ReadCard(Path.Combine(folder, CardFile)), File.Exists(Path.Combine(folder, CertificateFile)) ? folder : null);
}
