using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Disk;

namespace EdgeSensors.Trust.Keys;

/// <summary>Key files in a folder of their own, named <c>{role}-{number}.key</c>.</summary>
internal static class KeyFolder
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Extension = ".key";
    private const int MaxFileBytes = 4096;

    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnlyFolder);
        }
    }

    /// <summary>Writes a key beside those that the role has already, and names its file.</summary>
    public static string Write(string folder, string role, Func<string, byte[]> write)
    {
        Create(folder);
        var number = 1;
        string path;
        while (File.Exists(path = Path.Combine(folder, $"{role}-{number}{Extension}")))
        {
            number++;
        }

        AtomicFile.Write(path, write(role), AtomicFile.OwnerOnly);
        AtomicFile.SyncDirectory(folder);
        return path;
    }

    /// <summary>The key files of some roles, or of all where none is named; empty when there is no folder.</summary>
    public static IEnumerable<string> Files(string folder, params IReadOnlyCollection<string> roles) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*" + Extension).Where(path => roles.Count == 0 || roles.Contains(RoleOf(path))).Order(StringComparer.Ordinal)
        : [];

    public static bool TryRead(string path, Passphrase? passphrase, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out KeyFileError? error)
    {
        key = null;
        try
        {
            return KeyFile.TryRead(Octets(path), path, passphrase, out key, out error);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = new KeyFileError(KeyFileFault.Unreadable, path, $"cannot be read: {exception.Message.TrimEnd('.')}");
            return false;
        }
    }

    public static KeyPlace? TryReadHeader(string path) => KeyFile.TryReadHeader(Octets(path), path);

    public static bool TryReadAll(
        string folder,
        IReadOnlyCollection<string> roles,
        Passphrase? passphrase,
        [NotNullWhen(true)] out KeyRing? keys,
        [NotNullWhen(false)] out KeyFileError? error)
    {
        var ring = new KeyRing();
        try
        {
            foreach (var path in Files(folder, roles))
            {
                if (!TryRead(path, passphrase, out var key, out error))
                {
                    ring.Dispose();
                    keys = null;
                    return false;
                }

                ring.Add(key);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            ring.Dispose();
            keys = null;
            error = new KeyFileError(KeyFileFault.Unreadable, folder, $"cannot be read: {exception.Message.TrimEnd('.')}");
            return false;
        }

        keys = ring;
        error = null;
        return true;
    }

    private static byte[] Octets(string path) => new FileInfo(path).Length <= MaxFileBytes ? File.ReadAllBytes(path) : [];

    private static string RoleOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return name.LastIndexOf('-') is > 0 and var dash ? name[..dash] : name;
    }
}
