using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Trust.Tests;

/// <summary>A founded repository with its keys, a clock that stands still, and clients of it.</summary>
internal sealed class Foundation : IDisposable
{
    public static readonly OperatorId Carrier = OperatorId.Parse("carrier-a");
    public static readonly OperatorId Issuer = OperatorId.Parse("national-soc");
    public static readonly SensorId Sensor = SensorId.Parse("edge-01");
    public static readonly KeyProtection Cheap = new(8, 1);

    public Foundation()
    {
        Folders = new RepositoryFolders(Folder["repository"], Folder["online"], Folder["offline"]);
        Assert.True(Passphrase.TryCreate("a passphrase for tests", out var passphrase));
        Passphrase = passphrase;
        Repository = Found();
    }

    public TemporaryFolder Folder { get; } = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public RepositoryFolders Folders { get; }

    public Passphrase Passphrase { get; }

    public TufRepository Repository { get; }

    public static RepositoryPlan Plan => new() { Operators = [Carrier], Issuers = [Issuer] };

    public UnixMilliseconds Now => UnixMilliseconds.Now(Time);

    public KeyRing Online()
    {
        Assert.True(OnlineKeys.TryLoad(Folders.OnlineKeys, out var keys, out var error), error?.ToString());
        return keys;
    }

    public KeyRing Offline()
    {
        Assert.True(OfflineKeys.TryOpen(Folders.OfflineKeys, Passphrase, [], out var keys, out var error), error?.ToString());
        return keys;
    }

    /// <summary>Every key, online and offline.</summary>
    public KeyRing All()
    {
        var ring = Online();
        ring.AddAll(Offline());
        return ring;
    }

    public Publication Publish(RepositoryChange change, KeyRing keys)
    {
        Assert.True(Repository.Publish(change, keys).TryGet(out var publication, out var error), error?.ToString());
        return publication;
    }

    public TufClient Client(string store = "client", ITargetStore? targets = null)
    {
        var client = new TufClient(
            new DirectoryTransport(Repository.MetadataDirectory, Repository.TargetsDirectory),
            new DirectoryMetadataStore(Folder[store]),
            Time,
            TufLimits.Default,
            targets);
        if (!File.Exists(Path.Combine(Folder[store], "root.json")))
        {
            Assert.Null(client.Initialize(File.ReadAllBytes(Path.Combine(Repository.MetadataDirectory, "1.root.json"))));
        }

        return client;
    }

    public MitigationRule Rule(string id = "rule-1", string target = "192.0.2.7/32") => new()
    {
        Id = DocumentId.Parse(id),
        Grant = new GrantRef(Issuer, DocumentId.Parse("scanners")),
        Tier = OpenTier.Id,
        Approvals = new RuleApprovals(1, false),
        Because = "seen scanning",
        OpenC2 = new SlpfCommand
        {
            Target = Prefix.Parse(target),
            Direction = SlpfDirection.Ingress,
            StartTime = Now,
            StopTime = new UnixMilliseconds(Now.Value + 3_600_000),
        },
        ReasonText = "scans \"every\" port",
        ReasonAlerts = ["a-1"],
        Sensors = [SensorPattern.Of(Carrier)],
        Step = MitigationStep.Drop,
        ExpectedCollateral = "none known",
        NotAfter = new UnixMilliseconds(Now.Value + 3_600_000),
    };

    public Grant Grant() => new()
    {
        Id = DocumentId.Parse("scanners"),
        Issuer = Issuer,
        Actions = new HashSet<MitigationStep> { MitigationStep.Observe, MitigationStep.Drop },
        MinPrefixLengthV4 = 32,
        MinPrefixLengthV6 = 128,
        MaxDurationMs = 86_400_000,
        MaxRules = 2,
        Sensors = [SensorPattern.All],
        Tiers = [OpenTier.Tier],
        ExcludedPrefixes = [Prefix.Parse("198.51.100.0/24")],
        NotBefore = new UnixMilliseconds(Now.Value - 1000),
        NotAfter = new UnixMilliseconds(Now.Value + 86_400_000),
    };

    public void Dispose()
    {
        Passphrase.Dispose();
        Folder.Dispose();
    }

    private TufRepository Found()
    {
        var result = TufRepository.Found(Folders, Plan, Passphrase, Cheap, RepositoryOptions.Default, Time);
        Assert.True(result.TryGet(out var repository, out var error), error?.ToString());
        return repository;
    }
}
