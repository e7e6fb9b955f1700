using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>
/// One version of a blocklist: sorted sets by category, family, prefix length and expiry. Published as snapshots, and as deltas that lead from one
/// version to another. The format is in docs/protocol.md, "Blocklist file".
/// </summary>
public sealed partial class Blocklist
{
    private readonly byte[] _state;

    private Blocklist(long version, IReadOnlyList<BlocklistSection> sections, byte[] state)
    {
        Version = version;
        Sections = sections;
        _state = state;
        EntryCount = sections.Sum(section => section.Count);
    }

    /// <summary>Counts up with every change; at least 1.</summary>
    public long Version { get; }

    /// <summary>The sections, in the order of their keys; none is empty.</summary>
    public IReadOnlyList<BlocklistSection> Sections { get; }

    /// <summary>Entries of all sections.</summary>
    public int EntryCount { get; }

    /// <summary>SHA-256 of what is listed (32 octets): equal for equal sections, whatever the version.</summary>
    public ReadOnlySpan<byte> State => _state;

    private static ReadOnlySpan<byte> SnapshotMagic => "ESB\x01"u8;

    /// <summary>Reads a snapshot.</summary>
    public static bool TryRead(ReadOnlySpan<byte> snapshot, [NotNullWhen(true)] out Blocklist? blocklist, [NotNullWhen(false)] out BlocklistError? error)
    {
        blocklist = null;
        if (snapshot.Length > BlocklistBounds.MaxSnapshotOctets)
        {
            error = new BlocklistError(BlocklistFault.TooLong, 0, $"it has {snapshot.Length} octets and may have {BlocklistBounds.MaxSnapshotOctets}");
            return false;
        }

        var reader = new FileReader(snapshot);
        reader.Magic(SnapshotMagic, "snapshot");
        var version = reader.Version();
        var expected = reader.Octets(BlocklistState.Length);
        var sections = ReadSections(ref reader);
        reader.EndOfFile();
        var state = reader.Error is null ? BlocklistState.Of(sections) : [];
        if (!expected.SequenceEqual(state))
        {
            reader.Refuse(BlocklistFault.OtherState, "it does not hold what its state says");
        }

        error = reader.Error;
        blocklist = error is null ? new Blocklist(version, sections, state) : null;
        return error is null;
    }

    /// <summary>The snapshot of this version; throws <see cref="InvalidOperationException"/> when it would be beyond <see cref="BlocklistBounds"/>.</summary>
    public byte[] ToSnapshot()
    {
        var writer = new FileWriter();
        writer.Octets(SnapshotMagic);
        writer.Int64(Version);
        writer.Octets(_state);
        writer.UInt16(Sections.Count);
        foreach (var section in Sections)
        {
            writer.Key(section.Key);
            writer.UInt32((uint)section.Count);
            var coded = new BitWriter();
            WriteAddresses(coded, section.Key, section.IPv4.Span, section.IPv6.Span);
            writer.Coded(coded);
        }

        return writer.Length <= BlocklistBounds.MaxSnapshotOctets ? writer.ToArray() : throw new InvalidOperationException(
            $"The snapshot has {writer.Length} octets and may have {BlocklistBounds.MaxSnapshotOctets}.");
    }

    /// <summary>Makes a version of sections that are in order; throws <see cref="InvalidOperationException"/> when they are beyond <see cref="BlocklistBounds"/>.</summary>
    internal static Blocklist Of(long version, IReadOnlyList<BlocklistSection> sections)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        var entries = sections.Sum(section => (long)section.Count);
        return sections.Count <= BlocklistBounds.MaxSections && entries <= BlocklistBounds.MaxEntries
            ? new Blocklist(version, sections, BlocklistState.Of(sections))
            : throw new InvalidOperationException($"A blocklist has {entries} entries in {sections.Count} sections and may have {BlocklistBounds.MaxEntries} in {BlocklistBounds.MaxSections}.");
    }

    private static List<BlocklistSection> ReadSections(ref FileReader reader)
    {
        var sections = new List<BlocklistSection>();
        long entries = 0;
        for (var left = reader.SectionCount(); left > 0 && reader.Error is null; left--)
        {
            var key = reader.Key();
            var count = reader.UInt32();
            entries += count;
            var coded = reader.Coded(count);
            RefuseOrder(ref reader, sections.Count == 0 ? null : sections[^1].Key, key);
            if (count == 0)
            {
                reader.Refuse(BlocklistFault.Malformed, "a section is empty");
            }

            if (entries > BlocklistBounds.MaxEntries)
            {
                reader.Refuse(BlocklistFault.TooMany, $"it has more than {BlocklistBounds.MaxEntries} entries");
            }

            if (reader.Error is null)
            {
                sections.Add(ReadAddresses(ref reader, ref coded, key, (int)count));
                reader.EndOfCoded(coded);
            }
        }

        return sections;
    }

    private static void RefuseOrder(ref FileReader reader, SectionKey? before, SectionKey key)
    {
        if (reader.Error is null && before is { } last && last >= key)
        {
            reader.Refuse(BlocklistFault.Malformed, "the sections are not in order");
        }
    }

    private static BlocklistSection ReadAddresses(ref FileReader reader, ref BitReader coded, SectionKey key, int count) => key.IsIPv4
        ? BlocklistSection.Of(key, ReadNumbers<uint>(ref reader, ref coded, count, key.PrefixLength, 32 - key.PrefixLength))
        : BlocklistSection.Of(key, ReadNumbers<UInt128>(ref reader, ref coded, count, key.PrefixLength, 128 - key.PrefixLength));

    private static T[] ReadNumbers<T>(ref FileReader reader, ref BitReader coded, int count, int width, int shift)
        where T : unmanaged, IBinaryInteger<T>
    {
        var numbers = new T[count];
        if (!GapCode.TryRead<T>(ref coded, numbers, width, shift, out var reason))
        {
            reader.Refuse(BlocklistFault.Malformed, reason);
        }

        return numbers;
    }

    private static void WriteAddresses(BitWriter coded, SectionKey key, ReadOnlySpan<uint> ipv4, ReadOnlySpan<UInt128> ipv6)
    {
        if (key.IsIPv4)
        {
            GapCode.Write(coded, ipv4, key.PrefixLength, 32 - key.PrefixLength);
        }
        else
        {
            GapCode.Write(coded, ipv6, key.PrefixLength, 128 - key.PrefixLength);
        }
    }
}
