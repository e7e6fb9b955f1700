using System.Diagnostics;
using System.Text;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Tests.Log;

namespace EdgeSensors.Trust.Tests.Repository;

/// <summary>A client that was not written here, tuf-js of npm, reads what we publish: peer/read.js.</summary>
public sealed class PeerClientTests : IDisposable
{
    private const string Package = "tuf-js@3.1.0";

    private readonly Foundation _foundation = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string FirstRoot => Path.Combine(_foundation.Repository.MetadataDirectory, "1.root.json");

    public void Dispose() => _foundation.Dispose();

    [Fact]
    public async Task It_follows_a_rotation_and_a_witness_policy_and_reads_a_delegated_target()
    {
        var modules = await InstallAsync();
        using var keys = _foundation.All();
        using var log = new SampleLog();
        using var next = SigningKey.Create();
        keys.Add(next);
        _foundation.Publish(new RepositoryChange().SetWitnessPolicy(log.Policy(1)).Set(_foundation.Grant()), keys);
        _foundation.Publish(new RepositoryChange().ReplaceKeys("timestamp", [next.PublicKey], 1), keys);

        var (code, output, error) = await ReadAsync(modules, "mitigations/national-soc/scanners.json");
        Assert.True(code == 0, error);
        Assert.Equal(Encoding.UTF8.GetString(_foundation.Grant().ToCanonicalJson()), output);
    }

    [Fact]
    public async Task It_reads_what_was_signed_elsewhere_after_every_kind_of_key_was_exchanged()
    {
        var modules = await InstallAsync();
        using var keys = _foundation.All();
        SigningKey[] fresh = [.. Enumerable.Range(0, 7).Select(_ => SigningKey.Create())];
        fresh.ToList().ForEach(keys.Add);
        var isp = Protocol.OperatorId.Parse("isp-a");
        Sign(new RepositoryChange()
            .ReplaceKeys("root", [fresh[0].PublicKey, fresh[1].PublicKey], 2)
            .ReplaceKeys("targets", [fresh[2].PublicKey], 1)
            .ReplaceKeys("snapshot", [fresh[3].PublicKey], 1)
            .ReplaceKeys("timestamp", [fresh[4].PublicKey], 1));
        Sign(new RepositoryChange().Delegate(RoleDelegation.Control(fresh[5].PublicKey)));
        Sign(new RepositoryChange().Delegate(RoleDelegation.Mitigations(isp, fresh[6].PublicKey) with { AwaitsItsSigner = true }));
        var grant = _foundation.Grant() with { Issuer = isp };
        Sign(new RepositoryChange().Set(grant));

        var (code, output, error) = await ReadAsync(modules, grant.TargetName);
        Assert.True(code == 0, error);
        Assert.Equal(Encoding.UTF8.GetString(grant.ToCanonicalJson()), output);

        void Sign(RepositoryChange change)
        {
            Assert.True(_foundation.Repository.Prepare(change, "").TryGet(out var request, out var refused), refused?.ToString());
            foreach (var key in keys.Of(keys.KeyIds))
            {
                request = request.TrySign(key, out var next, out _, out _) ? next : request;
            }

            Assert.True(_foundation.Repository.Apply(request, keys).TryGet(out _, out refused), refused?.ToString());
        }
    }

    [Fact]
    public async Task It_refuses_a_target_that_was_changed()
    {
        var modules = await InstallAsync();
        var rules = Directory.GetFiles(Path.Combine(_foundation.Repository.TargetsDirectory, "control")).Single();
        File.WriteAllText(rules, File.ReadAllText(rules).Replace("\"revision\":0", "\"revision\":9", StringComparison.Ordinal));

        var (code, _, error) = await ReadAsync(modules, TargetNames.Rules);
        Assert.Equal(1, code);
        Assert.Contains("hash", error, StringComparison.OrdinalIgnoreCase);
    }

    private Task<(int Code, string Output, string Error)> ReadAsync(string modules, string target) => RunAsync(
        "node", modules, Path.Combine(SharedData.Repository, "tests/EdgeSensors.Trust.Tests/Repository/peer/read.js"), _foundation.Folders.Repository, FirstRoot, target, _foundation.Folder["work"]);

    // Once a machine; where npm or its registry is not there, the tests are skipped.
    private static async Task<string> InstallAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), "edgesensors-" + Package.Replace('@', '-'));
        var modules = Path.Combine(folder, "node_modules");
        var done = Path.Combine(folder, "done");
        if (!File.Exists(done))
        {
            var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
            Assert.SkipUnless(path.Any(part => File.Exists(Path.Combine(part, "npm"))), "npm is not installed");
            Directory.CreateDirectory(folder);
            var (code, _, error) = await RunAsync("npm", modules, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", Package);
            Assert.SkipUnless(code == 0, $"npm does not get {Package}: {error.Split('\n')[0]}");
            await File.WriteAllTextAsync(done, "", Token);
        }

        return modules;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string program, string modules, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NODE_PATH"] = modules;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, output, await error);
    }
}
