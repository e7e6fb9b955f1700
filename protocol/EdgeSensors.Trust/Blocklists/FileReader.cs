using System.Buffers.Binary;
using System.Text;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>Reads the fields of a blocklist file in their order. After a fault it hands out zeros; the first fault is kept.</summary>
internal ref struct FileReader(ReadOnlySpan<byte> file)
{
    private readonly ReadOnlySpan<byte> _file = file;
    private int _offset;

    /// <summary>The first fault.</summary>
    public BlocklistError? Error { get; private set; }

    /// <summary>Keeps a fault, unless there was one before.</summary>
    public void Refuse(BlocklistFault fault, string reason) => Error ??= new BlocklistError(fault, _offset, reason);

    public ReadOnlySpan<byte> Octets(int count)
    {
        if (Error is not null || count > _file.Length - _offset)
        {
            Refuse(BlocklistFault.Malformed, "it is cut short");
            return [];
        }

        _offset += count;
        return _file.Slice(_offset - count, count);
    }

    public byte UInt8() => Octets(1) is [var value] ? value : (byte)0;

    public ushort UInt16() => Octets(2) is { Length: 2 } octets ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    public uint UInt32() => Octets(4) is { Length: 4 } octets ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    public long Int64() => Octets(8) is { Length: 8 } octets ? BinaryPrimitives.ReadInt64BigEndian(octets) : 0;

    public long Version()
    {
        var version = Int64();
        if (version < 1)
        {
            Refuse(BlocklistFault.Malformed, "a version is not between 1 and 2^63 - 1");
        }

        return version;
    }

    /// <summary>The four octets that tell the format, its version and the kind of file.</summary>
    public void Magic(ReadOnlySpan<byte> expected, string kind)
    {
        if (!Octets(expected.Length).SequenceEqual(expected))
        {
            Refuse(BlocklistFault.UnknownFormat, $"it is not a {kind} of this format");
        }
    }

    public SectionKey Key()
    {
        var text = Encoding.Latin1.GetString(Octets(UInt8()));
        if (!DocumentId.TryParse(text, out var category))
        {
            Refuse(BlocklistFault.Malformed, "a category is not an id");
        }

        var family = UInt8();
        var length = UInt8();
        if (family is not (4 or 6) || length < 1 || length > (family == 4 ? 32 : 128))
        {
            Refuse(BlocklistFault.Malformed, "a section's family is not 4 or 6, or its prefix length none of the family's");
        }

        var notAfter = Int64();
        if (notAfter is < 0 or > UnixMilliseconds.MaxValue)
        {
            Refuse(BlocklistFault.Malformed, "a section's expiry is no time");
        }

        return Error is null ? new SectionKey(category, family == 4, length, new UnixMilliseconds(notAfter)) : default;
    }

    /// <summary>A number of sections, within the bound.</summary>
    public int SectionCount()
    {
        var count = UInt16();
        if (count > BlocklistBounds.MaxSections)
        {
            Refuse(BlocklistFault.TooMany, $"it has {count} sections and may have {BlocklistBounds.MaxSections}");
        }

        return Error is null ? count : 0;
    }

    /// <summary>The coded numbers of a section. Each takes a bit at least, so that a count that the octets cannot hold costs no memory.</summary>
    public BitReader Coded(long count)
    {
        var octets = UInt32();
        var coded = Octets((int)Math.Min(octets, int.MaxValue));
        if (count > 8L * coded.Length)
        {
            Refuse(BlocklistFault.Malformed, "a section has more entries than its octets can hold");
        }

        return new BitReader(coded);
    }

    /// <summary>Refuses coded numbers that end before their octets do.</summary>
    public void EndOfCoded(BitReader coded)
    {
        if (!coded.IsAtEnd)
        {
            Refuse(BlocklistFault.Malformed, "a section's octets are more than its numbers, or not filled up with zeros");
        }
    }

    public void EndOfFile()
    {
        if (_offset != _file.Length)
        {
            Refuse(BlocklistFault.Malformed, "something follows the last section");
        }
    }
}
