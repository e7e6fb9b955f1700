using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands;

/// <summary>The places under the hub's folder, and the authority's key in the offline one.</summary>
internal sealed record HubFolder(string Path, string Offline)
{
    // Not *.key: those are TUF keys.
    private const string AuthorityKeyFile = "authority.pem";

    private static readonly PbeParameters Sealing = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    public string Configuration => In("hub.yaml");

    public string Repository => In("repository");

    public string Online => In("online");

    public string Authority => In("tls/ca.crt");

    public string LogKey => TransparencySettings.KeyFolderIn(In("log"));

    public string In(string relative) => System.IO.Path.Combine(Path, relative);

    public static string AuthorityKeyIn(string offline) => System.IO.Path.Combine(offline, AuthorityKeyFile);

    public void SaveAuthorityKey(CertificateAuthority authority, string passphrase)
    {
        var secret = authority.ExportKey();
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secret, out _);
        CryptographicOperations.ZeroMemory(secret);
        PrivateFile.Write(AuthorityKeyIn(Offline), key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, Sealing) + "\n");
    }

    /// <summary>Opens the certificate authority with the offline passphrase.</summary>
    public CertificateAuthority OpenAuthority(string passphrase, TimeProvider time) => OpenAuthority(Authority, Offline, passphrase, time);

    /// <summary>Likewise where nothing of the hub is but the authority's certificate.</summary>
    public static CertificateAuthority OpenAuthority(string certificateFile, string offline, string passphrase, TimeProvider time)
    {
        var keyFile = AuthorityKeyIn(offline);
        if (!File.Exists(certificateFile) || !File.Exists(keyFile))
        {
            throw new CommandException("authority", $"{(File.Exists(certificateFile) ? keyFile : certificateFile)} is not there; give the hub's folder with --dir and its offline keys with --offline.");
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromEncryptedPem(File.ReadAllText(keyFile), passphrase);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new CommandException("passphrase", $"{keyFile} does not open with this passphrase; give the one that init was given.");
        }

        var certificate = X509CertificateLoader.LoadCertificateFromFile(certificateFile);
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            certificate.Dispose();
            key.Dispose();
            throw new CommandException("authority", $"{certificateFile} is not the certificate of {keyFile}: they are of two hubs.");
        }

        return new CertificateAuthority(certificate, key, time);
    }

    public TufRepository OpenRepository(TimeProvider time) => TufRepository.Open(Repository, RepositoryOptions.Default, time).TryGet(out var repository, out var error)
        ? repository
        : throw new CommandException("repository", $"{error}.");

    /// <summary>The online keys and some of the offline ones, in one ring.</summary>
    public KeyRing OpenKeys(string passphrase, params string[] offlineRoles)
    {
        if (!OnlineKeys.TryLoad(Online, out var ring, out var error))
        {
            throw new CommandException("keys", $"{error}.");
        }

        Passphrase.TryCreate(passphrase, out var opener);
        using (opener)
        {
            if (!OfflineKeys.TryOpen(Offline, opener!, offlineRoles, out var offline, out error))
            {
                throw new CommandException("keys", $"{error}.");
            }

            ring.AddAll(offline);
        }

        return ring;
    }

    /// <summary>Signs a change with the offline keys and publishes it. What they sign is held against what they signed before, and remembered, as when it is signed elsewhere.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="change">The change.</param>
    /// <param name="keys">All keys that it needs.</param>
    /// <param name="givenUp">SHA-256 of versions that were signed and will not be published.</param>
    public void Publish(TufRepository repository, RepositoryChange change, KeyRing keys, IReadOnlyCollection<string> givenUp)
    {
        var signed = SignedFile.In(Offline);
        var published = repository.Publish(change, keys, step =>
        {
            SignedFile.Check(signed, step, givenUp);
            SignedFile.Keep(signed, step, [.. step.Next.Select(next => next.Role)], givenUp);
        });
        if (!published.TryGet(out _, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }
    }

    /// <summary>Remembers what the offline keys signed when the repository was founded.</summary>
    public void RememberFounding(TufRepository repository)
    {
        if (!repository.ReadSigned().TryGet(out var versions, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        SignedFile.Keep(SignedFile.In(Offline), new VersionStep(versions, []), [.. versions.Select(version => version.Role)], []);
    }
}
