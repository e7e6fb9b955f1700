using CsCheck;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Client;

public sealed class MetadataFuzzTests : ClientTest
{
    [Fact]
    public void Any_bytes_give_metadata_or_a_typed_error()
    {
        Repository.Delegate("targets", "control", "control/*");
        Repository.AddTarget("a", [1]);
        Repository.PublishTargets("control");
        Repository.PublishAll();
        byte[][] seeds = [.. Repository.MetadataFiles.Values];

        Mutation.Of(seeds).Sample(
            bytes => MetadataReader.TryReadRoot(bytes, 100_000, out _, out var e1) != (e1 is not null)
                && MetadataReader.TryReadTimestamp(bytes, 100_000, out _, out var e2) != (e2 is not null)
                && MetadataReader.TryReadSnapshot(bytes, 100_000, out _, out var e3) != (e3 is not null)
                && MetadataReader.TryReadTargets(bytes, 100_000, out _, out var e4) != (e4 is not null),
            iter: 10_000);
    }

    [Fact]
    public void A_repository_of_mutated_files_is_verified_or_refused_with_a_typed_error()
    {
        Repository.Delegate("targets", "control", "*/*");
        Repository.AddTarget("control/x", [1, 2, 3], "control");
        Repository.PublishTargets("control");
        Repository.PublishAll();
        Repository.PublishRoot();
        var good = new Dictionary<string, byte[]>(Repository.MetadataFiles, StringComparer.Ordinal);
        string[] names = ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "1.control.json"];
        byte[][] seeds = [.. names.Select(name => good[name])];

        Gen.Select(Gen.Int[0, names.Length - 1], Mutation.Of(seeds)).Sample(
            (which, bytes) =>
            {
                var store = new MemoryStore();
                foreach (var (name, file) in good)
                {
                    Repository.MetadataFiles[name] = file;
                }

                Repository.MetadataFiles[names[which]] = bytes;
                var refreshed = Repository.Client(store).RefreshAsync(Token).GetAwaiter().GetResult();
                TufError? error = null;
                var verified = refreshed.TryGet(out var repository, out error)
                    && repository.FetchTargetAsync("control/x", Token).GetAwaiter().GetResult().TryGet(out _, out error);

                // Nothing is stored that was not signed: each stored file is one of the good ones, white space aside.
                return verified == (error is null) && store.Files.All(file => good.Values.Any(known => SameSigned(known, file.Value)));
            },
            iter: 3000,
            threads: 1);
    }

    private static bool SameSigned(byte[] one, byte[] other)
    {
        using var a = System.Text.Json.JsonDocument.Parse(one);
        using var b = System.Text.Json.JsonDocument.Parse(other);
        return System.Text.Json.JsonElement.DeepEquals(a.RootElement.GetProperty("signed"), b.RootElement.GetProperty("signed"));
    }
}
