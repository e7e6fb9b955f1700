using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Metering.Ebpf;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// A large list of prefixes in the kernel, looked up by <see cref="XdpProgram"/> for each packet of the interfaces that it is attached to. A change costs by its own
/// size, not by the list's. Counters lie beside the list, by slot: the kernel replaces an entry whose end changes, and what it counted meanwhile would be lost.
/// Nothing is pinned: when the process ends, however it ends, the kernel takes the program off and frees all. Not thread-safe.
/// </summary>
internal sealed class XdpFilter : IDisposable
{
    /// <summary>How the kernel calls the program.</summary>
    public const string ProgramName = "es_drop";

    private const int MaxAllowed = 1 << 16;
    private const int ValueOctets = 16;
    private const int CounterOctets = 16;
    private const int InABatch = 1 << 14;

    private readonly EbpfMap[] _maps;
    private readonly int _capacity;
    private readonly Dictionary<Prefix, int> _slots = [];
    private readonly HashSet<Prefix> _allowed = [];

    // A slot's count when its entry came: a counter is never set back, so no packet that is counted at that moment is lost or counted twice.
    private readonly List<XdpHits> _before = [];

    // The longest free is taken first: a processor may still be counting for an entry that is gone.
    private readonly Queue<int> _free = [];
    private readonly List<EbpfLink> _links = [];

    private XdpFilter(EbpfMap[] maps, EbpfProgram program, int capacity, XdpBlocklist blocklist) =>
        (_maps, Program, _capacity, Blocklist) = (maps, program, capacity, blocklist);

    /// <summary>The blocklist that the program looks packets up in behind the list.</summary>
    public XdpBlocklist Blocklist { get; }

    /// <summary>The program, for a run on trial.</summary>
    public EbpfProgram Program { get; }

    /// <summary>Prefixes listed, those that have lapsed and were not taken out included.</summary>
    public int Count => _slots.Count;

    /// <summary>What is listed.</summary>
    public IReadOnlyCollection<Prefix> Listed => _slots.Keys;

    private EbpfMap Counters => _maps[4];

    /// <summary>Makes an empty list and has the kernel verify the program.</summary>
    /// <param name="capacity">Most prefixes.</param>
    /// <param name="filter">Attached nowhere yet.</param>
    /// <param name="error">Why there is none.</param>
    /// <param name="blocklistCapacity">Most entries of the blocklist.</param>
    public static bool TryCreate(int capacity, [NotNullWhen(true)] out XdpFilter? filter, [NotNullWhen(false)] out EbpfError? error, int blocklistCapacity = 0)
    {
        filter = null;
        List<EbpfMap> maps = [];
        (EbpfMapType Type, string Name, int Key, int Value, int Entries)[] needed =
        [
            (EbpfMapType.LongestPrefix, "es_allowed4", 8, 4, MaxAllowed),
            (EbpfMapType.LongestPrefix, "es_allowed6", 20, 4, MaxAllowed),
            (EbpfMapType.LongestPrefix, "es_listed4", 8, ValueOctets, capacity),
            (EbpfMapType.LongestPrefix, "es_listed6", 20, ValueOctets, capacity),
            (EbpfMapType.Array, "es_hits", 4, CounterOctets, capacity),
        ];
        foreach (var (type, name, key, value, entries) in needed)
        {
            if (!EbpfMap.TryCreate(type, name, key, value, entries, out var map, out error))
            {
                maps.ForEach(made => made.Dispose());
                return false;
            }

            maps.Add(map);
        }

        if (!XdpBlocklistMaps.TryCreate(Math.Max(1, blocklistCapacity), blocklistCapacity > 0 ? XdpBlocklist.MaxSections : 1, out var blocklist, out error))
        {
            maps.ForEach(made => made.Dispose());
            return false;
        }

        var instructions = XdpProgram.Assemble(maps[0], maps[1], maps[2], maps[3], maps[4], blocklist);
        if (!EbpfProgram.TryLoad(EbpfProgramType.Xdp, ProgramName, instructions, out var program, out error))
        {
            maps.ForEach(made => made.Dispose());
            blocklist.Dispose();
            return false;
        }

        filter = new XdpFilter([.. maps], program, capacity, new XdpBlocklist(blocklist, blocklistCapacity));
        return true;
    }

    /// <summary>Puts it into force at an interface of the thread's network namespace.</summary>
    public EbpfError? Attach(string interfaceName, out XdpMode mode)
    {
        mode = default;
        if (!EbpfLink.TryAttachXdp(Program, interfaceName, out var link, out var error))
        {
            return error;
        }

        _links.Add(link);
        mode = link.Mode;
        return null;
    }

    /// <summary>Makes these the prefixes that are never dropped. What is new among them is in force before anything is taken out.</summary>
    public EbpfError? Allow(IReadOnlyCollection<Prefix> prefixes)
    {
        foreach (var prefix in prefixes.Where(prefix => !_allowed.Contains(prefix)))
        {
            if (MapOf(prefix, listed: false).Update(KeyOf(prefix), new byte[4]) is { } error)
            {
                return error;
            }

            _allowed.Add(prefix);
        }

        foreach (var prefix in _allowed.Except(prefixes).ToList())
        {
            if (MapOf(prefix, listed: false).Delete(KeyOf(prefix)) is { } error)
            {
                return error;
            }

            _allowed.Remove(prefix);
        }

        return null;
    }

    /// <summary>Takes prefixes out, then puts others in or gives them another end. Hits of what stays go on. After an error what was done so far stands.</summary>
    /// <param name="put">What shall stand; each prefix once.</param>
    /// <param name="removed">What shall not; what is not listed is passed over.</param>
    /// <param name="last">What those that were taken out had dropped.</param>
    public EbpfError? Change(IReadOnlyCollection<XdpEntry> put, IReadOnlyCollection<Prefix> removed, out IReadOnlyList<(Prefix Prefix, XdpHits Hits)> last)
    {
        List<(Prefix, XdpHits)> gone = [];
        last = gone;
        foreach (var family in (bool[])[true, false])
        {
            foreach (var chunk in removed.Where(prefix => prefix.IsIPv4 == family && _slots.ContainsKey(prefix)).Distinct().Chunk(InABatch))
            {
                var error = MapOf(chunk[0], listed: true).DeleteBatch(KeysOf(chunk), out var done);
                foreach (var prefix in chunk.AsSpan(0, done))
                {
                    _slots.Remove(prefix, out var slot);
                    gone.Add((prefix, ReadCounter(slot).Since(_before[slot])));
                    _free.Enqueue(slot);
                }

                if (error is not null)
                {
                    return error;
                }
            }
        }

        foreach (var family in (bool[])[true, false])
        {
            foreach (var chunk in put.Where(entry => entry.Prefix.IsIPv4 == family).Chunk(InABatch))
            {
                if (Put(chunk) is { } error)
                {
                    return error;
                }
            }
        }

        return null;
    }

    /// <summary>What each entry has dropped.</summary>
    public EbpfError? ReadHits(Action<Prefix, XdpHits> each)
    {
        var counters = new XdpHits[_before.Count];
        var (cursor, keys, values) = (new byte[4], new byte[4 * InABatch], new byte[CounterOctets * InABatch]);
        for (var at = 0; at < counters.Length;)
        {
            var room = Math.Min(InABatch, counters.Length - at);
            var error = Counters.LookupBatch(cursor, at == 0, keys.AsSpan(0, 4 * room), values.AsSpan(0, CounterOctets * room), out var count);
            if (error is not null && error.Fault != EbpfFault.NoSuchKey)
            {
                return error;
            }

            for (var i = 0; i < count; i++)
            {
                counters[at + i] = CounterAt(values.AsSpan(i * CounterOctets));
            }

            at += count;
            if (count == 0)
            {
                break;
            }
        }

        foreach (var (prefix, slot) in _slots)
        {
            each(prefix, counters[slot].Since(_before[slot]));
        }

        return null;
    }

    /// <summary>Takes it off its interfaces and frees all.</summary>
    public void Dispose()
    {
        _links.ForEach(link => link.Dispose());
        Program.Dispose();
        Blocklist.Dispose();
        foreach (var map in _maps)
        {
            map.Dispose();
        }
    }

    private EbpfError? Put(ReadOnlySpan<XdpEntry> entries)
    {
        Span<byte> values = new byte[entries.Length * ValueOctets];
        var prefixes = new Prefix[entries.Length];
        List<(Prefix Prefix, int Slot)> added = [];
        EbpfError? full = null;
        var count = 0;
        foreach (var (prefix, expiresAt) in entries)
        {
            if (!_slots.TryGetValue(prefix, out var slot))
            {
                if (!TryTakeSlot(out slot))
                {
                    full = new EbpfError(EbpfFault.NoRoom, $"the list at the interface holds {_capacity} prefixes and is full");
                    break;
                }

                added.Add((prefix, slot));
            }

            prefixes[count] = prefix;
            var value = values.Slice(count * ValueOctets, ValueOctets);
            MemoryMarshal.Write(value, expiresAt);
            MemoryMarshal.Write(value[8..], slot);
            count++;
        }

        var done = 0;
        var error = count == 0 ? null : MapOf(prefixes[0], listed: true).UpdateBatch(KeysOf(prefixes.AsSpan(0, count)), values[..(count * ValueOctets)], out done);
        var standing = prefixes.AsSpan(0, done).ToArray().ToHashSet();
        foreach (var (prefix, slot) in added)
        {
            if (standing.Contains(prefix))
            {
                _slots[prefix] = slot;
            }
            else
            {
                _free.Enqueue(slot);
            }
        }

        return error ?? full;
    }

    private bool TryTakeSlot(out int slot)
    {
        if (_before.Count < _capacity)
        {
            slot = _before.Count;
            _before.Add(default);
            return true;
        }

        if (!_free.TryDequeue(out slot))
        {
            return false;
        }

        _before[slot] = ReadCounter(slot);
        return true;
    }

    private XdpHits ReadCounter(int slot)
    {
        Span<byte> key = stackalloc byte[4];
        Span<byte> value = stackalloc byte[CounterOctets];
        MemoryMarshal.Write(key, slot);
        return Counters.Lookup(key, value) is null ? CounterAt(value) : _before[slot];
    }

    private static XdpHits CounterAt(ReadOnlySpan<byte> value) => new(MemoryMarshal.Read<ulong>(value), MemoryMarshal.Read<ulong>(value[8..]));

    private EbpfMap MapOf(Prefix prefix, bool listed) => _maps[(listed ? 2 : 0) + (prefix.IsIPv4 ? 0 : 1)];

    private static byte[] KeyOf(Prefix prefix) => KeysOf([prefix]);

    /// <summary>Prefixes of one family as the kernel's keys: the length in the machine's order, the address in the network's.</summary>
    private static byte[] KeysOf(ReadOnlySpan<Prefix> prefixes)
    {
        var size = 4 + prefixes[0].AddressLength;
        var keys = new byte[prefixes.Length * size];
        for (var i = 0; i < prefixes.Length; i++)
        {
            MemoryMarshal.Write(keys.AsSpan(i * size), prefixes[i].Length);
            prefixes[i].CopyAddress(keys.AsSpan((i * size) + 4));
        }

        return keys;
    }
}
