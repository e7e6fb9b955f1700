using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>Gathers entries in any order and makes a <see cref="Blocklist"/> of them. Of what is listed twice in one category, the later expiry holds.</summary>
public sealed class BlocklistBuilder
{
    private readonly Dictionary<(DocumentId Category, int Length), List<Entry<uint>>> _ipv4 = [];
    private readonly Dictionary<(DocumentId Category, int Length), List<Entry<UInt128>>> _ipv6 = [];

    /// <summary>
    /// Lists a prefix up to a moment. Each distinct moment makes a section of its own, so that moments are to be rounded: to hours, or to the day. Throws
    /// <see cref="ArgumentException"/> for a prefix that is everything.
    /// </summary>
    public void Add(Prefix prefix, DocumentId category, UnixMilliseconds notAfter)
    {
        if (prefix.Length == 0)
        {
            throw new ArgumentException("A prefix of all addresses is not to be listed.", nameof(prefix));
        }

        Span<byte> address = stackalloc byte[16];
        prefix.CopyAddress(address);
        if (prefix.IsIPv4)
        {
            Add(_ipv4, (category, prefix.Length), new(BinaryPrimitives.ReadUInt32BigEndian(address), notAfter));
        }
        else
        {
            Add(_ipv6, (category, prefix.Length), new(BinaryPrimitives.ReadUInt128BigEndian(address), notAfter));
        }
    }

    /// <summary>The list of all that was added; throws <see cref="InvalidOperationException"/> when it is beyond <see cref="BlocklistBounds"/>.</summary>
    /// <param name="version">Its version, at least 1.</param>
    public Blocklist Build(long version)
    {
        var sections = new List<BlocklistSection>();
        foreach (var ((category, length), entries) in _ipv4)
        {
            sections.AddRange(Cohorts(entries).Select(cohort => BlocklistSection.Of(new SectionKey(category, true, length, cohort.NotAfter), cohort.Addresses)));
        }

        foreach (var ((category, length), entries) in _ipv6)
        {
            sections.AddRange(Cohorts(entries).Select(cohort => BlocklistSection.Of(new SectionKey(category, false, length, cohort.NotAfter), cohort.Addresses)));
        }

        sections.Sort((a, b) => a.Key.CompareTo(b.Key));
        return Blocklist.Of(version, sections);
    }

    private static void Add<T>(Dictionary<(DocumentId Category, int Length), List<Entry<T>>> sets, (DocumentId Category, int Length) set, Entry<T> entry)
        where T : unmanaged, IComparable<T>
    {
        if (!sets.TryGetValue(set, out var entries))
        {
            sets.Add(set, entries = []);
        }

        entries.Add(entry);
    }

    private static IEnumerable<(UnixMilliseconds NotAfter, T[] Addresses)> Cohorts<T>(List<Entry<T>> entries)
        where T : unmanaged, IComparable<T>
    {
        CollectionsMarshal.AsSpan(entries).Sort();
        var cohorts = new Dictionary<UnixMilliseconds, List<T>>();
        for (var i = 0; i < entries.Count; i++)
        {
            var (address, notAfter) = entries[i];
            if (i + 1 < entries.Count && entries[i + 1].Address.CompareTo(address) == 0)
            {
                continue; // the next has a later expiry, or the same
            }

            if (!cohorts.TryGetValue(notAfter, out var addresses))
            {
                cohorts.Add(notAfter, addresses = []);
            }

            addresses.Add(address);
        }

        return cohorts.Select(cohort => (cohort.Key, cohort.Value.ToArray()));
    }

    private readonly record struct Entry<T>(T Address, UnixMilliseconds NotAfter) : IComparable<Entry<T>>
        where T : unmanaged, IComparable<T>
    {
        public int CompareTo(Entry<T> other)
        {
            var order = Address.CompareTo(other.Address);
            return order != 0 ? order : NotAfter.CompareTo(other.NotAfter);
        }
    }
}
