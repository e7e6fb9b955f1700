using System.Globalization;
using System.Text;
using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.Trust.Tests.Blocklists;

/// <summary>protocol/vectors/blocklist is what the firmware tests against: it must be just what the codec writes.</summary>
public sealed class BlocklistVectorTests
{
    private static readonly string Folder = Path.Combine(SharedData.Repository, "protocol", "vectors", "blocklist");

    [Fact]
    public void A_snapshot_vector_is_what_the_codec_writes() => Check("snapshot", SampleBlocklists.Base(), SampleBlocklists.Base().ToSnapshot());

    [Fact]
    public void A_delta_vector_is_what_the_codec_writes() => Check("delta", SampleBlocklists.Newer(), SampleBlocklists.Newer().DeltaFrom(SampleBlocklists.Base())!);

    [Fact]
    public void The_vectors_are_read()
    {
        Assert.True(Blocklist.TryRead(Read("snapshot"), out var older, out var error), error?.ToString());
        Assert.True(older.TryApply(Read("delta"), out var newer, out error), error?.ToString());
        Assert.Equal(SampleBlocklists.Entries(SampleBlocklists.Newer()), SampleBlocklists.Entries(newer));
    }

    private static byte[] Read(string name) => Convert.FromHexString(string.Concat(
        File.ReadLines(Path.Combine(Folder, name + ".hex")).Where(line => !line.StartsWith('#'))));

    private static void Check(string name, Blocklist holds, byte[] file)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# {name}: after it, version {holds.Version} with state {Convert.ToHexStringLower(holds.State)} holds\n");
        foreach (var section in holds.Sections)
        {
            text.Append(CultureInfo.InvariantCulture, $"# {section.Key.Category}, until {section.Key.NotAfter.Value}:");
            for (var i = 0; i < section.Count; i++)
            {
                text.Append(' ').Append(section[i]);
            }

            text.Append('\n');
        }

        foreach (var row in file.Chunk(32))
        {
            text.Append(Convert.ToHexStringLower(row)).Append('\n');
        }

        VectorFile.Check(Path.Combine(Folder, name + ".hex"), text.ToString());
    }
}
