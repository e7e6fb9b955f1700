using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Covers addresses with few prefixes (RFC 4632 aggregation).</summary>
internal static class PrefixCover
{
    private const int NeighbourhoodV4 = 24;
    private const int NeighbourhoodV6 = 64;

    /// <summary>The fewest prefixes that hold these addresses and no other.</summary>
    public static List<Prefix> Exact(IEnumerable<HostAddress> addresses)
    {
        var merged = new List<Prefix>();
        Span<byte> octets = stackalloc byte[16];
        foreach (var address in addresses.Distinct().OrderBy(a => !a.IsIPv4).ThenBy(a => a))
        {
            merged.Add(Prefix.Of(octets[..address.WriteOctets(octets)]));
            while (merged.Count > 1 && TryJoin(merged[^2], merged[^1], out var joined))
            {
                merged.RemoveAt(merged.Count - 1);
                merged[^1] = joined;
            }
        }

        return merged;
    }

    /// <summary>The same, but a /24 or /64 that holds none of the <paramref name="others"/> is taken whole.</summary>
    public static List<Prefix> ByNeighbourhood(IEnumerable<HostAddress> addresses, IEnumerable<HostAddress> others)
    {
        var taken = others.Select(Neighbourhood).ToHashSet();
        var byNeighbourhood = addresses.ToLookup(a => !taken.Contains(Neighbourhood(a)));
        return [.. byNeighbourhood[true].Select(Neighbourhood).Distinct(), .. Exact(byNeighbourhood[false])];
    }

    private static Prefix Neighbourhood(HostAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        return Prefix.Of(octets[..address.WriteOctets(octets)], address.IsIPv4 ? NeighbourhoodV4 : NeighbourhoodV6);
    }

    private static bool TryJoin(Prefix low, Prefix high, out Prefix joined)
    {
        joined = default;
        if (low.Length != high.Length || low.AddressLength != high.AddressLength || low.Length == 0)
        {
            return false;
        }

        Span<byte> octets = stackalloc byte[16];
        octets = octets[..low.CopyAddress(octets)];
        joined = Prefix.Of(octets, low.Length - 1);
        return joined.Contains(low) && joined.Contains(high) && low != high;
    }
}
