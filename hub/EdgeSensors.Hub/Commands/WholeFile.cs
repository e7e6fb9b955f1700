namespace EdgeSensors.Hub.Commands;

/// <summary>Replaces a file so that after a kill the old one or the new one is there, whole.</summary>
internal static class WholeFile
{
    private const string Temporary = ".tmp";

    public static void Write(string path, byte[] bytes) => Write(path, bytes, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write });

    /// <summary>Likewise, readable by its owner only.</summary>
    public static void WritePrivate(string path, byte[] bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        File.Delete(path + Temporary); // one that a kill left may be readable by others
        Write(path, bytes, options);
    }

    private static void Write(string path, byte[] bytes, FileStreamOptions options)
    {
        var temporary = path + Temporary;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
