using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Capture;

/// <summary>Writes captures octet by octet as the two format drafts lay them out, in either byte order.</summary>
internal sealed class CaptureWriter(bool bigEndian)
{
    private readonly List<byte> _octets = [];

    public byte[] ToArray() => [.. _octets];

    public MemoryStream ToStream() => new([.. _octets]);

    public CaptureWriter PcapHeader(uint magic = 0xA1B2C3D4, LinkType linkType = LinkType.Ethernet) =>
        Word(magic).Half(2).Half(4).Word(0).Word(0).Word(65535).Word((uint)linkType);

    public CaptureWriter PcapRecord(uint seconds, uint fraction, byte[] data, int? originalLength = null) =>
        Word(seconds).Word(fraction).Word((uint)data.Length).Word((uint)(originalLength ?? data.Length)).Bytes(data);

    public CaptureWriter Section() => Word(0x0A0D0D0A).Word(28).Word(0x1A2B3C4D).Half(1).Half(0).Word(uint.MaxValue).Word(uint.MaxValue).Word(28);

    public CaptureWriter Interface(LinkType linkType = LinkType.Ethernet, byte? resolution = null, long? offsetSeconds = null, uint snapLength = 0)
    {
        var options = new CaptureWriter(bigEndian);
        if (resolution is { } value)
            options.Half(9).Half(1).Bytes([value, 0, 0, 0]);
        if (offsetSeconds is { } offset)
            options.Half(14).Half(8).Long((ulong)offset);
        return Block(1, new CaptureWriter(bigEndian).Half((ushort)linkType).Half(0).Word(snapLength).Bytes(options.ToArray()).ToArray());
    }

    public CaptureWriter EnhancedPacket(uint interfaceId, ulong timestamp, byte[] data, int? originalLength = null) => Block(
        6,
        new CaptureWriter(bigEndian).Word(interfaceId).Word((uint)(timestamp >> 32)).Word((uint)timestamp)
            .Word((uint)data.Length).Word((uint)(originalLength ?? data.Length)).Bytes(data).ToArray());

    public CaptureWriter SimplePacket(byte[] data, int originalLength) =>
        Block(3, new CaptureWriter(bigEndian).Word((uint)originalLength).Bytes(data).ToArray());

    public CaptureWriter Block(uint type, byte[] body)
    {
        var padding = -body.Length & 3;
        var length = (uint)(12 + body.Length + padding);
        return Word(type).Word(length).Bytes(body).Bytes(new byte[padding]).Word(length);
    }

    public CaptureWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _octets.AddRange(bytes);
        return this;
    }

    public CaptureWriter Half(ushort value) => Number(value, 2);

    public CaptureWriter Word(uint value) => Number(value, 4);

    public CaptureWriter Long(ulong value) => Number(value, 8);

    private CaptureWriter Number(ulong value, int length)
    {
        Span<byte> octets = stackalloc byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(octets, value);
            return Bytes(octets[^length..]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(octets, value);
        return Bytes(octets[..length]);
    }
}
