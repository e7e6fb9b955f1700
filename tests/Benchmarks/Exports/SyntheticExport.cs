using System.Buffers.Binary;
using EdgeSensors.Metering.Collect;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary>Export datagrams as a busy router sends them: full of records of random IPv4 TCP and UDP flows, templates first.</summary>
internal sealed class SyntheticExport(ExportFormat format, ulong seed)
{
    private readonly Random _random = new((int)seed);
    private readonly List<byte> _octets = [];

    /// <summary>Records in a full datagram.</summary>
    public int RecordsPerDatagram => format switch
    {
        ExportFormat.NetFlow5 => 30,
        ExportFormat.Sflow5 => 7,
        _ => 24,
    };

    /// <summary>A datagram that only brings templates and the sampler's options; empty for formats without.</summary>
    public byte[] Templates() => format switch
    {
        ExportFormat.Ipfix => Take(() =>
        {
            IpfixHeader();
            Set(2, () => Template(256));
            Set(3, () =>
            {
                Put16(257, 3, 1, 302, 4, 309, 4, 310, 4);
            });
            Set(257, () => Put32(1, 1, 1024));
        }),
        ExportFormat.NetFlow9 => Take(() =>
        {
            NetFlow9Header();
            Set(0, () => Template(256));
            Set(1, () => Put16(257, 4, 8, 1, 4, 302, 4, 34, 4, 0));
            Set(257, () => Put32(0, 1, 1024));
        }),
        _ => [],
    };

    /// <summary>A datagram full of records.</summary>
    public byte[] Data() => format switch
    {
        ExportFormat.Ipfix => Take(() =>
        {
            IpfixHeader();
            Set(256, () => Records(RecordsPerDatagram));
        }),
        ExportFormat.NetFlow9 => Take(() =>
        {
            NetFlow9Header();
            Set(256, () => Records(RecordsPerDatagram));
        }),
        ExportFormat.NetFlow5 => Take(NetFlow5),
        _ => Take(Sflow),
    };

    /// <summary>Writes a sequence number into a datagram.</summary>
    public void Number(Span<byte> datagram, uint sequence) =>
        BinaryPrimitives.WriteUInt32BigEndian(datagram[(format switch { ExportFormat.Ipfix => 8, ExportFormat.NetFlow9 => 12, ExportFormat.NetFlow5 => 16, _ => 16 })..], sequence);

    /// <summary>How far a datagram moves the sequence number on.</summary>
    public uint Step(int records) => format is ExportFormat.Ipfix or ExportFormat.NetFlow5 ? (uint)records : 1;

    private byte[] Take(Action write)
    {
        _octets.Clear();
        write();
        var datagram = _octets.ToArray();
        if (format == ExportFormat.Ipfix)
            BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), (ushort)datagram.Length);
        return datagram;
    }

    private void IpfixHeader()
    {
        Put16(10, 0);
        Put32(1_700_000_000, 0, 7);
    }

    private void NetFlow9Header()
    {
        Put16(9, 1);
        Put32(90_000_000, 1_700_000_000, 0, 7);
    }

    /// <summary>A router's usual IPv4 template: 18 fields, 57 octets.</summary>
    private void Template(int id) => Put16(
        id, 18, 8, 4, 12, 4, 5, 1, 4, 1, 7, 2, 11, 2, 32, 2, 10, 4, 14, 4, 16, 4, 17, 4, 6, 1, 1, 4, 2, 4, 22, 4, 21, 4, 302, 4, 15, 4);

    private void Records(int count)
    {
        for (var index = 0; index < count; index++)
        {
            Put32(0x0A000000 | (uint)_random.Next(1 << 24), (uint)_random.Next());
            _octets.AddRange([0, (byte)(_random.Next(3) == 0 ? 17 : 6)]);
            Put16(_random.Next(1024, 65536), _random.Next(2) == 0 ? 443 : 53, 0);
            Put32((uint)_random.Next(64), (uint)_random.Next(64), (uint)_random.Next(65536), (uint)_random.Next(65536));
            _octets.Add(0x1B);
            Put32((uint)_random.Next(40, 1_000_000), (uint)_random.Next(1, 1000), 89_990_000, 89_999_000, 1, 0x0A0000FE);
        }
    }

    private void NetFlow5()
    {
        Put16(5, RecordsPerDatagram);
        Put32(90_000_000, 1_700_000_000, 0, 0);
        Put16(0, 0x4000 | 1024);
        for (var index = 0; index < RecordsPerDatagram; index++)
        {
            Put32((uint)_random.Next(), (uint)_random.Next(), 0x0A0000FE);
            Put16(1, 2);
            Put32((uint)_random.Next(1, 1000), (uint)_random.Next(40, 1_000_000), 89_990_000, 89_999_000);
            Put16(_random.Next(1024, 65536), 443);
            _octets.AddRange([0, 0x1B, 6, 0]);
            Put16(64500, 64501, 0x1810, 0);
        }
    }

    private void Sflow()
    {
        Put32(5, 1, 0xC0000201, 0, 0, 90_000_000, (uint)RecordsPerDatagram + 1);
        for (var index = 0; index < RecordsPerDatagram; index++)
        {
            // One sample of a 128-octet header, as switches send them.
            Put32(1, 32 + 8 + 16 + 128, (uint)index, 3, 1024, 99, 0, 3, 4, 1, 1, 16 + 128, 1, 1518, 4, 128);
            var frame = new byte[128];
            _random.NextBytes(frame);
            frame[12] = 8;
            frame[13] = 0;
            frame[14] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), 1500);
            frame[20] = frame[21] = 0;
            frame[23] = 6;
            frame[46] = 0x50;
            _octets.AddRange(frame);
        }

        Put32(2, 12 + 8 + 88, 1, 3, 1, 1, 88);
        for (var index = 0; index < 22; index++)
            Put32((uint)_random.Next());
    }

    private void Set(int id, Action content)
    {
        var start = _octets.Count;
        Put16(id, 0);
        content();
        var length = _octets.Count - start;
        _octets[start + 2] = (byte)(length >> 8);
        _octets[start + 3] = (byte)length;
    }

    private void Put16(params ReadOnlySpan<int> values)
    {
        foreach (var value in values)
            _octets.AddRange([(byte)(value >> 8), (byte)value]);
    }

    private void Put32(params ReadOnlySpan<uint> values)
    {
        foreach (var value in values)
            _octets.AddRange([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
    }
}
