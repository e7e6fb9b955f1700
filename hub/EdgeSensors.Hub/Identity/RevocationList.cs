using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.Hub.Identity;

/// <summary>
/// Whose certificates count no more: of a sensor, a person or an overseer, all that were issued before a moment. A file of one line each, unit, name and Unix seconds; a change counts from the next
/// handshake, request or message on. A file that cannot be read lets nobody in.
/// </summary>
/// <param name="path">The file; nobody is revoked where there is none.</param>
internal sealed class RevocationList(string path)
{
    private sealed record Read(DateTime WrittenAt, long Length, IReadOnlyDictionary<(string Unit, string Name), long>? Lines);

    private Read? _read;

    /// <summary>Where it lies, beside the authority's certificate.</summary>
    public static string PathBeside(string authority) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(authority))!, "revoked");

    public bool IsRevoked(X509Certificate2 certificate) => Lines() is not { Count: 0 } && (Credential.Of(certificate) is not { } credential || IsRevoked(credential));

    public bool IsRevoked(Credential credential) =>
        Lines() is not { } lines || (lines.TryGetValue(credential.Identity.Subject, out var before) && credential.IssuedAt.ToUnixTimeSeconds() <= before);

    /// <summary>The file with one more line.</summary>
    public static string With(string text, (string Unit, string Name) subject, DateTimeOffset now) =>
        text + string.Create(CultureInfo.InvariantCulture, $"{subject.Unit} {subject.Name} {now.ToUnixTimeSeconds()}\n");

    private IReadOnlyDictionary<(string Unit, string Name), long>? Lines()
    {
        try
        {
            var file = new FileInfo(path);
            var known = Volatile.Read(ref _read);
            if (!file.Exists)
            {
                return new Dictionary<(string, string), long>();
            }

            if (known is null || known.WrittenAt != file.LastWriteTimeUtc || known.Length != file.Length)
            {
                known = new Read(file.LastWriteTimeUtc, file.Length, Parse(File.ReadLines(path)));
                Volatile.Write(ref _read, known);
            }

            return known.Lines;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static Dictionary<(string Unit, string Name), long>? Parse(IEnumerable<string> lines)
    {
        var read = new Dictionary<(string Unit, string Name), long>();
        foreach (var line in lines)
        {
            if (line.Split(' ') is not [var unit, var name, var seconds] || !long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var before))
            {
                return null;
            }

            read[(unit, name)] = Math.Max(before, read.GetValueOrDefault((unit, name)));
        }

        return read;
    }
}
