using EdgeSensors.Protocol.Tests.Cddl;

namespace EdgeSensors.Protocol.Tests.Vectors;

/// <summary>protocol/vectors is what the firmware and any other implementation test against: it must be just what the codec writes.</summary>
public class VectorTests
{
    public static TheoryData<string> Names => [.. SampleMessages.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_what_the_codec_writes(string name)
    {
        var (rule, cbor) = SampleMessages.All[name];
        VectorFile.Check(name, rule, cbor, cbor);
    }

    [Fact]
    public void No_vector_is_left_over() =>
        Assert.Equal(SampleMessages.All.Keys.Order(), Directory.GetFiles(Path.Combine(VectorFile.Protocol, "vectors"), "*.hex").Select(Path.GetFileNameWithoutExtension).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_what_the_schema_says(string name)
    {
        var schema = new CddlSchema(File.ReadAllText(Path.Combine(VectorFile.Protocol, "edgesensors.cddl")));
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
}
