using System.Buffers.Binary;

namespace EdgeSensors.FieldTest.Replay;

/// <summary>Writes some passes of a plan as one capture file (pcap, nanoseconds, Ethernet), for runs in which no packet can be sent.</summary>
internal static class ReplayFile
{
    private const uint NanosecondMagic = 0xA1B23C4D;

    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="plan">What to replay.</param>
    /// <param name="passes">How often.</param>
    /// <param name="gap">Between two passes.</param>
    /// <param name="begin">The first packet's time.</param>
    public static void Write(string path, ReplayPlan plan, int passes, TimeSpan gap, DateTimeOffset begin)
    {
        using var file = new BufferedStream(File.Create(path));
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, NanosecondMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 1 << 18);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        file.Write(header);

        Span<byte> record = stackalloc byte[16];
        for (var pass = 0; pass < passes; pass++)
        {
            var start = begin + ((plan.PassDuration + gap) * pass);
            foreach (var planned in plan.Pass(pass))
            {
                var ns = ((start - DateTimeOffset.UnixEpoch).Ticks * 100) + (long)(planned.Packet.OffsetNs / plan.Speed);
                var frame = planned.Packet.Frame;
                BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(ns / 1_000_000_000));
                BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(ns % 1_000_000_000));
                BinaryPrimitives.WriteInt32LittleEndian(record[8..], frame.Length);
                BinaryPrimitives.WriteInt32LittleEndian(record[12..], frame.Length);
                file.Write(record);
                file.Write(frame);
            }
        }
    }
}
