using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

/// <summary>
/// The client workflow of the TUF specification 1.0.34 §5, step by step: each part of this class names the steps that it takes.
/// Where it differs from the text it is stricter: key ids are always recomputed, a key counts once towards a threshold however
/// often it is listed, and stored metadata is verified again on every run. Not for concurrent use.
/// </summary>
public sealed partial class TufClient
{
    private readonly ITufTransport _transport;
    private readonly IMetadataStore _store;
    private readonly ITargetStore? _targetStore;
    private readonly TimeProvider _time;
    private readonly TufLimits _limits;
    private readonly bool _witnessed;

    /// <summary>Makes a client.</summary>
    /// <param name="transport">Brings files.</param>
    /// <param name="store">Keeps verified metadata; <see cref="Initialize"/> puts the first root there.</param>
    /// <param name="time">The clock that expiry is measured by.</param>
    /// <param name="limits">Bounds on what is read.</param>
    /// <param name="targets">Keeps fetched targets; null when every target is to be fetched anew.</param>
    /// <param name="witnessed">
    /// Whether every new root and timestamp must come with a proof that it is in the transparency log, as the root's witness policy asks (docs/protocol.md). Sensors
    /// have no other way; without it this is a client of any TUF repository.
    /// </param>
    public TufClient(ITufTransport transport, IMetadataStore store, TimeProvider time, TufLimits limits, ITargetStore? targets = null, bool witnessed = false)
    {
        _transport = transport;
        _store = store;
        _time = time;
        _limits = limits;
        _targetStore = targets;
        _witnessed = witnessed;
    }

    /// <summary>Trusts a first root, which came by a trusted way (§5.2): it must be signed by its own keys. Returns null, or why not. Nothing is fetched.</summary>
    public TufError? Initialize(ReadOnlyMemory<byte> rootFile)
    {
        if (!ReadRoot(rootFile, "5.2", out var root, out var error))
        {
            return error;
        }

        if (!root.IsVerifiedBy(root.Signed.Roles[TopLevelRole.Root], root.Signed.Keys))
        {
            return Threshold(root, root.Signed.Roles[TopLevelRole.Root], root.Signed.Keys, TopLevelRole.Root, "5.2");
        }

        try
        {
            _store.Write(TopLevelRole.Root, rootFile.Span);
            return null;
        }
        catch (Exception exception) when (IsStoreFailure(exception))
        {
            return StoreFailed(TopLevelRole.Root, exception);
        }
    }

    /// <summary>Brings the top-level metadata up to date. Every file that verified is stored, even when a later one did not.</summary>
    public Task<TufResult<VerifiedRepository>> RefreshAsync(CancellationToken cancellationToken) =>
        RunAsync(online: true, cancellationToken);

    /// <summary>
    /// Verifies what the store holds, without the repository: for a start while the hub is out of reach. Nothing is fetched; expiry is
    /// checked as ever, so this works only until the stored timestamp expires.
    /// </summary>
    public Task<TufResult<VerifiedRepository>> LoadStoredAsync(CancellationToken cancellationToken) =>
        RunAsync(online: false, cancellationToken);

    private async Task<TufResult<VerifiedRepository>> RunAsync(bool online, CancellationToken cancellationToken)
    {
        var run = new Run(online, _time.GetUtcNow(), cancellationToken); // §5.1: one fixed time for the whole update
        try
        {
            if (!(await UpdateRootAsync(run)).TryGet(out var root, out var error)
                || !(await UpdateTimestampAsync(run, root)).TryGet(out var timestamp, out error)
                || !(await UpdateSnapshotAsync(run, root, timestamp.Metadata)).TryGet(out var snapshot, out error))
            {
                return TufResult<VerifiedRepository>.Of(error);
            }

            var targets = await UpdateTargetsAsync(
                run, root.Signed, snapshot.Signed, TopLevelRole.Targets, root.Signed.Roles[TopLevelRole.Targets], root.Signed.Keys);
            return targets.TryGet(out var topLevel, out error)
                ? TufResult<VerifiedRepository>.Of(new VerifiedRepository(this, online, root, timestamp.Metadata, timestamp.Witnessed, snapshot, topLevel))
                : TufResult<VerifiedRepository>.Of(error);
        }
        catch (Exception exception) when (IsStoreFailure(exception))
        {
            return TufResult<VerifiedRepository>.Of(StoreFailed("metadata", exception));
        }
    }

    /// <summary>One update: whether the repository may be asked, and the fixed time that expiry is measured by.</summary>
    internal readonly record struct Run(bool Online, DateTimeOffset Start, CancellationToken Cancellation);

    /// <summary>A fetched metadata file, not yet verified.</summary>
    private sealed record FetchedFile(ReadOnlyMemory<byte> Bytes);

    private async Task<TufResult<FetchedFile>> FetchAsync(Run run, string role, string step, string fileName, long maxBytes)
    {
        var outcome = run.Online
            ? await _transport.FetchMetadataAsync(fileName, maxBytes, run.Cancellation)
            : new FetchOutcome(FetchStatus.Unreachable, default, "it is not stored and the repository is not asked");
        return outcome.Status == FetchStatus.Fetched
            ? TufResult<FetchedFile>.Of(new FetchedFile(outcome.Bytes))
            : TufResult<FetchedFile>.Of(Failed(outcome, role, step, fileName));
    }

    private static TufError Failed(FetchOutcome outcome, string role, string step, string name) => new(
        outcome.Status switch
        {
            FetchStatus.NotFound => TufErrorKind.NotFound,
            FetchStatus.TooLarge => TufErrorKind.TooLarge,
            FetchStatus.TooSlow => TufErrorKind.TooSlow,
            _ => TufErrorKind.Unreachable,
        },
        role,
        step,
        $"{name} cannot be fetched: {outcome.Message}");

    private static TufError Unreadable(MetadataError error, string role, string step) => new(
        error.Fault switch
        {
            MetadataFault.WrongType => TufErrorKind.WrongType,
            MetadataFault.UnsupportedSpecVersion => TufErrorKind.UnsupportedSpecVersion,
            MetadataFault.KeyIdMismatch => TufErrorKind.KeyIdMismatch,
            MetadataFault.DuplicateSignature => TufErrorKind.DuplicateSignature,
            _ => TufErrorKind.Malformed,
        },
        role,
        step,
        error.Message);

    private static TufError Threshold<T>(
        SignedMetadata<T> metadata, RoleKeys role, IReadOnlyDictionary<string, Keys.TufKey> keys, string name, string step)
        where T : SignedPayload => new(
            TufErrorKind.ThresholdUnmet,
            name,
            step,
            $"version {metadata.Signed.Version} has {metadata.CountSigners(role, keys)} good signatures of the role's keys and needs {role.Threshold}");

    private static TufError? Freeze(SignedPayload payload, DateTimeOffset now, string role, string step) => payload.Expires > now
        ? null
        : new TufError(TufErrorKind.Expired, role, step, $"version {payload.Version} expired at {payload.Expires:yyyy-MM-ddTHH:mm:ssZ}");

    private static bool IsStoreFailure(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private static TufError StoreFailed(string name, Exception exception) => new(TufErrorKind.Store, name, "5", $"the store failed: {exception.Message}");
}
