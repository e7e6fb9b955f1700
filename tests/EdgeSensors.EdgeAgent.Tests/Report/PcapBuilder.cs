using System.Buffers.Binary;
using System.Net;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>Writes a small pcap of raw IPv4 packets (link type 101), with payload.</summary>
internal sealed class PcapBuilder
{
    private readonly List<byte> _file = [];

    public PcapBuilder()
    {
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 101);
        _file.AddRange(header);
    }

    public PcapBuilder Tcp(long ms, string from, ushort fromPort, string to, ushort toPort, byte flags, byte[] payload)
    {
        var packet = new byte[40 + payload.Length];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = 6;
        IPAddress.Parse(from).TryWriteBytes(packet.AsSpan(12), out _);
        IPAddress.Parse(to).TryWriteBytes(packet.AsSpan(16), out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), fromPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(22), toPort);
        packet[32] = 0x50;
        packet[33] = flags;
        payload.CopyTo(packet, 40);
        Span<byte> record = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(1_700_000_000 + (ms / 1000)));
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(ms % 1000 * 1000));
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)packet.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], (uint)packet.Length);
        _file.AddRange(record);
        _file.AddRange(packet);
        return this;
    }

    public string Save()
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, [.. _file]);
        return path;
    }
}
