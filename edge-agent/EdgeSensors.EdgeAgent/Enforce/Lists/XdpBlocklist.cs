using System.Numerics;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Ebpf;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>
/// The blocklist in the kernel. An entry's value is the number of its section; when the section ends, what is done with its packets and how many there were stands once for
/// the section. So a change costs by its own size, an end or a step is changed by one write, and hits live on over every change. Safe to use from several threads.
/// </summary>
/// <param name="maps">The kernel's tables.</param>
/// <param name="capacity">Most entries.</param>
internal sealed class XdpBlocklist(XdpBlocklistMaps maps, int capacity) : IDisposable
{
    /// <summary>The bit of a section that looks at packets' sources.</summary>
    public const int LooksAtSource = 1;

    /// <summary>The bit of one that looks at their destinations.</summary>
    public const int LooksAtDestination = 2;

    /// <summary>The number where the bits of all sections together stand: 0 there and nothing is looked up.</summary>
    public const int AllSections = 0;

    /// <summary>Numbers of sections: while a list takes another's place both have theirs.</summary>
    public const int MaxSections = (2 * BlocklistBounds.MaxSections) + 1;

    private const int InABatch = 1 << 14;
    private const int SectionOctets = 16;

    private static readonly EbpfError Gone = new(EbpfFault.NoSuchKey, "the list at the interface is gone");

    private readonly Lock _lock = new();
    private readonly Dictionary<SectionKey, Standing> _standing = [];
    private readonly Dictionary<DocumentId, XdpHits> _past = [];
    private readonly Queue<int> _free = new(Enumerable.Range(AllSections + 1, MaxSections - 1));
    private bool _broken;

    // After a failure nobody knows which entries stand. Until all are gone no section takes a number, or what is left of one list would be judged by the next.
    private bool _half;

    /// <summary>Most entries.</summary>
    public int Capacity => capacity;

    /// <summary>Brings the kernel's tables to these sections.</summary>
    /// <param name="sections">Of sections with one key there is one, none has ended.</param>
    /// <param name="endOf">When a section ends, in nanoseconds of CLOCK_BOOTTIME.</param>
    public EbpfError? Apply(IReadOnlyList<EnforcedSection> sections, Func<EnforcedSection, ulong> endOf)
    {
        lock (_lock)
        {
            if (_broken)
            {
                return Gone;
            }

            if (_half && Clear() is { } stuck)
            {
                return stuck;
            }

            if (Bring(sections, endOf) is not { } error)
            {
                return null;
            }

            // Half a list is none: from this write on nothing is looked up.
            Write(AllSections, 0, 0, drops: false);
            _half = true;
            Clear();
            return error;
        }
    }

    /// <summary>What the categories have hit since the start.</summary>
    public EbpfError? ReadHits(Dictionary<DocumentId, XdpHits> hits)
    {
        lock (_lock)
        {
            foreach (var (category, past) in _past)
            {
                hits[category] = past;
            }

            foreach (var (key, standing) in _standing)
            {
                if (_broken || !TryReadCounter(standing.Number, out var now))
                {
                    return Gone;
                }

                Add(hits, key.Category, now.Since(standing.Before));
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _broken = true;
            maps.Dispose();
        }
    }

    private EbpfError? Bring(IReadOnlyList<EnforcedSection> sections, Func<EnforcedSection, ulong> endOf)
    {
        var wanted = sections.ToDictionary(section => section.Key);
        var first = _standing.Count == 0;
        var before = _standing.ToDictionary(standing => standing.Key, standing => standing.Value.Section);
        foreach (var section in sections)
        {
            var standing = _standing.GetValueOrDefault(section.Key);
            var number = standing?.Number ?? Take();
            if (number < 0)
            {
                return new EbpfError(EbpfFault.NoRoom, $"the list at the interface has more than {BlocklistBounds.MaxSections} sections");
            }

            if (Write(number, endOf(section), BitsOf(section), section.Step == MitigationStep.Drop) is { } error)
            {
                return error;
            }

            if (standing is null)
            {
                TryReadCounter(number, out var from);
                standing = new Standing(number, section, from);
            }

            _standing[section.Key] = standing with { Section = section };
        }

        // What goes makes room for what comes, in all shapes: prefixes of every length share a table.
        var puts = new List<Func<EbpfError?>>();
        foreach (var shape in sections.Select(section => section.Shape).Concat(before.Values.Select(section => section.Shape)).Distinct().ToList())
        {
            var error = shape.IsIPv4 ? Change<uint>(shape, before, wanted, first, puts) : Change<UInt128>(shape, before, wanted, first, puts);
            if (error is not null)
            {
                return error;
            }
        }

        if (puts.Select(put => put()).FirstOrDefault(error => error is not null) is { } full)
        {
            return full;
        }

        foreach (var (key, standing) in _standing.Where(standing => !wanted.ContainsKey(standing.Key)).ToList())
        {
            End(key, standing);
        }

        return Write(AllSections, 0, sections.Aggregate(0, (bits, section) => bits | BitsOf(section)), drops: false);
    }

    /// <summary>Changes one table's entries of one prefix length: takes out what goes, and gives what is to be put in after that.</summary>
    private EbpfError? Change<T>(
        ListShape shape, Dictionary<SectionKey, EnforcedSection> before, Dictionary<SectionKey, EnforcedSection> wanted, bool first, List<Func<EbpfError?>> later)
        where T : unmanaged, IBinaryInteger<T>
    {
        // The one that goes before others last: where nothing stood yet, its writes lie over theirs.
        var sections = wanted.Values.Where(section => section.Shape == shape).ToList();
        sections.Sort((a, b) => ReferenceEquals(a, b) ? 0 : a.GoesBefore(b) ? 1 : -1);
        if (first)
        {
            later.AddRange(sections.Select<EnforcedSection, Func<EbpfError?>>(section => () => Put(shape, section.Addresses<T>(), _standing[section.Key].Number)));
            return null;
        }

        var changed = new List<T>();
        foreach (var key in before.Keys.Concat(wanted.Keys).Where(key => new ListShape(key.IsIPv4, key.PrefixLength) == shape).Distinct())
        {
            var (old, now) = (before.GetValueOrDefault(key), wanted.GetValueOrDefault(key));
            SortedDifference(old is null ? default : old.Addresses<T>(), now is null ? default : now.Addresses<T>(), changed);

            // What goes before what may be another now.
            if (old is not null && now is not null && (old.Step != now.Step || old.EndsAt != now.EndsAt) && sections.Count > 1)
            {
                changed.AddRange(now.Addresses<T>());
            }
        }

        changed.Sort();
        var puts = sections.ToDictionary(section => section.Key, _ => new List<T>());
        var deletes = new List<T>();
        for (var i = 0; i < changed.Count; i++)
        {
            if (i > 0 && changed[i] == changed[i - 1])
            {
                continue;
            }

            var winner = sections.FindLastIndex(section => section.Addresses<T>().BinarySearch(changed[i]) >= 0);
            (winner < 0 ? deletes : puts[sections[winner].Key]).Add(changed[i]);
        }

        later.AddRange(puts.Select<KeyValuePair<SectionKey, List<T>>, Func<EbpfError?>>(put => () => Put<T>(shape, CollectionsMarshal.AsSpan(put.Value), _standing[put.Key].Number)));
        return Delete<T>(shape, CollectionsMarshal.AsSpan(deletes));
    }

    /// <summary>What one of two ascending spans holds and the other does not.</summary>
    private static void SortedDifference<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, List<T> into)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (a == b)
        {
            return;
        }

        var (i, j) = (0, 0);
        while (i < a.Length && j < b.Length)
        {
            if (a[i] == b[j])
            {
                (i, j) = (i + 1, j + 1);
            }
            else
            {
                into.Add(a[i] < b[j] ? a[i++] : b[j++]);
            }
        }

        into.AddRange(a[i..]);
        into.AddRange(b[j..]);
    }

    private EbpfError? Put<T>(ListShape shape, ReadOnlySpan<T> addresses, int number)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = new int[Math.Min(InABatch, addresses.Length)];
        values.AsSpan().Fill(number);
        for (; !addresses.IsEmpty; addresses = addresses[Math.Min(InABatch, addresses.Length)..])
        {
            var batch = addresses[..Math.Min(InABatch, addresses.Length)];
            if (maps.Of(shape).UpdateBatch(KeysOf(shape, batch), MemoryMarshal.AsBytes(values.AsSpan(0, batch.Length)), out _) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private EbpfError? Delete<T>(ListShape shape, ReadOnlySpan<T> addresses)
        where T : unmanaged, IBinaryInteger<T>
    {
        while (!addresses.IsEmpty)
        {
            var batch = addresses[..Math.Min(InABatch, addresses.Length)];
            var error = maps.Of(shape).DeleteBatch(KeysOf(shape, batch), out var done);
            if (error is not null && error.Fault != EbpfFault.NoSuchKey)
            {
                return error;
            }

            // One that is gone already is passed over.
            addresses = addresses[(error is null ? batch.Length : done + 1)..];
        }

        return null;
    }

    private static byte[] KeysOf<T>(ListShape shape, ReadOnlySpan<T> addresses)
        where T : unmanaged, IBinaryInteger<T>
    {
        var octets = shape.IsIPv4 ? 4 : 16;
        var length = shape.IsSingle ? 0 : 4;
        var keys = new byte[addresses.Length * (length + octets)];
        for (var (i, at) = (0, 0); i < addresses.Length; i++, at += octets)
        {
            if (length > 0)
            {
                MemoryMarshal.Write(keys.AsSpan(at), shape.PrefixLength);
                at += length;
            }

            addresses[i].WriteBigEndian(keys, at);
        }

        return keys;
    }

    private static int BitsOf(EnforcedSection section) => section.Direction switch
    {
        SlpfDirection.Ingress => LooksAtSource,
        SlpfDirection.Egress => LooksAtDestination,
        _ => LooksAtSource | LooksAtDestination,
    };

    private int Take() => _free.TryDequeue(out var number) ? number : -1;

    private void End(SectionKey key, Standing standing)
    {
        if (TryReadCounter(standing.Number, out var now))
        {
            Add(_past, key.Category, now.Since(standing.Before));
        }

        Write(standing.Number, 0, 0, drops: false);
        _standing.Remove(key);
        _free.Enqueue(standing.Number);
    }

    /// <summary>Takes every entry out, whosever it was, and ends the sections.</summary>
    private EbpfError? Clear()
    {
        foreach (var map in (EbpfMap[])[maps.Singles4, maps.Singles6, maps.Nets4, maps.Nets6])
        {
            if (Empty(map) is { } error)
            {
                return error;
            }
        }

        foreach (var (key, standing) in _standing.ToList())
        {
            End(key, standing);
        }

        _half = false;
        return null;
    }

    private static EbpfError? Empty(EbpfMap map)
    {
        var (key, next) = (new byte[map.KeySize], new byte[map.KeySize]);
        var error = map.NextKey([], key);
        while (error is null)
        {
            // The next one first: the way on from a key that is gone begins anew.
            error = map.NextKey(key, next);
            if (map.Delete(key) is { Fault: not EbpfFault.NoSuchKey } stuck)
            {
                return stuck;
            }

            (key, next) = (next, key);
        }

        return error.Fault == EbpfFault.NoSuchKey ? null : error;
    }

    private EbpfError? Write(int number, ulong end, int bits, bool drops)
    {
        Span<byte> key = stackalloc byte[4];
        Span<byte> value = stackalloc byte[SectionOctets];
        MemoryMarshal.Write(key, number);
        MemoryMarshal.Write(value, end);
        MemoryMarshal.Write(value[8..], bits);
        MemoryMarshal.Write(value[12..], drops ? 1 : 0);
        return maps.Sections.Update(key, value);
    }

    private bool TryReadCounter(int number, out XdpHits hits)
    {
        Span<byte> key = stackalloc byte[4];
        Span<byte> value = stackalloc byte[SectionOctets];
        MemoryMarshal.Write(key, number);
        var found = maps.Counters.Lookup(key, value) is null;
        hits = new XdpHits(MemoryMarshal.Read<ulong>(value), MemoryMarshal.Read<ulong>(value[8..]));
        return found;
    }

    private static void Add(Dictionary<DocumentId, XdpHits> sums, DocumentId category, XdpHits hits)
    {
        var sum = sums.GetValueOrDefault(category);
        sums[category] = new XdpHits(sum.Packets + hits.Packets, sum.Octets + hits.Octets);
    }

    /// <summary>A section in the kernel.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Section">What it holds.</param>
    /// <param name="Before">The number's count when the section came: a counter is never set back.</param>
    private sealed record Standing(int Number, EnforcedSection Section, XdpHits Before);
}
