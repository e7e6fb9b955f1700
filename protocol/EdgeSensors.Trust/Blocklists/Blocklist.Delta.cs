using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace EdgeSensors.Trust.Blocklists;

public sealed partial class Blocklist
{
    // In the place of a count of removals: the section goes, and its removals are not listed one by one.
    private const uint WholeSection = uint.MaxValue;

    // Removals are places in the base's section, which has at most 2^22 entries.
    private const int PlaceBits = 24;

    private static ReadOnlySpan<byte> DeltaMagic => "ESD\x01"u8;

    /// <summary>The delta that leads from an older version to this one; null when it would be longer than a delta may be, so that the snapshot is to be fetched.</summary>
    public byte[]? DeltaFrom(Blocklist older)
    {
        ArgumentNullException.ThrowIfNull(older);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(older.Version, Version, nameof(older));
        var changes = new FileWriter();
        var changed = 0;
        foreach (var (key, before, after) in Pair(older.Sections, Sections))
        {
            var writer = new FileWriter();
            writer.Key(key);
            var wrote = (before, after) switch
            {
                (_, null) => WriteRemoval(writer),
                _ when key.IsIPv4 => WriteChange(writer, key, before is null ? [] : before.IPv4.Span, after.IPv4.Span),
                _ => WriteChange(writer, key, before is null ? [] : before.IPv6.Span, after.IPv6.Span),
            };
            if (wrote)
            {
                changed++;
                changes.Octets(writer.ToArray());
            }
        }

        var file = new FileWriter();
        file.Octets(DeltaMagic);
        file.Int64(older.Version);
        file.Octets(older._state);
        file.Int64(Version);
        file.Octets(_state);
        file.UInt16(changed);
        file.Octets(changes.ToArray());
        return changed <= BlocklistBounds.MaxSections && file.Length <= BlocklistBounds.MaxDeltaOctets ? file.ToArray() : null;
    }

    /// <summary>Makes the newer version that a delta leads to. Refused when it was made for another base, or when the outcome is not what it says.</summary>
    public bool TryApply(ReadOnlySpan<byte> delta, [NotNullWhen(true)] out Blocklist? newer, [NotNullWhen(false)] out BlocklistError? error)
    {
        newer = null;
        if (delta.Length > BlocklistBounds.MaxDeltaOctets)
        {
            error = new BlocklistError(BlocklistFault.TooLong, 0, $"it has {delta.Length} octets and may have {BlocklistBounds.MaxDeltaOctets}");
            return false;
        }

        var reader = new FileReader(delta);
        reader.Magic(DeltaMagic, "delta");
        var baseVersion = reader.Version();
        var baseState = reader.Octets(BlocklistState.Length);
        if (baseVersion != Version || !baseState.SequenceEqual(_state))
        {
            reader.Refuse(BlocklistFault.OtherBase, $"it leads from version {baseVersion}, and what is here is another base (version {Version})");
        }

        var version = reader.Version();
        if (version <= baseVersion)
        {
            reader.Refuse(BlocklistFault.Malformed, "it leads to a version that is not newer");
        }

        var expected = reader.Octets(BlocklistState.Length);
        var sections = ApplySections(ref reader);
        reader.EndOfFile();
        var state = reader.Error is null ? BlocklistState.Of(sections) : [];
        if (!expected.SequenceEqual(state))
        {
            reader.Refuse(BlocklistFault.OtherState, "what it makes of its base is not what its state says");
        }

        error = reader.Error;
        newer = error is null ? new Blocklist(version, sections, state) : null;
        return error is null;
    }

    private static bool WriteRemoval(FileWriter writer)
    {
        writer.UInt32(WholeSection);
        writer.UInt32(0);
        writer.UInt32(0);
        return true;
    }

    private static bool WriteChange<T>(FileWriter writer, SectionKey key, ReadOnlySpan<T> before, ReadOnlySpan<T> after)
        where T : unmanaged, IBinaryInteger<T>
    {
        var removed = new List<uint>();
        var added = new List<T>();
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (j == after.Length || (i < before.Length && before[i] < after[j]))
            {
                removed.Add((uint)i++);
            }
            else if (i == before.Length || after[j] < before[i])
            {
                added.Add(after[j++]);
            }
            else
            {
                i++;
                j++;
            }
        }

        writer.UInt32((uint)removed.Count);
        writer.UInt32((uint)added.Count);
        var coded = new BitWriter();
        GapCode.Write<uint>(coded, removed.ToArray(), PlaceBits, 0);
        GapCode.Write<T>(coded, added.ToArray(), key.PrefixLength, 8 * key.AddressLength - key.PrefixLength);
        writer.Coded(coded);
        return removed.Count + added.Count > 0;
    }

    private List<BlocklistSection> ApplySections(ref FileReader reader)
    {
        var sections = new List<BlocklistSection>();
        var next = 0;
        long come = 0;
        SectionKey? last = null;
        for (var left = reader.SectionCount(); left > 0 && reader.Error is null; left--)
        {
            var key = reader.Key();
            RefuseOrder(ref reader, last, key);
            var removed = reader.UInt32();
            var added = reader.UInt32();
            come += added;
            if (come > BlocklistBounds.MaxEntries)
            {
                reader.Refuse(BlocklistFault.TooMany, $"it adds more than {BlocklistBounds.MaxEntries} entries");
            }

            if (reader.Error is not null)
            {
                break;
            }

            last = key;
            while (next < Sections.Count && Sections[next].Key < key)
            {
                sections.Add(Sections[next++]);
            }

            var before = next < Sections.Count && Sections[next].Key == key ? Sections[next++] : null;
            if (removed == WholeSection)
            {
                if (before is null || added != 0)
                {
                    reader.Refuse(BlocklistFault.Malformed, "a section goes that the base does not have, or that gains entries");
                }

                reader.EndOfCoded(reader.Coded(0));
            }
            else if (Change(ref reader, key, before, removed, added) is { } section)
            {
                sections.Add(section);
            }
        }

        sections.AddRange(Sections.Skip(next));
        if (sections.Count > BlocklistBounds.MaxSections || sections.Sum(section => (long)section.Count) > BlocklistBounds.MaxEntries)
        {
            reader.Refuse(BlocklistFault.TooMany, $"it makes more than {BlocklistBounds.MaxEntries} entries or {BlocklistBounds.MaxSections} sections");
        }

        return sections;
    }

    private static BlocklistSection? Change(ref FileReader reader, SectionKey key, BlocklistSection? before, uint removed, uint added)
    {
        var coded = reader.Coded((long)removed + added);
        var count = (before?.Count ?? 0) - (long)removed + added;
        if (removed > (before?.Count ?? 0) || count == 0 || (removed == 0 && added == 0))
        {
            reader.Refuse(BlocklistFault.Malformed, "a section changes in nothing, loses more than it has, or is left empty");
        }

        if (reader.Error is not null)
        {
            return null;
        }

        var places = ReadNumbers<uint>(ref reader, ref coded, (int)removed, PlaceBits, 0);
        var addresses = ReadAddresses(ref reader, ref coded, key, (int)added);
        reader.EndOfCoded(coded);
        if (reader.Error is not null)
        {
            return null;
        }

        return key.IsIPv4
            ? BlocklistSection.Of(key, Merge(ref reader, before is null ? [] : before.IPv4.Span, places, addresses.IPv4.Span))
            : BlocklistSection.Of(key, Merge(ref reader, before is null ? [] : before.IPv6.Span, places, addresses.IPv6.Span));
    }

    private static T[] Merge<T>(ref FileReader reader, ReadOnlySpan<T> before, ReadOnlySpan<uint> removed, ReadOnlySpan<T> added)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (removed.Length > 0 && removed[^1] >= before.Length)
        {
            reader.Refuse(BlocklistFault.Malformed, "it removes a place that the base does not have");
            return [];
        }

        var merged = new T[before.Length - removed.Length + added.Length];
        var at = 0;
        for (int i = 0, gone = 0, come = 0; i < before.Length || come < added.Length;)
        {
            if (gone < removed.Length && removed[gone] == i)
            {
                gone++;
                i++;
            }
            else if (i == before.Length || (come < added.Length && added[come] < before[i]))
            {
                merged[at++] = added[come++];
            }
            else if (come < added.Length && added[come] == before[i])
            {
                reader.Refuse(BlocklistFault.Malformed, "it adds what the base has");
                return [];
            }
            else
            {
                merged[at++] = before[i++];
            }
        }

        return merged;
    }

    // The sections of two versions, in order, by their key.
    private static IEnumerable<(SectionKey Key, BlocklistSection? Before, BlocklistSection? After)> Pair(
        IReadOnlyList<BlocklistSection> before, IReadOnlyList<BlocklistSection> after)
    {
        for (int i = 0, j = 0; i < before.Count || j < after.Count;)
        {
            if (j == after.Count || (i < before.Count && before[i].Key < after[j].Key))
            {
                yield return (before[i].Key, before[i++], null);
            }
            else if (i == before.Count || after[j].Key < before[i].Key)
            {
                yield return (after[j].Key, null, after[j++]);
            }
            else
            {
                yield return (before[i].Key, before[i++], after[j++]);
            }
        }
    }
}
