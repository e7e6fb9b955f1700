using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>
/// pcapng (draft-ietf-opsawg-pcapng): sections in either byte order, each describing its interfaces; enhanced, simple and (obsolete) packet blocks.
/// All other blocks are skipped without being held in memory.
/// </summary>
internal sealed class PcapngReader(BlockBuffer buffer, string name) : RecordReader(buffer, name)
{
    /// <summary>Interfaces described in one section before the file is taken for damaged.</summary>
    private const int MaxInterfaces = 65_536;

    private const uint SectionHeader = 0x0A0D0D0A;
    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1A2B3C4D;

    private readonly List<CaptureInterface> _interfaces = [];
    private bool _bigEndian;
    private long _lastTimestampNs;

    public override string Format => "pcapng";

    public override CaptureError? Start(CapturePosition position)
    {
        if (position == CapturePosition.Start)
            return ReadSectionHeader() ? null : Error;
        if (!Buffer.TrySeek(position.SectionOffset) || !Buffer.Ensure(12) || BlockType() != SectionHeader || !ReadSectionHeader())
            return PositionMismatch(position);

        // The interfaces are described anywhere before the packets that use them: walk the section's blocks up to the position, leaving the packets out.
        while (Buffer.Offset < position.Offset)
        {
            if (!Buffer.Ensure(12) || BlockType() == SectionHeader)
                return PositionMismatch(position);
            var type = BlockType();
            var length = Word(4);
            if (length < 12 || length % 4 != 0 || (type == InterfaceDescription ? !ReadInterface(length) : !Buffer.TrySeek(Buffer.Offset + length)))
                return PositionMismatch(position);
        }

        return Buffer.Offset == position.Offset ? null : PositionMismatch(position);
    }

    public override bool TryRead(ref CapturedPacket packet)
    {
        while (Error is null)
        {
            var start = Buffer.Offset;
            if (!Buffer.Ensure(12))
                return Buffer.Available != 0 || Buffer.ReadFailure is not null ? StopTruncated(start) : false;
            var type = BlockType();
            if (type == SectionHeader)
            {
                ReadSectionHeader();
                continue;
            }

            var length = Word(4);
            if (length < 12 || length % 4 != 0)
                return Stop(CaptureErrorKind.Corrupt, start, $"a block claims a length of {length} octets; the file is damaged from here. What came before was read");
            switch (type)
            {
                case InterfaceDescription:
                    ReadInterface(length);
                    break;
                case EnhancedPacket or SimplePacket or ObsoletePacket:
                    return ReadPacket(type, length, ref packet);
                default:
                    if (!Buffer.Skip(length))
                        StopTruncated(start);
                    break;
            }
        }

        return false;
    }

    private bool ReadPacket(uint type, uint length, ref CapturedPacket packet)
    {
        var start = Buffer.Offset;
        var fixedLength = type == SimplePacket ? 12 : 28;
        if (length < fixedLength + 4)
            return Stop(CaptureErrorKind.Corrupt, start, "a packet block is shorter than its own fields; the file is damaged from here. What came before was read");
        if (length > Buffer.Capacity)
            return Stop(CaptureErrorKind.Corrupt, start, $"a packet block claims {length} octets; the file is damaged from here. What came before was read");
        if (!Buffer.Ensure((int)length))
            return StopTruncated(start);
        var block = Buffer.Peek((int)length);
        var index = type switch
        {
            SimplePacket => 0u,
            ObsoletePacket => Half(block, 8),
            _ => Word(block, 8),
        };
        if (index >= _interfaces.Count)
            return Stop(CaptureErrorKind.Corrupt, start, $"a packet names interface {index}, which was never described; the file is damaged from here. What came before was read");
        ref readonly var from = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_interfaces)[(int)index];

        uint capturedLength, originalLength;
        if (type == SimplePacket)
        {
            originalLength = Word(block, 8);
            capturedLength = from.SnapshotLength == 0 ? originalLength : Math.Min(originalLength, from.SnapshotLength);
            capturedLength = Math.Min(capturedLength, length - 16);
        }
        else
        {
            capturedLength = Word(block, 20);
            originalLength = Word(block, 24);
            _lastTimestampNs = from.ToNanoseconds(((ulong)Word(block, 12) << 32) | Word(block, 16));
        }

        if (capturedLength > length - fixedLength - 4)
            return Stop(CaptureErrorKind.Corrupt, start, "a packet is longer than its block; the file is damaged from here. What came before was read");
        packet.TimestampNs = _lastTimestampNs; // a simple packet block has none of its own
        packet.LinkType = from.LinkType;
        packet.Data = block.Slice(fixedLength, (int)capturedLength);
        packet.OriginalLength = (int)Math.Min(originalLength, int.MaxValue);
        Buffer.Advance((int)length);
        return true;
    }

    private bool ReadSectionHeader()
    {
        var start = Buffer.Offset;
        if (!Buffer.Ensure(28))
            return StopTruncated(start);
        var header = Buffer.Peek(28);
        var magic = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        if (magic != ByteOrderMagic && BinaryPrimitives.ReverseEndianness(magic) != ByteOrderMagic)
        {
            return start == 0
                ? Stop(CaptureErrorKind.NotACapture, start, "begins like a pcapng file but has no byte-order magic; give a pcap or pcapng file")
                : Stop(CaptureErrorKind.Corrupt, start, "a section has no byte-order magic; the file is damaged from here. What came before was read");
        }

        _bigEndian = magic == ByteOrderMagic;
        var length = Word(header, 4);
        var major = Half(header, 12);
        if (major != 1)
            return Stop(CaptureErrorKind.UnsupportedVersion, start, $"pcapng version {major} is not read");
        if (length < 28 || length % 4 != 0)
            return Stop(CaptureErrorKind.Corrupt, start, $"a section header claims a length of {length} octets; the file is damaged from here. What came before was read");
        SectionOffset = start;
        _interfaces.Clear();
        return Buffer.Skip(length) || StopTruncated(start);
    }

    private bool ReadInterface(uint length)
    {
        var start = Buffer.Offset;
        if (length < 20 || length > Buffer.Capacity)
            return Stop(CaptureErrorKind.Corrupt, start, $"an interface description claims {length} octets; the file is damaged from here. What came before was read");
        if (!Buffer.Ensure((int)length))
            return StopTruncated(start);
        if (_interfaces.Count == MaxInterfaces)
            return Stop(CaptureErrorKind.Corrupt, start, $"more than {MaxInterfaces} interfaces are described; the file is damaged from here. What came before was read");
        var block = Buffer.Peek((int)length);
        byte resolution = 6;
        long offsetSeconds = 0;
        var options = block[16..^4];
        while (options.Length >= 4)
        {
            var code = Half(options, 0);
            int size = Half(options, 2);
            if (code == 0 || options.Length < 4 + size)
                break;
            if (code == 9 && size >= 1)
                resolution = options[4];
            else if (code == 14 && size >= 8)
                offsetSeconds = _bigEndian ? BinaryPrimitives.ReadInt64BigEndian(options[4..]) : BinaryPrimitives.ReadInt64LittleEndian(options[4..]);
            options = options[Math.Min(options.Length, 4 + ((size + 3) & ~3))..];
        }

        var linkType = (LinkType)Half(block, 8);
        _interfaces.Add(new CaptureInterface(linkType, Word(block, 12), resolution, offsetSeconds));
        Describe(linkType);
        Buffer.Advance((int)length);
        return true;
    }

    private uint BlockType() => Word(0);

    private uint Word(int offset) => Word(Buffer.Peek(12), offset);

    private uint Word(ReadOnlySpan<byte> block, int offset) =>
        _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(block[offset..]) : BinaryPrimitives.ReadUInt32LittleEndian(block[offset..]);

    private ushort Half(ReadOnlySpan<byte> block, int offset) =>
        _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(block[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]);
}
