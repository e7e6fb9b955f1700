using System.Collections.Concurrent;
using EdgeSensors.Hub.Identity;

namespace EdgeSensors.Hub.Inbox;

/// <summary>The broker's connections that were let in: whose each is, and for partners how many there may be. One connection has a client id; the next of that id takes its place.</summary>
internal sealed class OpenConnections
{
    /// <summary>Connections of one partner at once.</summary>
    public const int MaxOfPartner = 8;

    private readonly ConcurrentDictionary<string, Open> _open = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    private sealed record Open(Credential Credential, SensorChannel Channel);

    /// <summary>Notes a connection until it is closed; false when its partner has as many already.</summary>
    public bool TryAdd(string clientId, Credential credential, SensorChannel channel)
    {
        var open = new Open(credential, channel);
        lock (_gate)
        {
            if (credential.Identity is ClientIdentity.Partner partner
                && _open.Count(other => other.Key != clientId && other.Value.Credential.Identity == partner) >= MaxOfPartner)
            {
                return false;
            }

            _open[clientId] = open;
        }

        // One that was taken over must not remove its successor.
        channel.Closed = () => _open.TryRemove(KeyValuePair.Create(clientId, open));
        return true;
    }

    /// <summary>Whose a client id is; null for none.</summary>
    public Credential? Of(string clientId) => _open.TryGetValue(clientId, out var open) ? open.Credential : null;

    /// <summary>Ends at once the connections whose certificates count no more, and gives their client ids.</summary>
    public IReadOnlyList<string> End(Func<Credential, bool> counts)
    {
        var ended = _open.Where(open => !counts(open.Value.Credential)).ToList();
        ended.ForEach(open => open.Value.Channel.Abort());
        return [.. ended.Select(open => open.Key)];
    }
}
