using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>What a person says about listening for exports, on the command line or in <c>agent.yaml</c>.</summary>
internal sealed record ListenSettings
{
    /// <summary>Where.</summary>
    public IReadOnlyList<ListenUrl> Urls { get; init; } = [];

    /// <summary>Stated sampling rates.</summary>
    public SamplingStatements Sampling { get; init; } = SamplingStatements.None;

    /// <summary>Whose exports are heard; empty for everybody's.</summary>
    public IReadOnlyList<Prefix> Exporters { get; init; } = [];

    /// <summary>Threads that receive; 0 for one a core.</summary>
    public int Workers { get; init; }

    /// <summary>TLS: our certificate, PEM.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>TLS: its key, PEM.</summary>
    public string? KeyPath { get; init; }

    /// <summary>TLS: the authorities of exporters' certificates, PEM.</summary>
    public string? AuthorityPath { get; init; }

    /// <summary>Reads the certificates, where there is TLS, and makes the listener's options.</summary>
    /// <param name="templateFolder">Where templates are kept; null for nowhere.</param>
    /// <param name="options">The options.</param>
    /// <param name="error">One line: what is wrong and what to do.</param>
    public bool TryMakeOptions(string? templateFolder, [NotNullWhen(true)] out ListenOptions? options, [NotNullWhen(false)] out string? error)
    {
        var accepted = Exporters.Count > 0 ? new PrefixSet(Exporters) : null;
        var sampling = Sampling;
        options = new ListenOptions
        {
            Urls = Urls,
            Collector = new CollectorOptions { Accepts = accepted is null ? null : accepted.Contains, ConfiguredSampling = sampling.Of },
            TemplateFolder = templateFolder,
        };
        if (Workers > 0)
        {
            options = options with { Workers = Workers };
        }

        error = null;
        if (Urls.All(url => url.Transport != ListenTransport.Tls))
        {
            return true;
        }

        var path = CertificatePath;
        try
        {
            if (CertificatePath is null || AuthorityPath is null)
            {
                error = "listening with tls needs a certificate, its key and the authority of the exporters' certificates";
                return false;
            }

            using var read = X509Certificate2.CreateFromPemFile(CertificatePath, KeyPath ?? CertificatePath);
            path = AuthorityPath;
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(AuthorityPath);
            // The TLS layer wants a key that is bound to the certificate, which a round by PKCS #12 makes.
            options = options with { ServerCertificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null), ClientAuthorities = authorities };
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = $"{path}: cannot be read ({exception.Message.TrimEnd('.')}); check the path and its permissions";
            return false;
        }
        catch (CryptographicException)
        {
            error = $"{path}: holds no PEM certificate with the key that belongs to it";
            return false;
        }
    }
}
