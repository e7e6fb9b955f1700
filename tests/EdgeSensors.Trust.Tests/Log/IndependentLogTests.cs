using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

/// <summary>
/// Both ways between this implementation and one that was not written here: the Go project's (golang.org/x/mod/sumdb, Debian packages golang-go and
/// golang-golang-x-mod-dev), which C2SP's formats were written down from. The program is independent/main.go.
/// </summary>
public sealed class IndependentLogTests : IDisposable
{
    private const string Library = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(700)]
    public async Task Gos_implementation_verifies_our_checkpoints_cosignatures_tiles_entries_and_proofs(int size)
    {
        using var log = new SampleLog().Fill(size);
        var head = log.Head(0);
        Write("log.vkey", log.Signer.Key.ToString());
        Write("witness.vkey", log.Witnesses[0].Key.ToString());
        await File.WriteAllBytesAsync(_folder["checkpoint"], head.ToBytes(), Token);
        foreach (var index in new long[] { 0, size / 3, size / 2, size - 1 })
        {
            await File.WriteAllBytesAsync(_folder[string.Create(CultureInfo.InvariantCulture, $"{index}.tlog-proof")], log.Prove(index, 0).ToBytes(), Token);
        }

        for (var first = 0; first < size; first += LogTile.FullWidth)
        {
            var width = Math.Min(LogTile.FullWidth, size - first);
            var entries = Enumerable.Range(first, width).Select(i => System.Text.Encoding.ASCII.GetBytes($"entry {i}")).ToList();
            WriteTile(new LogTile(null, first / LogTile.FullWidth, width), LogTile.WriteBundle(entries));
            WriteTile(new LogTile(0, first / LogTile.FullWidth, width), [.. entries.SelectMany(entry => MerkleTree.LeafHash(entry))]);
        }

        var whole = size / LogTile.FullWidth;
        if (whole > 0)
        {
            WriteTile(new LogTile(1, 0, whole), [.. Enumerable.Range(0, whole).SelectMany(i => Root(i * LogTile.FullWidth, LogTile.FullWidth))]);
        }

        Write("consistency", string.Concat(Enumerable.Range(1, size).Select(old =>
            $"{old} {Convert.ToBase64String(log.Prover.Root(old))} {string.Join(' ', log.Prover.Consistency(old, size).Select(Convert.ToBase64String))}\n")));

        Assert.StartsWith($"verified {size} entries", await RunAsync("verify", _folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_implementation_verifies_what_Gos_writes()
    {
        const int Size = 45;
        await RunAsync("write", _folder.Path, $"{Size}");

        Assert.True(NoteKey.TryParse(File.ReadAllText(_folder["log.vkey"]).Trim(), out var key));
        Checkpoint? head = null;
        for (var index = 0; index < Size; index++)
        {
            Assert.True(LogProof.TryParse(await File.ReadAllBytesAsync(_folder[$"{index}.tlog-proof"], Token), out var proof, out var error), error?.ToString());
            Assert.True(proof.Checkpoint.IsSignedBy(key));
            head = proof.Checkpoint;
            var leaf = MerkleTree.LeafHash(System.Text.Encoding.ASCII.GetBytes($"entry {index}"));
            Assert.True(MerkleTree.IsIncluded(proof.Index, head.Size, leaf, proof.Hashes, head.Root.Span));
        }

        foreach (var line in await File.ReadAllLinesAsync(_folder["consistency"], Token))
        {
            var fields = line.Split(' ');
            Assert.True(MerkleTree.IsConsistent(
                long.Parse(fields[0], CultureInfo.InvariantCulture), Convert.FromBase64String(fields[1]), Size, head!.Root.Span, [.. fields[2..].Select(Convert.FromBase64String)]));
        }
    }

    private static byte[] Root(int first, int count)
    {
        var frontier = new MerkleFrontier();
        for (var i = first; i < first + count; i++)
        {
            frontier.Append(MerkleTree.LeafHash(System.Text.Encoding.ASCII.GetBytes($"entry {i}")));
        }

        return frontier.Root();
    }

    private void Write(string name, string text) => File.WriteAllText(_folder[name], text);

    private void WriteTile(LogTile tile, byte[] octets)
    {
        var path = _folder[tile.ToString()];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, octets);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(Directory.Exists(Library) && File.Exists("/usr/bin/go"), "Go and its library are not installed (Debian: golang-go, golang-golang-x-mod-dev)");
        var start = new ProcessStartInfo("/usr/bin/go", ["run", Path.Combine(SharedData.Repository, "tests/EdgeSensors.Trust.Tests/Log/independent/main.go"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPATH"] = "/usr/share/gocode";
        start.Environment["GOFLAGS"] = "";
        start.Environment["GOCACHE"] = Path.Combine(Path.GetTempPath(), "edgesensors-go-cache");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0, await error);
        return output;
    }
}
