using System.Buffers.Binary;

namespace EdgeSensors.Benchmarks.Traffic;

/// <summary>
/// Writes a capture whose cost to a flow meter is like that of a carrier link: Zipf flow sizes, flows that overlap in time, both directions,
/// two address families. A flow's addresses and ports are a hash of its number, so nothing is kept per flow but its size.
/// </summary>
internal static class SyntheticCapture
{
    private const long StartNanoseconds = 1_790_000_000_000_000_000;
    private const long SpanNanoseconds = 30_000_000_000;

    public static (long Packets, long Octets) Write(Stream stream, TrafficShape shape)
    {
        var order = Schedule(shape);
        var buffer = new byte[1 << 20];
        var used = WriteFileHeader(buffer, shape.SnapLength);
        var state = shape.Seed;
        var seen = new byte[shape.Flows];
        long octets = 0;
        for (var i = 0; i < order.Length; i++)
        {
            if (used > buffer.Length - 2048)
            {
                stream.Write(buffer, 0, used);
                used = 0;
            }

            var flow = (int)(order[i] & 0xffff_ffff);
            var time = StartNanoseconds + (long)((double)i / order.Length * SpanNanoseconds);
            var reverse = seen[flow] > 0 && (Next(ref state) & 3) < 2;
            var length = WriteFrame(buffer.AsSpan(used + 16), flow, shape.Seed, reverse, seen[flow] == 0, ref state);
            seen[flow] = 1;
            var kept = Math.Min(length, shape.SnapLength);
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used), (uint)(time / 1_000_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used + 4), (uint)(time % 1_000_000_000 / 1000));
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used + 8), (uint)kept);
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used + 12), (uint)length);
            used += 16 + kept;
            octets += length;
        }

        stream.Write(buffer, 0, used);
        return (order.Length, octets);
    }

    // Each packet as (place in time << 32 | flow), sorted: a flow starts anywhere and its packets follow within a share of the capture that grows with its size.
    private static ulong[] Schedule(TrafficShape shape)
    {
        var sizes = ZipfSizes(shape);
        var total = sizes.Sum(s => (long)s);
        var order = new ulong[total];
        var state = shape.Seed ^ 0x9e37_79b9_7f4a_7c15;
        var at = 0;
        for (var flow = 0; flow < shape.Flows; flow++)
        {
            var start = (uint)(Next(ref state) >> 33);
            var spread = (uint)Math.Min(int.MaxValue, sizes[flow] * 4_000_000L);
            for (var packet = 0; packet < sizes[flow]; packet++)
            {
                var place = start + (packet == 0 ? 0 : (uint)(Next(ref state) % spread));
                order[at++] = ((ulong)place << 32) | (uint)flow;
            }
        }

        Array.Sort(order);
        return order;
    }

    // Zipf with exponent 1: the k-th largest flow has 1/k of the largest's packets, all at least one.
    private static int[] ZipfSizes(TrafficShape shape)
    {
        var spare = Math.Max(0, shape.Packets - shape.Flows);
        var harmonic = 0.0;
        for (var k = 1; k <= shape.Flows; k++)
        {
            harmonic += 1.0 / k;
        }

        var sizes = new int[shape.Flows];
        var carry = 0.0;
        for (var k = 1; k <= shape.Flows; k++)
        {
            carry += spare / harmonic / k;
            var whole = (int)carry;
            carry -= whole;
            sizes[k - 1] = 1 + whole;
        }

        return sizes;
    }

    private static int WriteFileHeader(Span<byte> to, int snapLength)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], 4);
        to[8..16].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], snapLength);
        BinaryPrimitives.WriteUInt32LittleEndian(to[20..], 1);
        return 24;
    }

    private static int WriteFrame(Span<byte> frame, int flow, ulong seed, bool reverse, bool first, ref ulong state)
    {
        var identity = seed + (ulong)flow * 0x9e37_79b9_7f4a_7c15;
        var a = Next(ref identity);
        var b = Next(ref identity);
        var c = Next(ref identity);
        var ipv6 = c % 100 < 14;
        var kind = (c >> 8) % 100;
        byte protocol = kind < 67 ? (byte)6 : kind < 98 ? (byte)17 : ipv6 ? (byte)58 : (byte)1;
        var transport = protocol switch { 6 => 20, 17 => 8, _ => 8 };
        var headers = 14 + (ipv6 ? 40 : 20) + transport;
        var length = headers + PayloadLength(ref state, first);

        frame[..length].Clear();
        frame[0] = 2;
        frame[6] = 2;
        frame[11] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], (ushort)(ipv6 ? 0x86dd : 0x0800));
        var ip = frame[14..];
        var l4 = ip[(ipv6 ? 40 : 20)..];
        if (ipv6)
        {
            ip[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(length - 54));
            ip[6] = protocol;
            ip[7] = 60;
            WriteIPv6(ip[(reverse ? 24 : 8)..], a);
            WriteIPv6(ip[(reverse ? 8 : 24)..], b);
        }
        else
        {
            ip[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(length - 14));
            ip[8] = 60;
            ip[9] = protocol;
            BinaryPrimitives.WriteUInt32BigEndian(ip[(reverse ? 16 : 12)..], (uint)a);
            BinaryPrimitives.WriteUInt32BigEndian(ip[(reverse ? 12 : 16)..], (uint)b);
        }

        if (protocol is 6 or 17)
        {
            BinaryPrimitives.WriteUInt16BigEndian(l4[(reverse ? 2 : 0)..], (ushort)(1024 + (a >> 40) % 60_000));
            BinaryPrimitives.WriteUInt16BigEndian(l4[(reverse ? 0 : 2)..], (ushort)(b >> 40 & 1 | 442));
            if (protocol == 6)
            {
                l4[12] = 0x50;
                l4[13] = first ? (byte)0x02 : (byte)0x10;
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(l4[4..], (ushort)(length - headers + 8));
            }
        }
        else
        {
            l4[0] = (ipv6, reverse) switch { (true, true) => 129, (true, false) => 128, (false, true) => 0, _ => 8 };
            BinaryPrimitives.WriteUInt16BigEndian(l4[4..], (ushort)(a >> 48));
        }

        return length;
    }

    private static void WriteIPv6(Span<byte> to, ulong value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, 0x2001_0db8);
        to[4..8].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], value);
    }

    // Most packets are small, some are full: 238 octets a frame on average.
    private static int PayloadLength(ref ulong state, bool first) => first
        ? 0
        : (Next(ref state) % 100) switch { < 62 => (int)(Next(ref state) % 40), < 89 => (int)(Next(ref state) % 320), _ => 1200 + (int)(Next(ref state) % 250) };

    // splitmix64 (Steele, Lea, Flood 2014)
    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9e37_79b9_7f4a_7c15;
        z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
        return z ^ (z >> 31);
    }
}
