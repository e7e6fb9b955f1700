using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>
/// Finds addresses in a blocklist. Single IPv4 addresses lie in 65,536 buckets by their first half, where the second half is compared many at a time; longer prefixes and IPv6
/// lie in a sorted array for each prefix length. Immutable: a new version makes a new one.
/// </summary>
internal sealed class BlocklistMatcher
{
    /// <summary>Buckets with more entries are sorted and searched by halves.</summary>
    private const int LongBucket = 256;

    private const int Buckets = 1 << 16;

    private readonly SectionKey[] _keys;
    private readonly int[] _starts = new int[Buckets + 1];
    private readonly ushort[] _low;
    private readonly ushort[] _section;
    private readonly PrefixTable<uint>[] _ipv4;
    private readonly PrefixTable<UInt128>[] _ipv6;

    /// <summary>Makes a matcher for a list.</summary>
    public BlocklistMatcher(Blocklist list)
    {
        Version = list.Version;
        EntryCount = list.EntryCount;
        _keys = [.. list.Sections.Select(section => section.Key)];
        var numbered = list.Sections.Select((section, number) => (section, (ushort)number)).ToList();
        var single = numbered.FindAll(pair => pair.section.Key is { IsIPv4: true, PrefixLength: 32 });
        var count = single.Sum(pair => pair.section.Count);
        (_low, _section) = (new ushort[count], new ushort[count]);
        Fill(single);
        _ipv4 = Tables(numbered.Where(pair => pair.section.Key is { IsIPv4: true, PrefixLength: < 32 }), section => section.IPv4, length => uint.MaxValue << (32 - length));
        _ipv6 = Tables(numbered.Where(pair => !pair.section.Key.IsIPv4), section => section.IPv6, length => UInt128.MaxValue << (128 - length));
    }

    /// <summary>The list's version.</summary>
    public long Version { get; }

    /// <summary>Entries, expired ones too.</summary>
    public int EntryCount { get; }

    /// <summary>Whether an address is listed at a moment, and why.</summary>
    /// <param name="address">The address.</param>
    /// <param name="now">Entries hold up to their expiry, and not at it.</param>
    /// <param name="category">Of the entry that was found; of several, any.</param>
    public bool TryMatch(HostAddress address, UnixMilliseconds now, out DocumentId category)
    {
        if (!address.IsIPv4)
        {
            return TryMatch(_ipv6, new UInt128(address.High, address.Low), now, out category);
        }

        var ipv4 = (uint)address.Low;
        return TryMatchSingle(ipv4, now, out category) || TryMatch(_ipv4, ipv4, now, out category);
    }

    private bool TryMatchSingle(uint address, UnixMilliseconds now, out DocumentId category)
    {
        var (start, end) = (_starts[address >> 16], _starts[(address >> 16) + 1]);
        var low = (ushort)address;
        if (end - start > LongBucket)
        {
            start = FirstIn(start, end, low);
        }

        while (start < end && _low.AsSpan(start, end - start).IndexOf(low) is >= 0 and var ahead)
        {
            if (IsLive(_section[start + ahead], now, out category))
            {
                return true;
            }

            start += ahead + 1;
            if (end - start > LongBucket && (start == _low.Length || _low[start] != low))
            {
                break; // sorted: no more of it
            }
        }

        category = default;
        return false;
    }

    /// <summary>Where the first of a number lies in a sorted bucket; the end where there is none.</summary>
    private int FirstIn(int start, int end, ushort low)
    {
        var (from, to) = (start, end);
        while (from < to)
        {
            var middle = (from + to) >>> 1;
            if (_low[middle] < low)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from < end && _low[from] == low ? from : end;
    }

    private bool TryMatch<T>(PrefixTable<T>[] tables, T address, UnixMilliseconds now, out DocumentId category)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        foreach (var table in tables)
        {
            var masked = address & table.Mask;
            var place = table.Addresses.AsSpan().BinarySearch(masked);
            if (place < 0)
            {
                continue;
            }

            while (place > 0 && table.Addresses[place - 1] == masked)
            {
                place--;
            }

            for (; place < table.Addresses.Length && table.Addresses[place] == masked; place++)
            {
                if (IsLive(table.Sections[place], now, out category))
                {
                    return true;
                }
            }
        }

        category = default;
        return false;
    }

    private bool IsLive(ushort section, UnixMilliseconds now, out DocumentId category)
    {
        ref readonly var key = ref _keys[section];
        category = key.Category;
        return now.Value < key.NotAfter.Value;
    }

    /// <summary>Counts the buckets, then puts each address into its place; sections are ascending, so that writes run along.</summary>
    private void Fill(List<(BlocklistSection Section, ushort Number)> sections)
    {
        foreach (var (section, _) in sections)
        {
            foreach (var address in section.IPv4.Span)
            {
                _starts[(address >> 16) + 1]++;
            }
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            _starts[bucket + 1] += _starts[bucket];
        }

        var next = _starts.AsSpan(0, Buckets).ToArray();
        foreach (var (section, number) in sections)
        {
            foreach (var address in section.IPv4.Span)
            {
                var place = next[address >> 16]++;
                _low[place] = (ushort)address;
                _section[place] = number;
            }
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (_starts[bucket + 1] - _starts[bucket] is > LongBucket and var length)
            {
                Array.Sort(_low, _section, _starts[bucket], length);
            }
        }
    }

    private static PrefixTable<T>[] Tables<T>(
        IEnumerable<(BlocklistSection Section, ushort Number)> sections, Func<BlocklistSection, ReadOnlyMemory<T>> addresses, Func<int, T> mask)
        where T : unmanaged => [.. sections.GroupBy(pair => pair.Section.Key.PrefixLength).OrderByDescending(length => length.Key).Select(length =>
        {
            var all = new List<T>();
            var numbers = new List<ushort>();
            foreach (var (section, number) in length)
            {
                all.AddRange(addresses(section).Span);
                CollectionsMarshal.SetCount(numbers, all.Count);
                CollectionsMarshal.AsSpan(numbers)[(all.Count - section.Count)..].Fill(number);
            }

            var (sorted, owners) = (all.ToArray(), numbers.ToArray());
            Array.Sort(sorted, owners);
            return new PrefixTable<T>(mask(length.Key), sorted, owners);
        })];

    /// <summary>The prefixes of one length.</summary>
    private sealed record PrefixTable<T>(T Mask, T[] Addresses, ushort[] Sections);
}
