using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>Prefixes of which no address is ever listed: it wins where lists are made and where they are used.</summary>
public sealed class NeverList
{
    private readonly (UInt128 First, UInt128 Last, Prefix Prefix)[] _ranges;

    /// <summary>Makes the list of prefixes, which may overlap.</summary>
    public NeverList(IEnumerable<Prefix> prefixes)
    {
        // What another range covers is left out, so that both ends ascend.
        var ranges = new List<(UInt128 First, UInt128 Last, Prefix Prefix)>();
        foreach (var range in prefixes.Select(RangeOf).OrderBy(range => range.First).ThenByDescending(range => range.Last))
        {
            if (ranges.Count == 0 || range.Last > ranges[^1].Last)
            {
                ranges.Add(range);
            }
        }

        _ranges = [.. ranges];
    }

    /// <summary>
    /// What the whole Internet rests on and lists name by mistake or by malice: the root name servers (root-servers.org) and large public resolvers, single addresses.
    /// </summary>
    public static IReadOnlyList<Prefix> CriticalServices { get; } =
    [
        .. new[]
        {
            // a to m.root-servers.net; b under its addresses of before November 2023 as well
            "198.41.0.4", "170.247.170.2", "199.9.14.201", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4", "198.97.190.53",
            "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
            "2001:503:ba3e::2:30", "2801:1b8:10::b", "2001:500:200::b", "2001:500:2::c", "2001:500:2d::d", "2001:500:a8::e", "2001:500:2f::f", "2001:500:12::d0d",
            "2001:500:1::53", "2001:7fe::53", "2001:503:c27::2:30", "2001:7fd::1", "2001:500:9f::42", "2001:dc3::35",
            // Cloudflare, Google, Quad9, OpenDNS
            "1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220",
            "2606:4700:4700::1111", "2606:4700:4700::1001", "2001:4860:4860::8888", "2001:4860:4860::8844", "2620:fe::fe", "2620:fe::9", "2620:119:35::35", "2620:119:53::53",
        }.Select(Prefix.Parse),
    ];

    /// <summary>Whether a prefix takes in one of <see cref="CriticalServices"/>: no list names it, and no rule drops it.</summary>
    public static bool IsCritical(Prefix prefix) => CriticalServices.Any(service => service.Overlaps(prefix));

    /// <summary>Addresses that are nobody's on the Internet (RFC 6890 and the IANA special-purpose registries), but for documentation.</summary>
    public static IReadOnlyList<Prefix> SpecialPurpose { get; } =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
            "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
        }.Select(Prefix.Parse),
    ];

    /// <summary>Whether a prefix shares an address with the list, and with what of it.</summary>
    public bool Forbids(Prefix prefix, out Prefix because)
    {
        var (first, last, _) = RangeOf(prefix);
        var (from, to) = (0, _ranges.Length);
        while (from < to)
        {
            var middle = (from + to) >>> 1;
            if (_ranges[middle].Last < first)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        var hit = from < _ranges.Length && _ranges[from].First <= last;
        because = hit ? _ranges[from].Prefix : default;
        return hit;
    }

    // Both families on one line of numbers: IPv4 as ::ffff:0:0/96, which no host has on the wire (RFC 4291 §2.5.5.2).
    private static (UInt128 First, UInt128 Last, Prefix Prefix) RangeOf(Prefix prefix)
    {
        Span<byte> octets = stackalloc byte[16];
        var length = prefix.CopyAddress(octets);
        UInt128 first = 0;
        foreach (var octet in octets[..length])
        {
            first = (first << 8) | octet;
        }

        var free = (8 * length) - prefix.Length;
        var size = free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1;
        first |= length == 4 ? (UInt128)0xFFFF << 32 : 0;
        return (first, first | size, prefix);
    }
}
