using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>pcap (draft-ietf-opsawg-pcap): a file header of 24 octets, then records of 16 octets and a packet (24 in the "modified" form of Linux 2.2 days).</summary>
internal sealed class PcapReader(BlockBuffer buffer, string name, bool bigEndian, bool nanoseconds, bool modified) : RecordReader(buffer, name)
{
    private const int FileHeaderLength = 24;

    private readonly int _recordHeaderLength = modified ? 24 : 16;
    private readonly long _fractionNs = nanoseconds ? 1 : 1000;
    private LinkType _linkType;
    private int _minorVersion;

    public override string Format => "pcap";

    public override CaptureError? Start(CapturePosition position)
    {
        if (!Buffer.Ensure(FileHeaderLength))
        {
            return new CaptureError(CaptureErrorKind.Truncated, 0, $"{Name}: the capture is cut short inside its file header; nothing can be read. Copy the file again");
        }

        var header = Buffer.Peek(FileHeaderLength);
        int major = bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(header[4..]) : BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        _minorVersion = bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(header[6..]) : BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        if (major != 2)
        {
            return new CaptureError(CaptureErrorKind.UnsupportedVersion, 4, $"{Name}: pcap version {major}.{_minorVersion} is not read; convert it: editcap FILE NEWFILE");
        }

        // The upper bits of the field hold the length of a frame check sequence.
        _linkType = (LinkType)(Word(header, 20) & 0xFFFF);
        Describe(_linkType);
        Buffer.Advance(FileHeaderLength);
        return position == CapturePosition.Start ? null : Resume(position);
    }

    public override bool TryRead(ref CapturedPacket packet)
    {
        if (Error is not null)
            return false;
        var headerLength = _recordHeaderLength;
        var start = Buffer.Offset;
        if (!Buffer.Ensure(headerLength))
            return Buffer.Available != 0 || Buffer.ReadFailure is not null ? StopTruncated(start) : false;
        var header = Buffer.Peek(headerLength);
        var seconds = Word(header, 0);
        var fraction = Word(header, 4);
        var capturedLength = Word(header, 8);
        var originalLength = Word(header, 12);
        if (_minorVersion < 3 || (_minorVersion == 3 && capturedLength > originalLength))
            (capturedLength, originalLength) = (originalLength, capturedLength); // old writers had them the other way round
        if (capturedLength > CaptureFile.MaxPacketLength)
            return Stop(CaptureErrorKind.Corrupt, start, $"a record claims {capturedLength} captured octets; the file is damaged from here. What came before was read");
        if (!Buffer.Ensure(headerLength + (int)capturedLength))
            return StopTruncated(start);
        packet.TimestampNs = (seconds * 1_000_000_000L) + (fraction * _fractionNs);
        packet.LinkType = _linkType;
        packet.Data = Buffer.Peek(headerLength + (int)capturedLength)[headerLength..];
        packet.OriginalLength = (int)Math.Min(originalLength, int.MaxValue);
        Buffer.Advance(headerLength + (int)capturedLength);
        return true;
    }

    public override int AddBuffered(PacketBlock block)
    {
        if (Error is not null || _minorVersion < 4)
            return 0;
        var unread = Buffer.Unread;
        var (before, at) = (block.Count, 0);
        while (block.Count < PacketBlock.MaxPackets && unread.Length - at >= _recordHeaderLength)
        {
            var header = Unsafe.ReadUnaligned<RecordHeader>(ref Unsafe.AsRef(in unread[at]));
            if (bigEndian)
                header = header.Reversed();
            if (header.CapturedLength > (uint)(unread.Length - at - _recordHeaderLength) || header.CapturedLength > CaptureFile.MaxPacketLength)
                break;
            at += _recordHeaderLength;
            block.Add(
                (header.Seconds * 1_000_000_000L) + (header.Fraction * _fractionNs), _linkType, Buffer.Start + at, (int)header.CapturedLength, (int)Math.Min(header.OriginalLength, int.MaxValue));
            at += (int)header.CapturedLength;
        }

        Buffer.Advance(at);
        return block.Count - before;
    }

    /// <summary>A pcap record carries no mark, so what can be checked is that the position is inside the file and a believable record, or the end, is there.</summary>
    private CaptureError? Resume(CapturePosition position)
    {
        if (position.SectionOffset != 0 || position.Offset < FileHeaderLength || !Buffer.TrySeek(position.Offset))
            return PositionMismatch(position);
        if (!Buffer.Ensure(_recordHeaderLength))
            return null;
        var header = Buffer.Peek(_recordHeaderLength);
        return Math.Min(Word(header, 8), Word(header, 12)) <= CaptureFile.MaxPacketLength ? null : PositionMismatch(position);
    }

    private uint Word(ReadOnlySpan<byte> header, int offset) =>
        bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(header[offset..]) : BinaryPrimitives.ReadUInt32LittleEndian(header[offset..]);

    /// <summary>The first 16 octets of a record, as this machine (little-endian) reads them.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct RecordHeader(uint seconds, uint fraction, uint capturedLength, uint originalLength)
    {
        public readonly uint Seconds = seconds;
        public readonly uint Fraction = fraction;
        public readonly uint CapturedLength = capturedLength;
        public readonly uint OriginalLength = originalLength;

        public RecordHeader Reversed() => new(
            BinaryPrimitives.ReverseEndianness(Seconds), BinaryPrimitives.ReverseEndianness(Fraction), BinaryPrimitives.ReverseEndianness(CapturedLength), BinaryPrimitives.ReverseEndianness(OriginalLength));
    }
}
