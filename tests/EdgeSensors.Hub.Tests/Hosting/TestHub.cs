using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>A whole hub in this process: real TLS, broker, SQLite, DuckDB and TUF repository, in a folder of its own on free ports.</summary>
internal sealed partial class TestHub : IAsyncDisposable
{
    public static readonly SensorName Gateway = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));
    public static readonly SensorName Other = new(OperatorId.Parse("isp-b"), SensorId.Parse("gw-2"));
    public static readonly OperatorId Alice = OperatorId.Parse("alice");

    private const string OfflinePassphrase = "only for this test";

    private HubHost? _host;

    private TestHub(string folder, TestWitness witness, CertificateAuthority authority, HubConfiguration configuration)
    {
        Folder = folder;
        Witness = witness;
        Authority = authority;
        Configuration = configuration;
    }

    public string Folder { get; }

    public TestWitness Witness { get; }

    /// <summary>A file that opens the offline keys; it is where the hub does not look.</summary>
    public string PassphraseFile
    {
        get
        {
            var file = Path.Combine(Folder, "opener");
            File.WriteAllText(file, OfflinePassphrase + "\n");
            return file;
        }
    }

    public CertificateAuthority Authority { get; }

    public HubConfiguration Configuration { get; private set; }

    public static async Task<TestHub> StartAsync(Func<HubConfiguration, HubConfiguration>? change = null, int certificateDays = 60)
    {
        var folder = Directory.CreateTempSubdirectory("hub-test-").FullName;
        var authority = CertificateAuthority.Create(TimeProvider.System);
        Directory.CreateDirectory(Path.Combine(folder, "tls"));
        var server = authority.IssueServer(["localhost", "127.0.0.1"], TimeSpan.FromDays(certificateDays));
        string In(string name) => Path.Combine(folder, name);
        File.WriteAllText(In("tls/server.crt"), server.CertificatePem);
        File.WriteAllText(In("tls/server.key"), server.KeyPem);
        File.WriteAllText(In("tls/ca.crt"), authority.Certificate.ExportCertificatePem());
        var witness = TestWitness.Make();
        var https = FreePort.Tcp();
        var card = FoundRepository(folder, witness, https);
        File.WriteAllText(In(OverseerCommand.CardFile), card + "\n");
        OverseerCommand.WriteAccess(In("overseer"), authority, OperatorId.Parse("overseer"), card);
        witness.Trust(card, In("overseer"));
        await witness.StartAsync();
        var configuration = new HubConfiguration
        {
            Listen = new("127.0.0.1", "localhost", FreePort.Tcp(), https),
            Transparency = new(In("log"), [witness.Url]),
            Tls = new(In("tls/server.crt"), In("tls/server.key"), In("tls/ca.crt")),
            Trust = new(In("repository"), In("online"), folder + "-offline"),
            Inbox = new() { Folder = In("data"), GapTimeout = TimeSpan.FromSeconds(2) },
            Store = new(In("data"), TimeSpan.FromDays(1), TimeSpan.FromHours(1)),
            Policy = new() { Propose = true, Approve = true, MinConfidence = 80, Never = [Prefix.Parse("198.51.100.53")] },
        };
        var hub = new TestHub(folder, witness, authority, change?.Invoke(configuration) ?? configuration);
        await hub.RestartAsync();
        return hub;
    }

    /// <summary>Lays the authority's key to the offline ones, as init does.</summary>
    public void SaveAuthorityKey() => new HubFolder(Folder, Folder + "-offline").SaveAuthorityKey(Authority, OfflinePassphrase);

    /// <summary>Publishes beside the hub, with every key, as a person with the offline keys does.</summary>
    public void Publish(RepositoryChange change)
    {
        Passphrase.TryCreate(OfflinePassphrase, out var passphrase);
        Assert.True(OnlineKeys.TryLoad(Configuration.Trust.OnlineKeys, out var keys, out _));
        Assert.True(OfflineKeys.TryOpen(Configuration.Trust.OfflineKeys, passphrase!, [], out var offline, out _));
        keys.AddAll(offline);
        Assert.True(TufRepository.Open(Configuration.Trust.Repository, RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(repository.Publish(change, keys).TryGet(out _, out error), error?.ToString());
        keys.Dispose();
    }

    /// <summary>Ends the running hub in order.</summary>
    public async Task StopAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.DisposeAsync();
        }
    }

    /// <summary>Ends the running hub in order, if there is one, and starts another on the same folder.</summary>
    public async Task RestartAsync(Func<HubConfiguration, HubConfiguration>? change = null)
    {
        await StopAsync();
        Configuration = change?.Invoke(Configuration) ?? Configuration;
        _host = await HubHost.StartAsync(Configuration);
    }

    public X509Certificate2 SensorCertificate(SensorName sensor) => Load(Authority.IssueSensor(sensor, TimeSpan.FromDays(1)));

    public X509Certificate2 OperatorCertificate(OperatorId name) => Load(Authority.IssueOperator(name, TimeSpan.FromDays(1)));

    public static X509Certificate2 Load(IssuedCertificate issued)
    {
        using var pem = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A client of the API with a certificate, or with none.</summary>
    public HttpClient Http(X509Certificate2? certificate) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = certificate is null ? null : [certificate],
            CertificateChainPolicy = TrustOf(Authority),
        },
    })
    {
        BaseAddress = new Uri($"https://localhost:{Configuration.Listen.HttpsPort}"),
    };

    public Task<TestSensor> ConnectAsync(SensorName sensor, bool mqtt3 = false) =>
        TestSensor.ConnectAsync(this, sensor, SensorCertificate(sensor), mqtt3: mqtt3);

    public static X509ChainPolicy TrustOf(CertificateAuthority authority) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { authority.Certificate },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Witness.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(Folder, recursive: true);
        Directory.Delete(Folder + "-offline", recursive: true);
    }

    private static LogCard FoundRepository(string folder, TestWitness witness, int httpsPort)
    {
        using var log = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
        log.SaveTo(TransparencySettings.KeyFolderIn(Path.Combine(folder, "log")), "log", null, KeyProtection.Default);
        using var spare = NoteSigner.Create("hub.example/log-2", NoteKeyKind.Ed25519);
        Assert.True(WitnessPolicy.TryCreate([log.Key, spare.Key], [witness.Key], 1, out var policy));
        var issuer = OperatorId.Parse("authority");
        Passphrase.TryCreate(OfflinePassphrase, out var passphrase);
        var places = new RepositoryFolders(Path.Combine(folder, "repository"), Path.Combine(folder, "online"), folder + "-offline");
        var plan = new RepositoryPlan { RootKeys = 1, RootThreshold = 1, TargetsKeys = 1, TargetsThreshold = 1, Issuers = [issuer], Operators = [Gateway.Operator], WitnessPolicy = policy };
        Assert.True(TufRepository.Found(places, plan, passphrase!, new KeyProtection(8, 1), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        spare.SaveTo(places.OfflineKeys, "log", passphrase, new KeyProtection(8, 1));
        Assert.True(OnlineKeys.TryLoad(places.OnlineKeys, out var keys, out _));
        Assert.True(OfflineKeys.TryOpen(places.OfflineKeys, passphrase!, [], out var offline, out _));
        keys.AddAll(offline);
        var now = UnixMilliseconds.Now(TimeProvider.System).Value;
        var change = new RepositoryChange()
            .Set(new Grant
            {
                Id = DocumentId.Parse("standing"),
                Issuer = issuer,
                Actions = new HashSet<MitigationStep> { MitigationStep.Drop, MitigationStep.Observe },
                MinPrefixLengthV4 = 32,
                MinPrefixLengthV6 = 128,
                MaxDurationMs = 86_400_000,
                MaxRules = 10,
                Sensors = [SensorPattern.Of(Gateway.Operator)],
                Tiers = [OpenTier.Tier],
                NotBefore = new(now - 1000),
                NotAfter = new(now + 86_400_000),
            })
            .Set(new DomesticPrefixTable { Version = 1, Prefixes = [Prefix.Parse("198.18.0.0/15")] })
            .Set(new CollectionAuthorization
            {
                Id = DocumentId.Parse("test"),
                Operator = Gateway.Operator,
                Sensor = Gateway.Sensor,
                Basis = CollectionBasis.Consent,
                Network = NetworkKind.Owner,
                Level = CollectionLevel.Broad,
                Directions = FlowDirections.Inbound,
                OwnPrefixes = [Prefix.Parse("192.0.2.0/24")],
                K = 1,
                NotBefore = new(now - 1000),
                NotAfter = new(now + 86_400_000),
            });
        Assert.True(repository.Publish(change, keys).TryGet(out _, out error), error?.ToString());
        keys.Dispose();
        return new LogCard(log.Key, new Uri($"https://localhost:{httpsPort}/log/"));
    }
}
