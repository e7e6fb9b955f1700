using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Brings the documents that concern this sensor out of the TUF repository. A document of a role that does not verify counts as not there; a repository
/// that cannot be reached changes nothing. Not for concurrent use.
/// </summary>
internal sealed class UpdateClient : IDisposable
{
    private readonly UpdateSource _source;
    private readonly ILogger _logger;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpTransport _transport;
    private readonly TufClient _client;
    private readonly BlocklistKeeper _blocklist;
    private readonly EnforcedListKeeper _enforced;

    private UpdateClient(UpdateSource source, TimeProvider time, ILogger logger)
    {
        _source = source;
        _logger = logger;
        _handler = new SocketsHttpHandler
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
        _transport = new HttpTransport(
            _handler, new Uri(address.Uri, "tuf/metadata/"), new Uri(address.Uri, "tuf/targets/"), HttpPatience.Default, time);
        Metadata = new DirectoryMetadataStore(Path.Combine(source.Directory, "metadata"));
        var targets = new DirectoryTargetStore(Path.Combine(source.Directory, "targets"));
        _client = new TufClient(_transport, Metadata, time, TufLimits.Default, targets, witnessed: true);
        _blocklist = new BlocklistKeeper(targets, source.BlocklistTier, logger);
        _enforced = new EnforcedListKeeper(targets, logger);
    }

    /// <summary>Most entries of a blocklist that are enforced here; 0: none.</summary>
    public int ListCapacity { get; set; }

    private DirectoryMetadataStore Metadata { get; }

    /// <summary>Makes a client, trusting the enrolment's root if none is trusted yet.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="time">The clock that expiry is measured by.</param>
    /// <param name="logger">Where refused documents are named.</param>
    /// <param name="client">The client.</param>
    /// <param name="error">One line: why there is none.</param>
    public static bool TryCreate(
        UpdateSource source, TimeProvider time, ILogger logger, [NotNullWhen(true)] out UpdateClient? client, [NotNullWhen(false)] out string? error)
    {
        client = new UpdateClient(source, time, logger);
        error = null;
        try
        {
            if (client.Metadata.Read("root", TufLimits.Default.MaxRootBytes) is null
                && client._client.Initialize(File.ReadAllBytes(source.RootFile)) is { } refused)
            {
                error = $"{source.RootFile}: {refused}; copy the enrolment folder from the hub again";
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

    /// <summary>What was verified before and still is, without asking the hub.</summary>
    public Task<TrustedState> LoadStoredAsync(CancellationToken cancellationToken) => ReadAsync(_client.LoadStoredAsync(cancellationToken), TrustedState.None, cancellationToken);

    /// <summary>What the hub has now; <paramref name="before"/> when it cannot be reached or does not verify, and then the reason is logged and given.</summary>
    public async Task<(TrustedState State, TufError? Refusal)> RefreshAsync(TrustedState before, CancellationToken cancellationToken)
    {
        var refresh = await _client.RefreshAsync(cancellationToken).ConfigureAwait(false);
        if (refresh.TryGet(out _, out var error))
        {
            return (await ReadAsync(Task.FromResult(refresh), before, cancellationToken).ConfigureAwait(false), null);
        }

        return (before, error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transport.Dispose();
        _handler.Dispose();
    }

    private async Task<TrustedState> ReadAsync(Task<TufResult<VerifiedRepository>> verifying, TrustedState before, CancellationToken cancellationToken)
    {
        if (!(await verifying.ConfigureAwait(false)).TryGet(out var repository, out _))
        {
            return before;
        }

        var reading = new Reading(this, repository, cancellationToken);
        var sensor = _source.Hub.Sensor;
        var name = TargetNames.Authorization(sensor.Operator, sensor.Sensor);
        var authorization = await reading.DocumentAsync<CollectionAuthorization>(
            name, (bytes, out document, out error) => CollectionAuthorization.TryParse(bytes, name, out document, out error)).ConfigureAwait(false);
        var domestic = await reading.DocumentAsync<DomesticPrefixTable>(TargetNames.DomesticPrefixes, DomesticPrefixTable.TryParse).ConfigureAwait(false);
        var listed = await reading.DocumentAsync<AddressList>(TargetNames.ListedAddresses, AddressList.TryParse).ConfigureAwait(false);
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

        // A word to stop that cannot be read is still one.
        var held = await reading.DocumentAsync<EnforcementHold>(TargetNames.Hold, EnforcementHold.TryParse).ConfigureAwait(false) is not null || reading.LastRefusal is not null;
        if (reading.Interrupted || !await _blocklist.UpdateAsync(repository, cancellationToken).ConfigureAwait(false)
            || !await _enforced.UpdateAsync(enforcement, _blocklist.List, ListCapacity, repository, cancellationToken).ConfigureAwait(false))
        {
            // The metadata is new but a target could not be brought: half an update is none.
            return before;
        }

        byte[]? key = null;
        if (authorization?.PseudonymKey is not null && !PseudonymKeyWrap.TryOpen(authorization, _source.SealingKey, out key))
        {
            VerifyLog.DocumentRefused(_logger, name, "its pseudonym key is not sealed to this sensor");
            authorization = null;
        }

        return new TrustedState
        {
            TimestampVersion = repository.TimestampVersion,
            Witness = WitnessToken(repository.Witnessed.Witnesses),
            WitnessedAt = repository.Witnessed.Time,
            Expires = repository.Expires,
            Authorization = authorization,
            PseudonymKey = key,
            Domestic = domestic,
            Listed = listed,
            Blocklist = _blocklist.Matcher,
            Enforcement = enforcement,
            EnforcedList = _enforced.List,
            ListsHeld = held,
            Rules = rules,
            RulesRefusal = rulesRefusal,
            Grants = grants,
        };
    }

    /// <summary>Names of witnesses as a message may carry them.</summary>
    internal static string WitnessToken(IEnumerable<string> names)
    {
        var text = string.Concat(string.Join('+', names).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or '_' or '/' ? c : '_'));
        return text.Length <= 64 ? text : text[..64];
    }

    private delegate bool Parse<T>(ReadOnlyMemory<byte> bytes, out T? document, out DocumentError? error)
        where T : class;

    private sealed class Reading(UpdateClient owner, VerifiedRepository repository, CancellationToken cancellationToken)
    {
        /// <summary>Whether a target could not be brought for a reason that says nothing about it.</summary>
        public bool Interrupted { get; private set; }

        /// <summary>Why the last document was refused, as a token; null when it was read or is not there.</summary>
        public string? LastRefusal { get; private set; }

        public async Task<T?> DocumentAsync<T>(string name, Parse<T> parse)
            where T : class
        {
            LastRefusal = null;
            if (Interrupted)
            {
                return null;
            }

            if (!(await repository.FetchTargetAsync(name, cancellationToken).ConfigureAwait(false)).TryGet(out var target, out var error))
            {
                Interrupted = error.Kind is TufErrorKind.Unreachable or TufErrorKind.TooSlow or TufErrorKind.Store;
                if (!Interrupted && error.Kind != TufErrorKind.TargetNotFound)
                {
                    LastRefusal = UpdateRefusal.Token(error);
                    VerifyLog.DocumentRefused(owner._logger, name, error.ToString());
                }

                return null;
            }

            if (!parse(target.Bytes, out var document, out var fault))
            {
                LastRefusal = "document-malformed";
                VerifyLog.DocumentRefused(owner._logger, name, fault!.ToString());
            }

            return document;
        }
    }
}
