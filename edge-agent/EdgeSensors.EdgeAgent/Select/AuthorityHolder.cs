using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>Hands the authority from whoever verifies to whoever meters, and lets it end by the clock in the midst of a window.</summary>
/// <param name="sensor">This sensor; an authorisation for another is none.</param>
/// <param name="time">The trusted time.</param>
/// <param name="allowlist">What the owner never takes as listed.</param>
internal sealed class AuthorityHolder(SensorName sensor, TimeProvider time, IReadOnlyList<Prefix>? allowlist = null)
{
    private volatile Held? _held;

    /// <summary>What is in force at this moment; null when nothing is: missing, not yet valid, expired, for another sensor, or no longer trusted because the repository was not verified for too long.</summary>
    public Authority? InForce
    {
        get
        {
            var now = time.GetUtcNow();
            return _held is { } held && now < held.TrustedUntil && held.Authority.Document.IsInForce(new UnixMilliseconds(now.ToUnixTimeMilliseconds())) ? held.Authority : null;
        }
    }

    /// <summary>Takes what was verified in the place of what was before.</summary>
    public void Replace(TrustedState state)
    {
        if (state.Authorization is not { } document || document.Operator != sensor.Operator || document.Sensor != sensor.Sensor)
        {
            _held = null;
            return;
        }

        var domestic = document.Network == NetworkKind.Carrier && state.Domestic is { } table ? new PrefixSet(table.Prefixes) : null;
        var addresses = state.Listed is { Entries.Count: > 0 } list ? new PrefixSet(list.Entries.Select(entry => entry.Prefix)) : null;
        var listed = addresses is null && state.Blocklist is null
            ? null
            : new ListedAddresses(addresses, state.Blocklist, new PrefixSet([.. NeverList.CriticalServices, .. document.OwnPrefixes, .. allowlist ?? []]), time);
        var pseudonyms = state.PseudonymKey is { } key ? new Pseudonymizer(key.ToArray()) : null;
        _held = new Held(new Authority(document, domestic, pseudonyms, listed), state.Expires);
    }

    private sealed record Held(Authority Authority, DateTimeOffset TrustedUntil);
}
