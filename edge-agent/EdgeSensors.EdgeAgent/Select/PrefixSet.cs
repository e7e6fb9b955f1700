using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>Whether an address lies in any of many prefixes: merged ranges, found by binary search.</summary>
internal sealed class PrefixSet
{
    private readonly UInt128[] _firsts;
    private readonly UInt128[] _lasts;

    /// <summary>Makes the set; prefixes may overlap.</summary>
    public PrefixSet(IEnumerable<Prefix> prefixes)
    {
        var ranges = prefixes.Select(RangeOf).OrderBy(range => range.First).ToList();
        var firsts = new List<UInt128>();
        var lasts = new List<UInt128>();
        foreach (var (first, last) in ranges)
        {
            if (lasts.Count > 0 && (lasts[^1] == UInt128.MaxValue || first <= lasts[^1] + 1))
            {
                lasts[^1] = UInt128.Max(lasts[^1], last);
            }
            else
            {
                firsts.Add(first);
                lasts.Add(last);
            }
        }

        (_firsts, _lasts) = ([.. firsts], [.. lasts]);
    }

    /// <summary>Whether an address is inside.</summary>
    public bool Contains(HostAddress address)
    {
        var value = new UInt128(address.High, address.Low);
        var place = Array.BinarySearch(_firsts, value);
        place = place >= 0 ? place : ~place - 1;
        return place >= 0 && value <= _lasts[place];
    }

    private static (UInt128 First, UInt128 Last) RangeOf(Prefix prefix)
    {
        var address = HostAddress.From(prefix.Address);
        var first = new UInt128(address.High, address.Low);
        var free = (prefix.IsIPv4 ? 32 : 128) - prefix.Length;
        var rest = free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1;
        return (first, first | rest);
    }
}
