using EdgeSensors.Firmware.Trust;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;
using EdgeSensors.Trust.Tests;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>A repository in the hub's form, as a tap knew it and as it is after an update that changed every metadata file, root included.</summary>
internal sealed class UpdatedRepository : IDisposable
{
    public const string AuthorizationRole = "authorizations-carrier-a";
    public const string AuthorizationPath = "authorizations/carrier-a/edge-01.json";
    public const string ListPath = "blocklists/test.snapshot";

    public UpdatedRepository()
    {
        Keys = Foundation.All();
        Publish(1);
        Before = Files();
        KnownMs = Foundation.Now.Value;
        Foundation.Time.Advance(TimeSpan.FromHours(1));
        SigningKey timestamp = SigningKey.Create();
        Keys.Add(timestamp);
        Foundation.Publish(new RepositoryChange().ReplaceKeys("timestamp", [timestamp.PublicKey], 1).Renew("targets"), Keys);
        Publish(2);
        After = Files();
    }

    public Foundation Foundation { get; } = new();

    public KeyRing Keys { get; }

    public SealingKey Sealing { get; } = SealingKey.Create();

    /// <summary>When the tap last updated, Unix milliseconds.</summary>
    public long KnownMs { get; }

    public long NowMs => Foundation.Now.Value;

    /// <summary>Metadata by file name.</summary>
    public IReadOnlyDictionary<string, byte[]> Before { get; }

    public IReadOnlyDictionary<string, byte[]> After { get; }

    /// <summary>A client that trusts what was before.</summary>
    public TapClient Known()
    {
        TapClient client = new();
        client.Anchor(Before["1.root.json"]);
        Assert.Equal(TufFault.None, client.Update(Before, KnownMs));
        return client;
    }

    public CollectionAuthorization Authorization(long version)
    {
        DocumentId id = DocumentId.Parse($"auth-{version}");
        return new()
        {
            Id = id,
            Operator = Foundation.Carrier,
            Sensor = Foundation.Sensor,
            Basis = CollectionBasis.Consent,
            Network = NetworkKind.Owner,
            Level = CollectionLevel.Concern,
            Directions = FlowDirections.Inbound | FlowDirections.Outbound,
            OwnPrefixes = [Prefix.Parse("10.0.0.0/8"), Prefix.Parse("2001:db8::/32")],
            K = 5,
            PseudonymKey = PseudonymKeyWrap.Seal(new byte[32], Sealing.PublicKey, Foundation.Carrier, Foundation.Sensor, id),
            NotBefore = new(Foundation.Now.Value - 1000),
            NotAfter = new(Foundation.Now.Value + 86_400_000L * 30),
        };
    }

    public Dictionary<string, byte[]> Files() => Directory.EnumerateFiles(Foundation.Repository.MetadataDirectory)
        .ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);

    public void Dispose()
    {
        Keys.Dispose();
        Foundation.Dispose();
    }

    private void Publish(int version) =>
        Foundation.Publish(new RepositoryChange().Set(Authorization(version)).SetTarget(ListPath, new byte[100 * version]), Keys);
}
