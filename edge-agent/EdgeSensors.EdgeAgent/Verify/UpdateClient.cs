using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Brings the documents that concern this sensor out of the TUF repository. A document of a role that does not verify counts as not there; a repository
/// that cannot be reached changes nothing. Rules and the word to stop are read first and wait for nothing; what is large is brought beside. One caller at a time.
/// </summary>
internal sealed class UpdateClient : IDisposable
{
    private readonly UpdateSource _source;
    private readonly ILogger _logger;
    private readonly TufClient _client;
    private readonly RetryingStores _stores;
    private readonly TurnTransport _transport;
    private readonly SemaphoreSlim _turn;
    private readonly IDisposable[] _owned;
    private readonly BlocklistKeeper _blocklist;
    private readonly EnforcedListKeeper _enforced;
    private Signed? _newest;
    private Bringing? _bringing;

    /// <param name="source">Where from.</param>
    /// <param name="client">Verifies; it fetches by the transport below.</param>
    /// <param name="stores">Where what was verified is kept.</param>
    /// <param name="transport">Gives the turn away.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="logger">Where refused documents are named.</param>
    /// <param name="owned">What ends with this.</param>
    internal UpdateClient(UpdateSource source, TufClient client, RetryingStores stores, TurnTransport transport, SemaphoreSlim turn, ILogger logger, params IDisposable[] owned)
    {
        (_source, _client, _stores, _transport, _turn, _logger, _owned) = (source, client, stores, transport, turn, logger, owned);
        _blocklist = new BlocklistKeeper(stores.Targets, source.BlocklistTier, logger);
        _enforced = new EnforcedListKeeper(stores.Targets, logger);
    }

    /// <summary>Most entries of a blocklist that are enforced here; 0: none.</summary>
    public int ListCapacity { get; set; }

    /// <summary>Why what was verified is in memory only, one line; null when all of it is stored, but for lists.</summary>
    public string? NotStored => _stores.Trouble;

    /// <summary>Makes a client, trusting the enrolment's root if none is trusted yet.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="time">The clock that expiry is measured by.</param>
    /// <param name="logger">Where refused documents are named.</param>
    /// <param name="client">The client.</param>
    /// <param name="error">One line: why there is none.</param>
    public static bool TryCreate(
        UpdateSource source, TimeProvider time, ILogger logger, [NotNullWhen(true)] out UpdateClient? client, [NotNullWhen(false)] out string? error)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [source.Hub.Certificate],
                RemoteCertificateValidationCallback = (_, certificate, _, errors) => HubTrust.Distrust(certificate, errors, source.Hub.Authorities) is null,
            },
        };
        var address = new UriBuilder(Uri.UriSchemeHttps, source.Hub.Host, source.HttpsPort);
        var http = new HttpTransport(handler, new Uri(address.Uri, "tuf/metadata/"), new Uri(address.Uri, "tuf/targets/"), HttpPatience.Default, time);
        var turn = new SemaphoreSlim(1);
        var transport = new TurnTransport(http, turn);
        var stores = StoresFor(new DirectoryMetadataStore(Path.Combine(source.Directory, "metadata")), new DirectoryTargetStore(Path.Combine(source.Directory, "targets")));
        var tuf = new TufClient(transport, stores.Metadata, time, TufLimits.Default, stores.Targets, witnessed: true);
        client = new UpdateClient(source, tuf, stores, transport, turn, logger, http, handler);
        error = null;
        try
        {
            if (stores.Metadata.Read("root", TufLimits.Default.MaxRootBytes) is null)
            {
                error = tuf.Initialize(File.ReadAllBytes(source.RootFile)) is { } refused ? $"{source.RootFile}: {refused}; copy the enrolment folder from the hub again"
                    : stores.Trouble is { } trouble ? $"{source.Directory}: {trouble}; check its permissions and that there is room" : null;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = $"{source.RootFile} or {source.Directory}: {exception.Message.TrimEnd('.')}; check the path and its permissions";
        }

        if (error is not null)
        {
            client.Dispose();
            client = null;
            return false;
        }

        return true;
    }

    /// <summary>Stores of which what says what is enforced waits in memory while the disk does not take it. Lists are too large for that and wait for the disk.</summary>
    internal static RetryingStores StoresFor(IMetadataStore metadata, ITargetStore targets) =>
        new(metadata, targets, TufLimits.Default.MaxTargetBytes, name => !TargetNames.IsBlocklist(name));

    /// <summary>What was verified before and still is, without asking the hub.</summary>
    public Task<TrustedState> LoadStoredAsync(CancellationToken cancellationToken) => InTurnAsync(async () =>
        (await _client.LoadStoredAsync(cancellationToken).ConfigureAwait(false)).TryGet(out var repository, out _)
            ? (await ReadAsync(repository, TrustedState.None, cancellationToken).ConfigureAwait(false)).State
            : TrustedState.None, cancellationToken);

    /// <summary>
    /// What the hub has now: its rules and its word to stop, and the rest as far as it is stored; what is <see cref="TrustedState.Missing"/> is as it was before, until <see cref="BringAsync"/> has
    /// brought it. <paramref name="before"/> when the hub cannot be reached or does not verify, and then the reason is given.
    /// </summary>
    public Task<(TrustedState State, TufError? Refusal)> RefreshAsync(TrustedState before, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        _stores.Retry();
        return (await _client.RefreshAsync(cancellationToken).ConfigureAwait(false)).TryGet(out var repository, out var error)
            ? await ReadAsync(repository, before, cancellationToken).ConfigureAwait(false)
            : (before, error);
    }, cancellationToken);

    /// <summary>
    /// Begins to bring what is missing of what was refreshed last, or goes on with it: first the documents, then the lists. <see cref="CompleteAsync"/> takes what came. One that began before goes on
    /// where nothing but rules and the word to stop have changed, or they would keep a slow line from ever bringing a list.
    /// </summary>
    /// <param name="missing">What is missing.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>Ends with why something could not be brought, null when it was; it may be called for anew then.</returns>
    public async Task<Task<TufError?>> BringAsync(MissingPart missing, CancellationToken cancellationToken)
    {
        var newest = _newest ?? throw new InvalidOperationException("nothing was refreshed");
        if (_bringing is { } running)
        {
            if (!running.Task.IsCompleted && newest.Repository.DiffersOnlyIn(RepositoryRoles.Control, running.Of))
            {
                return running.Task;
            }

            await EndAsync(running).ConfigureAwait(false);
        }

        var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _bringing = new Bringing(newest.Repository, InTurnAsync(
            async () => missing == MissingPart.Documents
                ? (await ReadDocumentsAsync(newest.Repository, TrustedState.None, cancel.Token).ConfigureAwait(false)).Missing
                : await UpdateListsAsync(newest, cancel.Token).ConfigureAwait(false),
            cancel.Token), cancel);
        return _bringing.Task;
    }

    /// <summary>What was brought since takes the place of what is missing, as far as it goes.</summary>
    public Task<TrustedState> CompleteAsync(TrustedState state, CancellationToken cancellationToken) =>
        InTurnAsync(() => TakeStoredAsync(state, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _bringing?.Cancel.Cancel();
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> body, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await body().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EndAsync(Bringing running)
    {
        await running.Cancel.CancelAsync().ConfigureAwait(false);
        await ((Task)running.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        running.Cancel.Dispose();
        _bringing = null;
    }

    private async Task<(TrustedState State, TufError? Refusal)> ReadAsync(VerifiedRepository repository, TrustedState before, CancellationToken cancellationToken)
    {
        var reading = new DocumentReading(repository, _logger, cancellationToken);
        var sensor = _source.Hub.Sensor;

        // A word to stop that cannot be read is still one.
        var held = await reading.DocumentAsync<EnforcementHold>(TargetNames.Hold, EnforcementHold.TryParse).ConfigureAwait(false) is not null || reading.LastRefusal is not null;
        var rules = await reading.DocumentAsync<RuleSet>(TargetNames.Rules, RuleSet.TryParse).ConfigureAwait(false);
        var rulesRefusal = reading.LastRefusal;
        var grants = new Dictionary<GrantRef, Grant>();
        foreach (var reference in rules?.Rules.Where(rule => rule.IsFor(sensor.Operator, sensor.Sensor)).Select(rule => rule.Grant).Distinct() ?? [])
        {
            var grantName = TargetNames.Grant(reference);
            if (await reading.DocumentAsync<Grant>(grantName, (bytes, out document, out error) => Grant.TryParse(bytes, grantName, out document, out error)).ConfigureAwait(false)
                is { } grant)
            {
                grants[reference] = grant;
            }
        }

        var enforcement = await reading.DocumentAsync<BlocklistEnforcement>(TargetNames.BlocklistEnforcement, BlocklistEnforcement.TryParse).ConfigureAwait(false);
        if (enforcement?.IsFor(sensor.Operator, sensor.Sensor) == false)
        {
            enforcement = null;
        }

        if (reading.Interruption is { } missing)
        {
            // The metadata is new but rules could not be brought: half of them are none. To stop takes no more than the word.
            _newest = _newest is { } signed ? signed with { Held = signed.Held || held } : null;
            return (before with { ListsHeld = before.ListsHeld || held }, missing);
        }

        _newest = new Signed(repository, enforcement, held);
        var state = new TrustedState
        {
            TimestampVersion = repository.TimestampVersion,
            Missing = MissingPart.Documents,
            Witness = WitnessToken(repository.Witnessed.Witnesses),
            WitnessedAt = repository.Witnessed.Time,
            Expires = before.TimestampVersion is not null && before.Expires < repository.Expires ? before.Expires : repository.Expires,
            Authorization = before.Authorization,
            PseudonymKey = before.PseudonymKey,
            Domestic = before.Domestic,
            Listed = before.Listed,
            Blocklist = before.Blocklist,
            Enforcement = InterimEnforcement.Of(enforcement, before.Enforcement),
            EnforcedList = before.EnforcedList,
            ListsHeld = held || before.ListsHeld,
            Rules = rules,
            RulesRefusal = rulesRefusal,
            Grants = grants,
        };
        return (await TakeStoredAsync(state, cancellationToken).ConfigureAwait(false), null);
    }

    private async Task<TrustedState> TakeStoredAsync(TrustedState state, CancellationToken cancellationToken)
    {
        // Of another repository than the state's nothing is taken: its rules could not be brought.
        if (_newest is not { } newest || newest.Repository.TimestampVersion != state.TimestampVersion)
        {
            return state;
        }

        _transport.OnlyStored = true;
        try
        {
            if (state.Missing == MissingPart.Documents)
            {
                state = (await ReadDocumentsAsync(newest.Repository, state, cancellationToken).ConfigureAwait(false)).State;
            }

            // The keepers of lists serve one at a time.
            return state.Missing != MissingPart.Lists || _bringing is { Task.IsCompleted: false } || await UpdateListsAsync(newest, cancellationToken).ConfigureAwait(false) is not null ? state : state with
            {
                Missing = MissingPart.Nothing,
                Blocklist = _blocklist.Matcher,
                Enforcement = newest.Enforcement,
                EnforcedList = _enforced.List,
                ListsHeld = newest.Held,
            };
        }
        finally
        {
            _transport.OnlyStored = false;
        }
    }

    private async Task<(TrustedState State, TufError? Missing)> ReadDocumentsAsync(VerifiedRepository repository, TrustedState state, CancellationToken cancellationToken)
    {
        var reading = new DocumentReading(repository, _logger, cancellationToken);
        var name = TargetNames.Authorization(_source.Hub.Sensor.Operator, _source.Hub.Sensor.Sensor);
        var authorization = await reading.DocumentAsync<CollectionAuthorization>(
            name, (bytes, out document, out error) => CollectionAuthorization.TryParse(bytes, name, out document, out error)).ConfigureAwait(false);
        var domestic = await reading.DocumentAsync<DomesticPrefixTable>(TargetNames.DomesticPrefixes, DomesticPrefixTable.TryParse).ConfigureAwait(false);
        var listed = await reading.DocumentAsync<AddressList>(TargetNames.ListedAddresses, AddressList.TryParse).ConfigureAwait(false);
        if (reading.Interruption is { } missing)
        {
            return (state, missing);
        }

        byte[]? key = null;
        if (authorization?.PseudonymKey is not null && !PseudonymKeyWrap.TryOpen(authorization, _source.SealingKey, out key))
        {
            VerifyLog.DocumentRefused(_logger, name, "its pseudonym key is not sealed to this sensor");
            authorization = null;
        }

        return (state with { Missing = MissingPart.Lists, Expires = repository.Expires, Authorization = authorization, PseudonymKey = key, Domestic = domestic, Listed = listed }, null);
    }

    // While lists are held they are still looked for; a smaller one, which is for enforcement alone, is not brought.
    private async Task<TufError?> UpdateListsAsync(Signed signed, CancellationToken cancellationToken) =>
        await _blocklist.UpdateAsync(signed.Repository, cancellationToken).ConfigureAwait(false)
        ?? await _enforced.UpdateAsync(signed.Held ? null : signed.Enforcement, _blocklist.List, ListCapacity, signed.Repository, cancellationToken).ConfigureAwait(false);

    /// <summary>Names of witnesses as a message may carry them.</summary>
    internal static string WitnessToken(IEnumerable<string> names)
    {
        var text = string.Concat(string.Join('+', names).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or '_' or '/' ? c : '_'));
        return text.Length <= 64 ? text : text[..64];
    }

    /// <summary>What was refreshed last and says what is enforced.</summary>
    private sealed record Signed(VerifiedRepository Repository, BlocklistEnforcement? Enforcement, bool Held);

    /// <summary>What is being brought, and of which repository.</summary>
    private sealed record Bringing(VerifiedRepository Of, Task<TufError?> Task, CancellationTokenSource Cancel);
}
