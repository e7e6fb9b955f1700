namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Files that are there whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes one; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> octets)
    {
        var unfinished = path + ".part";
        using (var file = File.Create(unfinished))
        {
            file.Write(octets.Span);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}
