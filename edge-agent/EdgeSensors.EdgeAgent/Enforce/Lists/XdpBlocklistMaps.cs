using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>The kernel's tables of the blocklist.</summary>
/// <param name="Singles4">IPv4 addresses, to the number of their section (4 octets).</param>
/// <param name="Singles6">IPv6 addresses likewise.</param>
/// <param name="Nets4">Wider IPv4 prefixes likewise.</param>
/// <param name="Nets6">Wider IPv6 prefixes likewise.</param>
/// <param name="Sections">By number: the end in nanoseconds of CLOCK_BOOTTIME (8 octets), which ends of a packet are looked at (4), whether it is dropped (4).</param>
/// <param name="Counters">By number: packets (8 octets), octets (8).</param>
internal sealed record XdpBlocklistMaps(EbpfMap Singles4, EbpfMap Singles6, EbpfMap Nets4, EbpfMap Nets6, EbpfMap Sections, EbpfMap Counters) : IDisposable
{
    /// <summary>Makes them, empty.</summary>
    /// <param name="capacity">Most entries of each of the four.</param>
    /// <param name="sections">Most sections.</param>
    /// <param name="maps">They.</param>
    /// <param name="error">Why there are none.</param>
    public static bool TryCreate(int capacity, int sections, [NotNullWhen(true)] out XdpBlocklistMaps? maps, [NotNullWhen(false)] out EbpfError? error)
    {
        maps = null;
        List<EbpfMap> made = [];

        // A prefix tree of Linux before 6.13 that is full takes no new value for a prefix that it has either: it makes the new node before it lets the old one go.
        (EbpfMapType Type, string Name, int Key, int Value, int Entries)[] needed =
        [
            (EbpfMapType.Hash, "es_block4", 4, 4, capacity), (EbpfMapType.Hash, "es_block6", 16, 4, capacity),
            (EbpfMapType.LongestPrefix, "es_blocknet4", 8, 4, capacity + 1), (EbpfMapType.LongestPrefix, "es_blocknet6", 20, 4, capacity + 1),
            (EbpfMapType.Array, "es_sections", 4, 16, sections), (EbpfMapType.Array, "es_blockhits", 4, 16, sections),
        ];
        foreach (var (type, name, key, value, entries) in needed)
        {
            if (!EbpfMap.TryCreate(type, name, key, value, entries, out var map, out error, grows: type == EbpfMapType.Hash))
            {
                made.ForEach(other => other.Dispose());
                return false;
            }

            made.Add(map);
        }

        (maps, error) = (new XdpBlocklistMaps(made[0], made[1], made[2], made[3], made[4], made[5]), null);
        return true;
    }

    /// <summary>The table of a shape.</summary>
    public EbpfMap Of(ListShape shape) => (shape.IsIPv4, shape.IsSingle) switch
    {
        (true, true) => Singles4,
        (false, true) => Singles6,
        (true, false) => Nets4,
        _ => Nets6,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var map in (EbpfMap[])[Singles4, Singles6, Nets4, Nets6, Sections, Counters])
        {
            map.Dispose();
        }
    }
}
