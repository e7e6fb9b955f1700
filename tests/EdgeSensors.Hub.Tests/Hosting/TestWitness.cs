extern alias witness;
using System.Net;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using witness::EdgeSensors.Witness;
using witness::EdgeSensors.Witness.Configuration;
using witness::EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>The real witness, in this process, in a folder of its own on free ports.</summary>
internal sealed class TestWitness : IAsyncDisposable
{
    public const string Name = "oversight.example/w1";

    private readonly string _folder;
    private readonly WitnessConfiguration _configuration;
    private WitnessHost? _host;

    private TestWitness(string folder, WitnessConfiguration configuration, NoteKey key)
    {
        _folder = folder;
        _configuration = configuration;
        Key = key;
    }

    public NoteKey Key { get; }

    public string KeyFolder => _configuration.Key;

    public Uri Url => new($"http://{_configuration.Listen}/");

    public Uri View => new($"http://{_configuration.View}/");

    public LogCard Card => new(Key, Url);

    /// <summary>Makes a witness that trusts nobody yet.</summary>
    public static TestWitness Make(string name = Name)
    {
        var folder = Directory.CreateTempSubdirectory("witness-test-").FullName;
        var configuration = new WitnessConfiguration
        {
            Name = name,
            Key = Path.Combine(folder, "key"),
            State = Path.Combine(folder, "state"),
            Mark = Path.Combine(folder, "mark"),
            Logs = Path.Combine(folder, "logs"),
            Listen = new IPEndPoint(IPAddress.Loopback, FreePort.Tcp()),
            View = new IPEndPoint(IPAddress.Loopback, FreePort.Tcp()),
            MirrorEvery = TimeSpan.FromSeconds(1),
        };
        using var signer = NoteSigner.Create(name, NoteKeyKind.Cosignature);
        signer.SaveTo(configuration.Key, "witness", null, KeyProtection.Default);
        WitnessStore.Create(configuration.State);
        return new TestWitness(folder, configuration, signer.Key);
    }

    /// <summary>Trusts a log by its card and what an overseer is given, as the command does.</summary>
    public void Trust(LogCard card, string? overseer = null)
    {
        var folder = Path.Combine(_configuration.Logs, TrustedLog.FolderOf(card.Key.Name));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, TrustedLog.CardFile), card + "\n");
        foreach (var file in overseer is null ? [] : Directory.GetFiles(overseer))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        using var store = WitnessStore.Open(_configuration.State);
        store.Follow(card.Key.Name);
    }

    /// <summary>How many entries of a log it has cosigned.</summary>
    public async Task<long> SizeAsync(string origin)
    {
        using var http = new HttpClient { BaseAddress = View };
        using var logs = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync(new Uri("api/v1/logs", UriKind.Relative), TestContext.Current.CancellationToken));
        return logs.RootElement.EnumerateArray().Single(log => log.GetProperty("origin").GetString() == origin).GetProperty("size").GetInt64();
    }

    public async Task StartAsync() => _host = await WitnessHost.StartAsync(_configuration, null);

    /// <summary>Copies all that it remembers; it must not run.</summary>
    public void Remember()
    {
        foreach (var folder in new[] { _configuration.State, _configuration.Mark }.Where(Directory.Exists))
        {
            Directory.CreateDirectory(folder + ".old");
            Directory.GetFiles(folder).ToList().ForEach(file => File.Copy(file, Path.Combine(folder + ".old", Path.GetFileName(file))));
        }
    }

    /// <summary>Puts that copy in the place of what it remembers now; it must not run.</summary>
    public void PutBack()
    {
        foreach (var folder in new[] { _configuration.State, _configuration.Mark }.Where(folder => Directory.Exists(folder + ".old")))
        {
            Directory.Delete(folder, recursive: true);
            Directory.Move(folder + ".old", folder);
        }
    }

    /// <summary>What the command of that name does.</summary>
    public long? Resume(string origin)
    {
        using var store = WitnessStore.Open(_configuration.State);
        return store.Resume(origin);
    }

    public async Task StopAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
            _host = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
