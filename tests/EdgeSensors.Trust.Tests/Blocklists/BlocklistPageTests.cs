using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.Trust.Tests.Blocklists;

/// <summary>docs/protocol.md says what the codec does.</summary>
public sealed class BlocklistPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "protocol.md"));

    [Fact]
    public void The_example_is_what_the_codec_writes()
    {
        var builder = new BlocklistBuilder();
        builder.Add(Prefix.Parse("192.0.2.1"), SampleBlocklists.C2, SampleBlocklists.Monday);
        builder.Add(Prefix.Parse("192.0.2.3"), SampleBlocklists.C2, SampleBlocklists.Monday);

        // Of each line, what stands before the words.
        var lines = Page[(Page.IndexOf("```hex", StringComparison.Ordinal) + 6)..].Split("```")[0].Split('\n');
        var hex = string.Concat(lines.Select(line => line.Split("   ")[0].Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(Convert.ToHexStringLower(builder.Build(7).ToSnapshot()), hex);
    }

    [Fact]
    public void The_bounds_are_those_of_the_code()
    {
        Assert.Equal((16 << 20, 4 << 20), (BlocklistBounds.MaxSnapshotOctets, BlocklistBounds.MaxDeltaOctets));
        Assert.Equal((4096, 4_194_304), (BlocklistBounds.MaxSections, BlocklistBounds.MaxEntries));
        Assert.Equal((128, 16, 7), (GapCode.GroupSize, GapCode.Escape, GapCode.ParameterBits));
    }
}
