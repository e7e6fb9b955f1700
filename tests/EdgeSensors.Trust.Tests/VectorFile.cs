namespace EdgeSensors.Trust.Tests;

/// <summary>A file of protocol/vectors that a test writes anew when asked to, and compares otherwise.</summary>
internal static class VectorFile
{
    public static void Check(string path, string expected)
    {
        if (Environment.GetEnvironmentVariable("EDGESENSORS_WRITE_VECTORS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }
}
