using System.Globalization;
using System.Net;
using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Blocklists.Export;

/// <summary>
/// A response policy zone (ISC, draft-vixie-dnsop-dns-rpz §4.3): a resolver that has it answers NXDOMAIN where an answer would hold a listed address. The zone's serial number is the time in seconds.
/// </summary>
internal static class RpzExport
{
    private const int TtlSeconds = 300;

    public static void Write(TextWriter output, IEnumerable<MergedEntry> entries, DateTimeOffset now)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"$TTL {TtlSeconds}\n@ SOA localhost. root.localhost. {(uint)now.ToUnixTimeSeconds()} 3600 600 604800 {TtlSeconds}\n@ NS localhost.\n"));
        Prefix? last = null;
        foreach (var entry in entries)
        {
            if (entry.Prefix != last) // one of several categories
            {
                output.Write($"{Trigger(entry.Prefix)} CNAME . ; {entry.Category}\n");
            }

            last = entry.Prefix;
        }
    }

    /// <summary>The owner name of a prefix: its length, then its octets (IPv4) or groups (IPv6, the longest run of zeros as <c>zz</c>) from the last to the first.</summary>
    public static string Trigger(Prefix prefix)
    {
        var octets = new byte[16];
        prefix.CopyAddress(octets);
        var labels = prefix.IsIPv4
            ? octets[..4].Select(octet => octet.ToString(CultureInfo.InvariantCulture))
            : Groups(prefix.Address);
        return string.Create(CultureInfo.InvariantCulture, $"{prefix.Length}.{string.Join('.', labels.Reverse())}.rpz-ip");
    }

    // RFC 5952's text has the longest run as "::", which stands for zz, and groups in its place.
    private static IEnumerable<string> Groups(IPAddress address)
    {
        var octets = address.GetAddressBytes();
        var groups = Enumerable.Range(0, 8).Select(i => (octets[2 * i] << 8) | octets[(2 * i) + 1]).ToArray();
        var (start, length) = (-1, 1);
        for (var at = 0; at < 8; at++)
        {
            var run = groups.Skip(at).TakeWhile(group => group == 0).Count();
            if (run > length)
            {
                (start, length) = (at, run);
            }
        }

        for (var at = 0; at < 8; at++)
        {
            if (at == start)
            {
                yield return "zz";
                at += length - 1;
            }
            else
            {
                yield return groups[at].ToString("x", CultureInfo.InvariantCulture);
            }
        }
    }
}
