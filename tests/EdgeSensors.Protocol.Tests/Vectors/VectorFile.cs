using System.Text;

namespace EdgeSensors.Protocol.Tests.Vectors;

/// <summary>A file of protocol/vectors: diagnostic notation as comment, octets as hex.</summary>
internal static class VectorFile
{
    public static string Protocol { get; } = Path.Combine(Repository(), "protocol");

    /// <summary>Asserts that a file is just what it would be written as; with EDGESENSORS_WRITE_VECTORS=1 writes it before.</summary>
    public static void Check(string name, string heading, ReadOnlyMemory<byte> cbor, byte[] octets)
    {
        var expected = Render(heading, cbor, octets);
        var path = Path.Combine(Protocol, "vectors", name + ".hex");
        if (Environment.GetEnvironmentVariable("EDGESENSORS_WRITE_VECTORS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    private static string Render(string heading, ReadOnlyMemory<byte> cbor, byte[] octets)
    {
        var text = new StringBuilder($"# {heading}\n");
        foreach (var line in DiagnosticNotation.Of(cbor).Split('\n'))
        {
            text.Append("# ").Append(line).Append('\n');
        }

        foreach (var row in octets.Chunk(32))
        {
            text.Append(Convert.ToHexStringLower(row)).Append('\n');
        }

        return text.ToString();
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeSensors.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not below the solution.");
        }

        return folder;
    }
}
