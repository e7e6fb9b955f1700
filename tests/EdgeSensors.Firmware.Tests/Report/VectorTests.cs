using System.Formats.Cbor;
using System.Globalization;
using EdgeSensors.Firmware.Tests.Conformance;
using CborWriter = EdgeSensors.Firmware.Report.CborWriter;

namespace EdgeSensors.Firmware.Tests.Report;

/// <summary>The tap's hand-written encoding against the vectors that agent and hub are tested with.</summary>
public class VectorTests
{
    public static TheoryData<string> Vectors =>
        [.. Directory.EnumerateFiles(Path.Combine(DeviceBuild.Root, "protocol", "vectors"), "*.hex").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void What_a_vector_says_is_written_with_the_vectors_octets(string name)
    {
        byte[] vector = Read(name);
        CborReader reader = new(vector, CborConformanceMode.Strict);
        CborWriter writer = new(new byte[16_384]);
        Copy(reader, writer, key: false);
        Assert.False(writer.Overflowed);
        Assert.Equal(Convert.ToHexString(vector), Convert.ToHexString(writer.Buffer, 0, writer.Length));
    }

    [Fact]
    public void A_buffer_too_small_by_any_amount_is_said_to_be_and_never_passed()
    {
        byte[] vector = Read("report-concern.hex");
        for (int size = 0; size < vector.Length; size++)
        {
            CborWriter writer = new(new byte[size]);
            Copy(new CborReader(vector, CborConformanceMode.Strict), writer, key: false);
            Assert.True(writer.Overflowed);
            Assert.True(writer.Length <= size);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue + 1L)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(-24)]
    [InlineData(-25)]
    [InlineData(-257)]
    [InlineData(long.MinValue)]
    public void An_integer_is_as_short_as_it_can_be(long value)
    {
        CborWriter writer = new(new byte[16]);
        writer.Int(value);
        System.Formats.Cbor.CborWriter expected = new(CborConformanceMode.Canonical);
        expected.WriteInt64(value);
        Assert.Equal(expected.Encode(), writer.Buffer[..writer.Length]);
    }

    private static byte[] Read(string name)
    {
        IEnumerable<string> lines = File.ReadLines(Path.Combine(DeviceBuild.Root, "protocol", "vectors", name)).Where(l => !l.StartsWith('#'));
        return Convert.FromHexString(string.Concat(lines).Replace(" ", "", StringComparison.Ordinal));
    }

    private static void Copy(CborReader reader, CborWriter writer, bool key)
    {
        switch (reader.PeekState())
        {
            case CborReaderState.StartMap:
                int? entries = reader.ReadStartMap();
                writer.BeginMap();
                for (int i = 0; i < entries; i++)
                {
                    Copy(reader, writer, key: true);
                    Copy(reader, writer, key: false);
                }

                reader.ReadEndMap();
                writer.EndMap();
                break;
            case CborReaderState.StartArray:
                int items = reader.ReadStartArray()!.Value;
                writer.BeginArray(items);
                for (int i = 0; i < items; i++)
                {
                    Copy(reader, writer, key: false);
                }

                reader.ReadEndArray();
                break;
            case CborReaderState.TextString:
                writer.Text(reader.ReadTextString());
                break;
            case CborReaderState.ByteString:
                byte[] octets = reader.ReadByteString();
                writer.Bytes(octets, 0, octets.Length);
                break;
            case CborReaderState.Boolean:
                Assert.True(reader.ReadBoolean());
                writer.True();
                break;
            case CborReaderState.UnsignedInteger when !key:
                writer.UInt(reader.ReadUInt64());
                break;
            default:
                long value = reader.ReadInt64();
                if (key)
                {
                    writer.Key(int.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
                }
                else
                {
                    writer.Int(value);
                }

                break;
        }
    }
}
