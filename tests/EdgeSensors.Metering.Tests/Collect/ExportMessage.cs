using System.Buffers.Binary;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>Writes export datagrams octet by octet, lengths filled in.</summary>
internal sealed class ExportMessage
{
    private readonly List<byte> _octets = [];

    public static ExportMessage Ipfix(uint exportSeconds, uint sequence, uint domain = 1) =>
        new ExportMessage().U16(10).U16(0).U32(exportSeconds).U32(sequence).U32(domain);

    public static ExportMessage NetFlow9(uint uptimeMs, uint exportSeconds, uint sequence, uint source = 1, ushort count = 1) =>
        new ExportMessage().U16(9).U16(count).U32(uptimeMs).U32(exportSeconds).U32(sequence).U32(source);

    public static ExportMessage NetFlow5(ushort count, uint uptimeMs, uint exportSeconds, uint sequence, ushort sampling = 0) =>
        new ExportMessage().U16(5).U16(count).U32(uptimeMs).U32(exportSeconds).U32(0).U32(sequence).U16(0).U16(sampling);

    public static ExportMessage Sflow(uint sequence, uint uptimeMs, uint samples) =>
        new ExportMessage().U32(5).U32(1).U32(0xC0000201).U32(0).U32(sequence).U32(uptimeMs).U32(samples);

    public ExportMessage U8(int value)
    {
        _octets.Add((byte)value);
        return this;
    }

    public ExportMessage U16(int value) => U8(value >> 8).U8(value);

    public ExportMessage U32(uint value) => U16((int)(value >> 16)).U16((int)value);

    public ExportMessage U64(ulong value) => U32((uint)(value >> 32)).U32((uint)value);

    public ExportMessage Bytes(params ReadOnlySpan<byte> octets)
    {
        _octets.AddRange(octets);
        return this;
    }

    /// <summary>A set with its header; the length counts it.</summary>
    public ExportMessage Set(int id, Action<ExportMessage> content)
    {
        var inner = new ExportMessage();
        content(inner);
        return U16(id).U16(inner._octets.Count + 4).Bytes([.. inner._octets]);
    }

    /// <summary>An sFlow sample or record: format, length, content.</summary>
    public ExportMessage Record(uint format, Action<ExportMessage> content)
    {
        var inner = new ExportMessage();
        content(inner);
        return U32(format).U32((uint)inner._octets.Count).Bytes([.. inner._octets]);
    }

    /// <summary>A template: id and (element, length) pairs.</summary>
    public ExportMessage Template(int id, params ReadOnlySpan<(int Element, int Length)> fields)
    {
        U16(id).U16(fields.Length);
        foreach (var (element, length) in fields)
            U16(element).U16(length);
        return this;
    }

    public byte[] ToArray()
    {
        var octets = _octets.ToArray();
        if (octets is [0, 10, ..])
            BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(2), (ushort)octets.Length);
        return octets;
    }
}
