using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>
/// Keeps what a collector has learnt over a restart: templates, sampling rates, and where sequence numbers stood. A binary file of big-endian numbers: the eight octets
/// "ESTMPL", 0, 1; a count of domains and the domains; a SHA-256 digest of all before. Written beside its place and moved there, so that a crash leaves the old one.
/// </summary>
public static class TemplateFile
{
    /// <summary>A file larger than this is none of ours.</summary>
    public const int MaxLength = 64 << 20;

    internal static ReadOnlySpan<byte> Magic => "ESTMPL\0\u0001"u8;

    /// <summary>Writes a collector's state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="collector">Whose state.</param>
    /// <param name="error">Why it could not be written; the file there before is unharmed.</param>
    public static bool TrySave(string path, FlowCollector collector, [NotNullWhen(false)] out TemplateFileError? error)
    {
        ArgumentNullException.ThrowIfNull(collector);
        error = null;
        try
        {
            var beside = path + ".new";
            using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
            {
                stream.Write(TemplateFileWriter.Write(collector.Domains));
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = new TemplateFileError(TemplateFileErrorKind.AccessFailed, $"{path}: the templates cannot be kept ({exception.Message.TrimEnd('.')}); check the folder and its space");
            return false;
        }
    }

    /// <summary>Takes a saved state into a collector that has seen nothing yet. Templates whose exporter has restarted meanwhile wait until it sends them again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="collector">The collector; unchanged when the file cannot be used.</param>
    /// <param name="error">Why it could not be used.</param>
    public static bool TryLoad(string path, FlowCollector collector, [NotNullWhen(false)] out TemplateFileError? error) => TryLoad(path, collector, _ => true, out error);

    /// <summary>As the other, but only of the exporters that are this collector's.</summary>
    internal static bool TryLoad(string path, FlowCollector collector, Func<HostAddress, bool> isOurs, [NotNullWhen(false)] out TemplateFileError? error)
    {
        ArgumentNullException.ThrowIfNull(collector);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                error = new TemplateFileError(TemplateFileErrorKind.NotFound, $"{path}: no templates kept yet; exporters send theirs within minutes");
                return false;
            }

            if (file.Length is var length && (length < Magic.Length + 4 + SHA256.HashSizeInBytes || length > MaxLength))
            {
                error = new TemplateFileError(TemplateFileErrorKind.NotATemplateFile, $"{path}: is no template file; delete it");
                return false;
            }

            return TryRead(File.ReadAllBytes(path), path, collector, isOurs, out error);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = new TemplateFileError(TemplateFileErrorKind.AccessFailed, $"{path}: cannot be read ({exception.Message.TrimEnd('.')}); check its permissions");
            return false;
        }
    }

    internal static bool TryRead(
        ReadOnlySpan<byte> content, string path, FlowCollector collector, Func<HostAddress, bool> isOurs, [NotNullWhen(false)] out TemplateFileError? error)
    {
        if (content.Length < Magic.Length + 4 + SHA256.HashSizeInBytes || !content.StartsWith(Magic))
        {
            error = new TemplateFileError(TemplateFileErrorKind.NotATemplateFile, $"{path}: is no template file of this version; delete it");
            return false;
        }

        var body = content[..^SHA256.HashSizeInBytes];
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(content[^SHA256.HashSizeInBytes..]) || !TemplateFileReader.TryRead(body[Magic.Length..], out var domains))
        {
            error = new TemplateFileError(TemplateFileErrorKind.Corrupt, $"{path}: is damaged; delete it, exporters send their templates again within minutes");
            return false;
        }

        foreach (var saved in domains.Where(saved => isOurs(saved.Key.Exporter.Address)))
            saved.Restore(collector);
        error = null;
        return true;
    }
}
