namespace EdgeSensors.Hub.Commands;

/// <summary>Replaces a file so that after a kill the old one or the new one is there, whole.</summary>
internal static class WholeFile
{
    public static void Write(string path, byte[] bytes)
    {
        var temporary = path + ".tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
