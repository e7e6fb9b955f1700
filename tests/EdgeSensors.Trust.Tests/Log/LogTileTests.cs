using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

public sealed class LogTileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 1234067, 256, "tile/0/x001/x234/067")] // C2SP tlog-tiles, "Merkle Tree"
    [InlineData(1, 0, 17, "tile/1/000.p/17")]
    [InlineData(null, 999, 1, "tile/entries/999.p/1")]
    [InlineData(0, 1000, 256, "tile/0/x001/000")]
    public void A_tile_is_named_as_the_specification_has_it(int? level, long index, int width, string path)
    {
        Assert.Equal(path, new LogTile(level, index, width).ToString());
        Assert.True(LogTile.TryParse(path["tile/".Length..], out var tile));
        Assert.Equal(new LogTile(level, index, width), tile);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("64/000")]
    [InlineData("00/000")]
    [InlineData("0/00")]
    [InlineData("0/x000/000")]
    [InlineData("0/001/000")]
    [InlineData("0/000.p/0")]
    [InlineData("0/000.p/256")]
    [InlineData("0/000.p/01")]
    [InlineData("0/000.p")]
    [InlineData("0/.p/1")]
    [InlineData("entries")]
    [InlineData("entries/../000")]
    public void Another_path_is_refused(string path) => Assert.False(LogTile.TryParse(path, out _));

    [Fact]
    public void The_frontier_has_the_roots_of_the_tree()
    {
        using var log = new SampleLog().Fill(300);
        var frontier = new MerkleFrontier();
        for (var size = 0; size <= 300; size++)
        {
            Assert.Equal(log.Prover.Root(size), frontier.Root());
            frontier.Append(MerkleTree.LeafHash(System.Text.Encoding.ASCII.GetBytes($"entry {size}")));
        }
    }

    [Fact]
    public async Task A_follower_takes_only_what_hashes_to_the_checkpoint()
    {
        using var log = new SampleLog().Fill(700);
        var entries = Enumerable.Range(0, 700).Select(i => System.Text.Encoding.ASCII.GetBytes($"entry {i}")).ToArray();
        Task<FetchOutcome> Fetch(string path, long max, CancellationToken cancellation)
        {
            Assert.True(LogTile.TryParse(path["tile/".Length..], out var tile));
            return Task.FromResult(new FetchOutcome(FetchStatus.Fetched, LogTile.WriteBundle([.. entries.Skip((int)tile.Index * 256).Take(tile.Width)]), ""));
        }

        var follower = new LogFollower(Fetch);
        var early = Checkpoint.Sign(log.Signer, 300, log.Prover.Root(300));
        Assert.Equal(300, (await follower.ReadEntriesAsync(early, Token)).Entries.Count);
        entries[10] = "another"u8.ToArray(); // read before, so not noticed...
        Assert.Equal(400, (await follower.ReadEntriesAsync(log.Head(), Token)).Entries.Count);
        Assert.NotNull((await new LogFollower(Fetch).ReadEntriesAsync(log.Head(), Token)).Error); // ...but by one who comes anew
        Assert.NotNull((await follower.ReadEntriesAsync(early, Token)).Error);
    }
}
