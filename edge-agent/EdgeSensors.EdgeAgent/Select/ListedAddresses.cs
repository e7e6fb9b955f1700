using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>What this sensor takes as listed: the short list and the blocklist, less what is never to be: critical services, its own network, and what its owner allows.</summary>
/// <param name="addresses">The short list; null when there is none.</param>
/// <param name="blocklist">The blocklist; null when there is none.</param>
/// <param name="never">Wins.</param>
/// <param name="time">The trusted time, by which entries expire.</param>
internal sealed class ListedAddresses(PrefixSet? addresses, BlocklistMatcher? blocklist, PrefixSet never, TimeProvider time)
{
    /// <summary>Whether an address is listed now.</summary>
    public bool Contains(HostAddress address) =>
        (addresses?.Contains(address) == true || blocklist?.TryMatch(address, UnixMilliseconds.Now(time), out _) == true) && !never.Contains(address);
}
