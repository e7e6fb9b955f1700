using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

/// <summary>A repository whose top-level metadata verified. Only <see cref="TufClient"/> makes one; targets are fetched through it.</summary>
public sealed class VerifiedRepository
{
    private readonly TufClient _client;
    private readonly SignedMetadata<Root> _root;
    private readonly SignedMetadata<Timestamp> _timestamp;
    private readonly SignedMetadata<Snapshot> _snapshot;

    internal VerifiedRepository(
        TufClient client,
        bool online,
        SignedMetadata<Root> root,
        SignedMetadata<Timestamp> timestamp,
        WitnessedEntry witnessed,
        SignedMetadata<Snapshot> snapshot,
        SignedMetadata<Targets> targets)
    {
        _client = client;
        _root = root;
        _timestamp = timestamp;
        _snapshot = snapshot;
        Online = online;
        Witnessed = witnessed;
        Targets = targets;
    }

    /// <summary>The version of root.</summary>
    public long RootVersion => _root.Signed.Version;

    /// <summary>The version of timestamp: it changes with every publication.</summary>
    public long TimestampVersion => _timestamp.Signed.Version;

    /// <summary>The version of snapshot: while it stays, no target changes.</summary>
    public long SnapshotVersion => _snapshot.Signed.Version;

    /// <summary>The version of the top-level targets.</summary>
    public long TargetsVersion => Targets.Signed.Version;

    /// <summary>When the first of the top-level roles expires: a client that has not refreshed by then trusts nothing more.</summary>
    public DateTimeOffset Expires => new[]
    {
        _root.Signed.Expires, _timestamp.Signed.Expires, _snapshot.Signed.Expires, Targets.Signed.Expires,
    }.Min();

    /// <summary>Who saw the timestamp in the transparency log, and when; nobody when the client asks nothing of the log.</summary>
    public WitnessedEntry Witnessed { get; }

    internal bool Online { get; }

    internal Root Root => _root.Signed;

    internal Snapshot Snapshot => _snapshot.Signed;

    internal SignedMetadata<Targets> Targets { get; }

    /// <summary>Whether no role that speaks of targets has changed since another state of the repository, but for one.</summary>
    /// <param name="role">The delegated role that may have changed.</param>
    /// <param name="other">The other state.</param>
    public bool DiffersOnlyIn(string role, VerifiedRepository other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Snapshot.Meta.Count == other.Snapshot.Meta.Count
            && Snapshot.Meta.All(file => file.Key == $"{role}.json" || (other.Snapshot.Meta.TryGetValue(file.Key, out var theirs) && theirs.Version == file.Value.Version));
    }

    /// <summary>
    /// Finds a target by the delegations and fetches it, unless the target store holds it already. Delegated metadata on the way is
    /// fetched, verified and stored. The error is about the target or about a role on the way to it.
    /// </summary>
    public Task<TufResult<VerifiedTarget>> FetchTargetAsync(string targetName, CancellationToken cancellationToken) =>
        _client.FetchTargetAsync(this, targetName, cancellationToken);

    // A repository object that is kept and used later must not outlive its metadata.
    internal TufError? Frozen(DateTimeOffset now) => Expires > now
        ? null
        : new TufError(TufErrorKind.Expired, TopLevelRole.Timestamp, "5.4.4", $"what was verified expired at {Expires:yyyy-MM-ddTHH:mm:ssZ}; refresh first");
}
