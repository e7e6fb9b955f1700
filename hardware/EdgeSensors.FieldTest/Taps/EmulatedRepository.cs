using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// The hub's signed repository, made by the hub's own library, logged and witnessed. Every key and every signature is the seed's, so that the same seed
/// publishes the same octets.
/// </summary>
internal sealed class EmulatedRepository : IDisposable
{
    private const long Day = 86_400_000;
    private const int Witnesses = 3;
    private static readonly int[] Cosigners = [0, 1]; // two of the three must have seen what a sensor is to believe

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-taps-");
    private readonly RunSeed _seed;
    private readonly TimeProvider _time;
    private readonly WitnessedLog _log;
    private readonly KeyRing _keys = new();
    private readonly TufRepository _repository;
    private readonly Dictionary<string, RepositoryFile> _byHash = [];
    private readonly Dictionary<RepositoryFileKind, byte[]> _first = [];
    private readonly List<Blocklist> _lists = [];

    /// <summary>A repository that authorises some sensors and lists nothing.</summary>
    /// <param name="seed">For its keys.</param>
    /// <param name="time">The hub's.</param>
    /// <param name="enrolments">The sensors.</param>
    public EmulatedRepository(RunSeed seed, TimeProvider time, IReadOnlyList<Enrolment> enrolments)
    {
        (_seed, _time) = (seed, time);
        _log = new WitnessedLog((name, kind) => NoteSigner.Of(Key(seed, name), name, kind), Witnesses);
        var keys = 0;
        var plan = new RepositoryPlan
        {
            Operators = [.. enrolments.Select(e => e.Operator).Distinct()],
            WitnessPolicy = _log.Policy(Cosigners.Length),
            NewKey = () =>
            {
                var name = FormattableString.Invariant($"role/{keys++}");
                _keys.Add(Key(seed, name)); // the repository forgets its own when it is founded
                return Key(seed, name);
            },
        };
        using var passphrase = Passphrase.TryCreate("nobody opens these keys again", out var made) ? made : throw new InvalidOperationException("It is a passphrase.");
        var folders = new RepositoryFolders(Path.Combine(_folder.FullName, "repository"), Path.Combine(_folder.FullName, "online"), Path.Combine(_folder.FullName, "offline"));
        _repository = Must(TufRepository.Found(folders, plan, passphrase, new KeyProtection(8, 1), RepositoryOptions.Default with { OnlineLifetime = TimeSpan.FromDays(30) }, time));
        Root = Must(_repository.ReadRoot());
        var change = new RepositoryChange();
        foreach (var enrolment in enrolments)
        {
            change.Set(Authorize(enrolment));
        }

        Publish(change);
    }

    /// <summary>The root that sensors are enrolled with.</summary>
    public byte[] Root { get; }

    /// <summary>The newest timestamp.</summary>
    public byte[] Timestamp { get; private set; } = [];

    /// <summary>Versions of the blocklist that were published, the newest last.</summary>
    public IReadOnlyList<long> ListVersions => [.. _lists.Select(l => l.Version)];

    /// <summary>The most entries of the lists, which their tier is named after.</summary>
    public required int ListCapacity { get; init; }

    /// <summary>The file that a sensor asks for; null where there is none.</summary>
    /// <param name="sha256">Of a target's octets, or of a metadata file's name.</param>
    public RepositoryFile? Find(ReadOnlySpan<byte> sha256) => _byHash.GetValueOrDefault(Convert.ToHexString(sha256));

    /// <summary>What a kind of file first was: older than what any sensor has that came later. Null where it was published once.</summary>
    public byte[]? First(RepositoryFileKind kind) => _first.GetValueOrDefault(kind);

    /// <summary>Publishes a blocklist, and its delta from the one before.</summary>
    public void PublishList(IEnumerable<Prefix> listed)
    {
        var builder = new BlocklistBuilder();
        foreach (var prefix in listed)
        {
            builder.Add(prefix, DocumentId.Parse("c2"), new UnixMilliseconds(UnixMilliseconds.Now(_time).Value + (20 * Day)));
        }

        var list = builder.Build(_lists.Count + 1);
        var change = new RepositoryChange().SetTarget(FormattableString.Invariant($"blocklists/at-most-{ListCapacity}.snapshot"), list.ToSnapshot());
        if (_lists.Count > 0 && list.DeltaFrom(_lists[^1]) is { } delta)
        {
            change.SetTarget(FormattableString.Invariant($"blocklists/at-most-{ListCapacity}.from-{_lists[^1].Version}.delta"), delta);
        }

        _lists.Add(list);
        Publish(change);
    }

    /// <summary>Signs the timestamp anew when it is due, as a hub does. True if it did.</summary>
    public bool Renew()
    {
        var before = Timestamp;
        Must(_repository.RenewExpiring(_keys));
        Index();
        return !before.AsSpan().SequenceEqual(Timestamp);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _keys.Dispose();
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    private static SigningKey Key(RunSeed seed, string name) => SigningKey.Of(seed.Octets("key/" + name));

    private static T Must<T>(RepositoryResult<T> result)
        where T : class => result.TryGet(out var value, out var error) ? value : throw new InvalidOperationException(error.ToString());

    private CollectionAuthorization Authorize(Enrolment enrolment)
    {
        var id = DocumentId.Parse($"consent-{enrolment.Sensor}");
        var now = UnixMilliseconds.Now(_time).Value;
        return new()
        {
            Id = id,
            Operator = enrolment.Operator,
            Sensor = enrolment.Sensor,
            Basis = CollectionBasis.Consent,
            Network = NetworkKind.Owner,
            Level = enrolment.Level,
            Directions = FlowDirections.Inbound | FlowDirections.Outbound,
            OwnPrefixes = enrolment.Own,
            K = 5,
            PseudonymKey = PseudonymKeyWrap.Seal(
                _seed.Octets($"ephemeral/{enrolment.Sensor}"), _seed.Octets($"pseudonym/{enrolment.Sensor}"), enrolment.SealingKey.PublicKey, enrolment.Operator, enrolment.Sensor, id),
            NotBefore = new(now - 1_000),
            NotAfter = new(now + (300 * Day)),
        };
    }

    private void Publish(RepositoryChange change)
    {
        Must(_repository.Publish(change, _keys));
        Index();
    }

    /// <summary>Proves what is new, and finds every file by what sensors ask for.</summary>
    private void Index()
    {
        var timestamp = Must(_repository.ReadTimestamp());
        if (timestamp.AsSpan().SequenceEqual(Timestamp))
        {
            return;
        }

        Timestamp = timestamp;
        var proof = FormattableString.Invariant($"{TufRepository.TimestampVersionOf(timestamp)}.timestamp.tlog-proof");
        _repository.WriteProof(proof, _log.Prove(timestamp, _time.GetUtcNow().AddSeconds(1 - Cosigners.Length), Cosigners));
        foreach (var file in _byHash.Values)
        {
            _first.TryAdd(file.Kind, file.Octets);
        }

        _byHash.Clear();
        foreach (var path in Directory.EnumerateFiles(_repository.MetadataDirectory).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            Add(SHA256.HashData(Encoding.ASCII.GetBytes(name)), RepositoryFile.KindOf(name), path);
        }

        foreach (var (name, path) in Must(_repository.ListVisible()).Targets)
        {
            var octets = File.ReadAllBytes(path);
            _byHash[Convert.ToHexString(SHA256.HashData(octets))] = new RepositoryFile(
                name.StartsWith("blocklists/", StringComparison.Ordinal) ? RepositoryFileKind.List : RepositoryFileKind.Authorization, octets);
        }
    }

    private void Add(byte[] hash, RepositoryFileKind kind, string path) => _byHash[Convert.ToHexString(hash)] = new RepositoryFile(kind, File.ReadAllBytes(path));
}
