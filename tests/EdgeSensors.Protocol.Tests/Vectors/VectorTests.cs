using System.Text;
using EdgeSensors.Protocol.Tests.Cddl;

namespace EdgeSensors.Protocol.Tests.Vectors;

/// <summary>protocol/vectors is what the firmware and any other implementation test against: it must be just what the codec writes.</summary>
public class VectorTests
{
    private static readonly string Protocol = Path.Combine(Repository(), "protocol");

    public static TheoryData<string> Names => [.. SampleMessages.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_what_the_codec_writes(string name)
    {
        var expected = Render(SampleMessages.All[name].Rule, SampleMessages.All[name].Cbor);
        var path = Path.Combine(Protocol, "vectors", name + ".hex");
        if (Environment.GetEnvironmentVariable("EDGESENSORS_WRITE_VECTORS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void No_vector_is_left_over() =>
        Assert.Equal(SampleMessages.All.Keys.Order(), Directory.GetFiles(Path.Combine(Protocol, "vectors"), "*.hex").Select(Path.GetFileNameWithoutExtension).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_what_the_schema_says(string name)
    {
        var schema = new CddlSchema(File.ReadAllText(Path.Combine(Protocol, "edgesensors.cddl")));
        var (rule, cbor) = SampleMessages.All[name];
        Assert.Null(schema.Check(rule, CddlValue.Read(cbor)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_read_and_written_again_without_change(string name)
    {
        var (rule, cbor) = SampleMessages.All[name];
        if (rule != "will")
        {
            Assert.Equal(cbor, Codec.DecodeAndEncode(rule, cbor));
        }
    }

    private static string Render(string rule, byte[] cbor)
    {
        var text = new StringBuilder($"# {rule}\n");
        foreach (var line in DiagnosticNotation.Of(cbor).Split('\n'))
        {
            text.Append("# ").Append(line).Append('\n');
        }

        foreach (var row in cbor.Chunk(32))
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
