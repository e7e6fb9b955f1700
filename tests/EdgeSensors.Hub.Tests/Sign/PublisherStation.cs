using System.Collections.Concurrent;
using System.Text;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Decide;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>The publisher of a hub that does not serve, on that hub's own folder and with decisions of its own: what it reads may be held up or damaged, and what it says is kept.</summary>
internal sealed class PublisherStation : IAsyncDisposable
{
    private readonly DuckDbFlowStore _flows;
    private readonly HttpClient _http = new();
    private readonly NoteSigner _logKey;
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().AddSingleton<PublishMeters>().BuildServiceProvider();
    private int _holdsRead;
    private bool _ended;

    private PublisherStation(TestHub hub)
    {
        Hub = hub;
        var trust = hub.Configuration.Trust;
        Assert.True(TufRepository.Open(trust.Repository, RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(trust.OnlineKeys, out var keys, out _));
        Assert.True(NoteSigner.TryLoad(hub.Configuration.Transparency.KeyFolder, null, "hub.example/log", NoteKeyKind.Ed25519, out _logKey!, out var fault), fault?.ToString());
        Keys = new OnlineRing(trust.OnlineKeys, repository, keys);
        Store = new CuttableStore(DecisionsFile) { AfterHolds = () => Interlocked.Increment(ref _holdsRead) };
        _flows = new DuckDbFlowStore(Path.Combine(hub.Folder, "beside.duckdb"));
        Log = new LogStore(LogFile);
        Sequencer = new Sequencer(Log, repository, Store, _logKey, [new WitnessClient(hub.Witness.Url, _http)], new Ear<Sequencer>(Said));
        SignedDocuments Signed() => Publisher?.Documents ?? SignedDocuments.None;
        var policy = hub.Configuration.Policy;
        Mitigations = new Mitigations(
            Store, Signed, new ImpactStudy(_flows, Signed, policy, TimeProvider.System), new Fleet(Store, _ => false, TimeProvider.System), policy, TimeProvider.System);
        Publisher = new Publisher(
            repository, Keys, new ExpiryWatch(new Dictionary<string, DateTimeOffset>()), Sequencer, Store, Mitigations, _meters.GetRequiredService<PublishMeters>(), TimeProvider.System, new Ear<Publisher>(Said));
    }

    public TestHub Hub { get; }

    public CuttableStore Store { get; }

    public string DecisionsFile => Path.Combine(Hub.Folder, "beside.db");

    public LogStore Log { get; }

    public string LogFile => Path.Combine(Hub.Configuration.Transparency.Folder, "log.db");

    public OnlineRing Keys { get; }

    public Sequencer Sequencer { get; }

    public Mitigations Mitigations { get; }

    public Publisher Publisher { get; }

    /// <summary>What was logged, in its order.</summary>
    public ConcurrentQueue<(int Event, string Text)> Said { get; } = [];

    public static async Task<PublisherStation> MakeAsync()
    {
        var hub = await TestHub.StartAsync();
        await hub.StopAsync();
        return new PublisherStation(hub);
    }

    /// <summary>Does to a file what no program of ours does.</summary>
    public static void Damage(string file, string sql)
    {
        using var connection = SqliteSchema.Connect(file, readOnly: false);
        SqliteSchema.Execute(connection, sql);
    }

    public void Audit(params string[] subjects) => Store.Change(change =>
    {
        foreach (var subject in subjects)
        {
            change.Audit(new AuditEntry(Messages.Now, "alice", "revoke", subject, "a test"));
        }

        return true;
    });

    /// <summary>What was logged of the audit, in the order of the log: each a line that names the row, and its JSON.</summary>
    public IReadOnlyList<string> LoggedAudit() => [.. Log.Sources("audit/").Select(source => Log.IndexOf(source)!.Value).Order().Select(PreimageOf)];

    /// <summary>Until the publisher has gone through its steps at least so many times more; in each round it reads the holds at most four times.</summary>
    public Task RoundsAsync(int rounds)
    {
        var until = Volatile.Read(ref _holdsRead) + (4 * rounds);
        return TestHub.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref _holdsRead) >= until));
    }

    /// <summary>Ends the publisher, once.</summary>
    public async Task EndAsync()
    {
        if (!_ended)
        {
            _ended = true;
            await Publisher.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Sequencer.Dispose();
        Log.Dispose();
        _flows.Dispose();
        Store.Dispose();
        Keys.Dispose();
        _logKey.Dispose();
        _http.Dispose();
        await _meters.DisposeAsync();
        await Hub.DisposeAsync();
    }

    private string PreimageOf(long index)
    {
        var bundle = LogTile.BundleOf(index, Log.Size);
        Assert.True(LogTile.TryReadBundle(Log.ReadTile(bundle), bundle.Width, out var entries));
        Assert.True(LogEntry.TryParse(entries[(int)(index % LogTile.FullWidth)], out var entry));
        return Encoding.UTF8.GetString(Log.ReadPreimage(entry.Sha256).AsSpan(LogEntry.SaltLength));
    }

    private sealed class Ear<T>(ConcurrentQueue<(int Event, string Text)> said) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue((eventId.Id, formatter(state, exception)));
    }
}
