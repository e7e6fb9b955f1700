using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Hub.Tests.Drill;

/// <summary>Somebody with some of the hub's keys and a copy of all that is public, who brings sensors their updates from a server of his own, over TLS that they believe.</summary>
internal sealed class Thief : IAsyncDisposable
{
    private readonly TestHub _hub;
    private readonly string _folder = Directory.CreateTempSubdirectory("thief-").FullName;
    private readonly List<IMetadataSigner> _keys = [];
    private WebApplication? _server;
    private LogStore? _log;
    private SqliteDecisionStore? _decisions;

    private Thief(TestHub hub) => _hub = hub;

    /// <summary>Where he serves.</summary>
    public int Port { get; private set; }

    /// <summary>The log's key, where he has it.</summary>
    public NoteSigner? LogKey { get; private set; }

    /// <summary>The witness's key, where he has it.</summary>
    public NoteSigner? WitnessKey { get; private set; }

    private string Metadata => Path.Combine(_folder, "repository", "metadata");

    /// <summary>Steals keys: of the online roles by name, of the <c>log</c>, of the <c>witness</c>.</summary>
    public static async Task<Thief> StealAsync(TestHub hub, params string[] keys)
    {
        var thief = new Thief(hub);
        foreach (var place in KeyPlace.In(hub.Configuration.Trust.OnlineKeys).Where(place => keys.Contains(place.Role)))
        {
            Assert.True(OfflineKeys.TryOpenOne(place.Path, null, out var key, out var fault), fault?.ToString());
            thief._keys.Add(key);
        }

        if (keys.Contains("log"))
        {
            Assert.True(NoteSigner.TryLoad(hub.Configuration.Transparency.KeyFolder, null, "hub.example/log", NoteKeyKind.Ed25519, out var log, out var fault), fault?.ToString());
            thief.LogKey = log;
        }

        if (keys.Contains("witness"))
        {
            Assert.True(NoteSigner.TryLoad(hub.Witness.KeyFolder, null, TestWitness.Name, NoteKeyKind.Cosignature, out var witness, out var fault), fault?.ToString());
            thief.WitnessKey = witness;
        }

        await thief.CopyPublicAsync(unshown: true);
        await thief.ServeAsync();
        return thief;
    }

    /// <summary>Takes what is public now in the place of what he had; where it says so, with what the hub has signed and does not show yet.</summary>
    public async Task CopyPublicAsync(bool unshown = false)
    {
        if (!unshown)
        {
            var metadata = Path.Combine(_hub.Configuration.Trust.Repository, "metadata");
            await TestHub.EventuallyAsync(() => Task.FromResult(File.Exists(Path.Combine(metadata, $"{Version(Signed(Path.Combine(metadata, "timestamp.json")))}.timestamp.tlog-proof"))));
        }

        var from = _hub.Configuration.Trust.Repository;
        if (Directory.Exists(Path.Combine(_folder, "repository")))
        {
            Directory.Delete(Path.Combine(_folder, "repository"), recursive: true);
        }

        // The timestamp first: all that it names is there, whatever is published meanwhile.
        var files = Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(path => Path.GetExtension(path) is not (".tmp" or ".lock"));
        foreach (var path in files.ToList().Prepend(Path.Combine(from, "metadata", "timestamp.json")))
        {
            var to = Path.Combine(_folder, "repository", Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (!File.Exists(to))
            {
                File.Copy(path, to);
            }
        }
    }

    /// <summary>Publishes in his copy as the hub would; what his keys do not suffice for is an error.</summary>
    public RepositoryResult<Publication> Publish(RepositoryChange change)
    {
        Assert.True(TufRepository.Open(Path.Combine(_folder, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        var ring = new KeyRing();
        _keys.ForEach(ring.Add);
        return repository.Publish(change, ring);
    }

    /// <summary>Rewrites a role of his copy, signs it with every key that he has, and puts it there as the newest; snapshot and timestamp follow.</summary>
    public void Forge(string role, Action<JsonObject> change)
    {
        var file = Rewrite(role, change);
        if (role is "timestamp" or "root")
        {
            return;
        }

        if (role != "snapshot")
        {
            file = Rewrite("snapshot", signed =>
            {
                signed["version"] = Version(signed) + 1;
                signed["meta"]!.AsObject()[$"{role}.json"] = Meta(file);
            });
        }

        Rewrite("timestamp", signed =>
        {
            signed["version"] = Version(signed) + 1;
            signed["meta"]!.AsObject()["snapshot.json"] = Meta(file);
        });
    }

    /// <summary>Changes octets of a file without signing or naming them anew.</summary>
    public void Alter(string role, Action<JsonObject> change) => Rewrite(role, change);

    /// <summary>Puts an old timestamp, with the proof that it had, in the newest's place.</summary>
    public void Replay(long version) =>
        File.Copy(Path.Combine(Metadata, $"{version}.timestamp.json"), Path.Combine(Metadata, "timestamp.json"), overwrite: true);

    /// <summary>Has the real witness see what he published, by the log's stolen key. Null, or why it did not.</summary>
    public async Task<string?> LogAsync()
    {
        Assert.True(TufRepository.Open(Path.Combine(_folder, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        _decisions ??= new SqliteDecisionStore(Path.Combine(_folder, "decisions.db"));
        using var http = new HttpClient();
        using var sequencer = new Sequencer(Log, repository, _decisions, LogKey!, [new WitnessClient(_hub.Witness.Url, http)], NullLogger<Sequencer>.Instance);
        await sequencer.RunAsync(TestContext.Current.CancellationToken);
        return sequencer.Behind;
    }

    /// <summary>Appends to the log what the hub never will, and has the witness cosign it.</summary>
    public async Task<string?> GrowLogAsync()
    {
        var head = Log.Append([NewEntry.Salted($"thief/{Log.Size}", LogEntryKind.Document, "junk", [1, 2, 3])], LogKey!);
        using var http = new HttpClient();
        var (_, error) = await new WitnessClient(_hub.Witness.Url, http).CosignAsync(head, size => Log.Consistency(size, Log.Size), TestContext.Current.CancellationToken);
        return error;
    }

    /// <summary>Proves his newest timestamp in a log that no witness follows, with what he has of keys.</summary>
    public void Prove()
    {
        var bytes = File.ReadAllBytes(Path.Combine(Metadata, "timestamp.json"));
        var version = Version(Signed(Path.Combine(Metadata, "timestamp.json")));
        using var own = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
        var path = Path.Combine(_folder, $"proof-{Guid.NewGuid():n}.db");
        using var store = new LogStore(path);
        var head = store.Append([new NewEntry("a", LogEntry.OfMetadata(bytes), bytes)], LogKey ?? own);
        if (WitnessKey is not null)
        {
            head = head.WithCosignatures(WitnessKey.Cosign(head, TimeProvider.System.GetUtcNow()), [WitnessKey.Key]);
        }

        File.WriteAllBytes(Path.Combine(Metadata, $"{version}.timestamp.tlog-proof"), LogProof.Of(0, store.Inclusion(0, 1), head).ToBytes());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _log?.Dispose();
        _decisions?.Dispose();
        LogKey?.Dispose();
        WitnessKey?.Dispose();
        _keys.ForEach(key => key.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    // The log's entries are the overseers' to read, so he has them.
    private LogStore Log => _log ??= CopyLog();

    private Checkpoint Head(NoteSigner signer) => Checkpoint.Sign(signer, Log.Size, Log.Root(Log.Size));

    private LogStore CopyLog()
    {
        var copy = Path.Combine(_folder, "log.db");
        using (var from = SqliteSchema.Connect(Path.Combine(_hub.Configuration.Transparency.Folder, "log.db"), readOnly: true))
        using (var to = SqliteSchema.Connect(copy, readOnly: false))
        {
            from.BackupDatabase(to);
        }

        return new LogStore(copy);
    }

    private byte[] Rewrite(string role, Action<JsonObject> change)
    {
        var signed = Signed(PathOf(role));
        change(signed);
        var canonical = Canonical(signed);
        var signatures = new JsonArray([.. _keys.Select(key => new JsonObject
        {
            ["keyid"] = key.PublicKey.Id, ["sig"] = Convert.ToHexStringLower(key.Sign(Encoding.UTF8.GetBytes(canonical))),
        })]);
        var file = Encoding.UTF8.GetBytes($"{{\"signatures\":{Canonical(signatures)},\"signed\":{canonical}}}");
        File.WriteAllBytes(Path.Combine(Metadata, string.Create(CultureInfo.InvariantCulture, $"{Version(signed)}.{role}.json")), file);
        if (role == "timestamp")
        {
            File.WriteAllBytes(Path.Combine(Metadata, "timestamp.json"), file);
        }

        return file;
    }

    private string PathOf(string role)
    {
        var timestamp = Path.Combine(Metadata, "timestamp.json");
        if (role == "timestamp")
        {
            return timestamp;
        }

        if (role == "root")
        {
            return Directory.GetFiles(Metadata, "*.root.json").MaxBy(path => long.Parse(Path.GetFileName(path).Split('.')[0], CultureInfo.InvariantCulture))!;
        }

        var snapshot = Path.Combine(Metadata, $"{Version(Signed(timestamp)["meta"]!["snapshot.json"]!)}.snapshot.json");
        return role == "snapshot" ? snapshot : Path.Combine(Metadata, $"{Version(Signed(snapshot)["meta"]![$"{role}.json"]!)}.{role}.json");
    }

    private static JsonObject Signed(string path) => JsonNode.Parse(File.ReadAllBytes(path))!["signed"]!.DeepClone().AsObject();

    private static long Version(JsonNode node) => node["version"]!.GetValue<long>();

    private static JsonObject Meta(byte[] file)
    {
        var version = JsonNode.Parse(file)!["signed"]!["version"]!.GetValue<long>();
        return new JsonObject
        {
            ["hashes"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)) },
            ["length"] = file.Length,
            ["version"] = version,
        };
    }

    // OLPC canonical JSON of ASCII texts and integers, written here by another hand than the one under test.
    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject map => $"{{{string.Join(',', map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"\"{pair.Key}\":{Canonical(pair.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Canonical))}]",
        JsonValue value when value.TryGetValue<string>(out var text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        _ => node!.ToJsonString(),
    };

    private async Task ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        var certificate = TestHub.Load(_hub.Authority.IssueServer(["localhost"], TimeSpan.FromDays(1)));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => options.UseHttps(certificate)));
        _server = builder.Build();
        // Read from disk each time: the folder is replaced as a whole.
        _server.MapGet("/tuf/{**path}", (string path) => File.Exists(Path.Combine(_folder, "repository", path))
            ? Results.Bytes(File.ReadAllBytes(Path.Combine(_folder, "repository", path)))
            : Results.NotFound());
        await _server.StartAsync();
        Port = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }
}
