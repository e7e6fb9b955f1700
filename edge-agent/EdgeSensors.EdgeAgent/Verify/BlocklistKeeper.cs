using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Holds the newest blocklist that verified, and brings a newer one: by a delta where one leads from what is held, else whole. Codes are the same wherever they are made (docs/protocol.md), so the
/// snapshot that a delta leads to is made here, and the repository's hash of it says whether it is right: nothing of it is fetched. Not for concurrent use.
/// </summary>
/// <param name="targets">Where fetched targets are kept.</param>
/// <param name="tier">Which list.</param>
/// <param name="logger">Where a refused list is named.</param>
/// <param name="matches">Whether addresses are looked up in it.</param>
internal sealed class BlocklistKeeper(ITargetStore targets, string tier, ILogger logger, bool matches = true)
{
    private readonly string _name = TargetNames.BlocklistSnapshot(tier);
    private Blocklist? _held;
    private string? _sha256;

    /// <summary>The list that is held; null when there is none.</summary>
    public Blocklist? List => _held;

    /// <summary>Which list.</summary>
    public string Tier => tier;

    /// <summary>The list that is held, ready for look-ups; null when there is none.</summary>
    public BlocklistMatcher? Matcher { get; private set; }

    /// <summary>Brings what a repository has; null, or why it could not be brought where that says nothing about it.</summary>
    public async Task<TufError?> UpdateAsync(VerifiedRepository repository, CancellationToken cancellationToken)
    {
        if (_held is not null && await ApplyDeltaAsync(_held, repository, cancellationToken).ConfigureAwait(false) is { } missing)
        {
            return missing;
        }

        if (!(await repository.FetchTargetAsync(_name, cancellationToken).ConfigureAwait(false)).TryGet(out var target, out var error))
        {
            if (UpdateRefusal.SaysNothing(error))
            {
                return error;
            }

            if (error.Kind != TufErrorKind.TargetNotFound)
            {
                VerifyLog.DocumentRefused(logger, _name, error.ToString());
            }

            Hold(null, null);
            return null;
        }

        if (target.Sha256 == _sha256)
        {
            return null;
        }

        if (!Blocklist.TryRead(target.Bytes.Span, out var list, out var fault))
        {
            VerifyLog.DocumentRefused(logger, _name, fault.ToString());
            Hold(null, null);
        }
        else if (list.Version < _held?.Version)
        {
            VerifyLog.DocumentRefused(logger, _name, $"version {list.Version} is older than {_held.Version}, which is held");
        }
        else
        {
            Hold(list, target.Sha256);
        }

        return null;
    }

    /// <summary>Puts the snapshot that a delta leads to where the client looks before it fetches; why the delta could not be brought, or null.</summary>
    private async Task<TufError?> ApplyDeltaAsync(Blocklist held, VerifiedRepository repository, CancellationToken cancellationToken)
    {
        var name = TargetNames.BlocklistDelta(tier, held.Version);
        if (!(await repository.FetchTargetAsync(name, cancellationToken).ConfigureAwait(false)).TryGet(out var target, out var error))
        {
            return UpdateRefusal.SaysNothing(error) ? error : null;
        }

        if (!held.TryApply(target.Bytes.Span, out var newer, out var fault))
        {
            VerifyLog.DocumentRefused(logger, name, fault.ToString());
            return null;
        }

        try
        {
            targets.Write(_name, newer.ToSnapshot());
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new TufError(TufErrorKind.Store, _name, "5.7", $"the store failed: {exception.Message}");
        }
    }

    private void Hold(Blocklist? list, string? sha256)
    {
        (_held, _sha256) = (list, sha256);
        Matcher = list is null || !matches ? null : new BlocklistMatcher(list);
    }
}
