using System.Buffers.Binary;
using EdgeSensors.Metering.Collect;

namespace EdgeSensors.FieldTest.Exports;

/// <summary>Where an export datagram's header holds what a replay changes: its number, the exporter's uptime, the time of export.</summary>
internal static class ExportHeader
{
    /// <summary>The format, by the datagram's first octets; null when it is none that is known or too short for its header.</summary>
    public static ExportFormat? FormatOf(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 4)
        {
            return null;
        }

        return BinaryPrimitives.ReadUInt16BigEndian(datagram) switch
        {
            5 when datagram.Length >= 24 => ExportFormat.NetFlow5,
            9 when datagram.Length >= 20 => ExportFormat.NetFlow9,
            10 when datagram.Length >= 16 => ExportFormat.Ipfix,
            0 when BinaryPrimitives.ReadUInt32BigEndian(datagram) == 5 && datagram.Length >= 40 => ExportFormat.Sflow5,
            _ => null,
        };
    }

    /// <summary>Whether a datagram brings templates.</summary>
    public static bool BringsTemplates(ReadOnlySpan<byte> datagram)
    {
        var format = FormatOf(datagram);
        if (format is not (ExportFormat.Ipfix or ExportFormat.NetFlow9))
        {
            return false;
        }

        for (var rest = datagram[(format == ExportFormat.Ipfix ? 16 : 20)..]; rest.Length >= 4;)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(rest);
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (id <= 3)
            {
                return true;
            }

            if (length < 4 || length > rest.Length)
            {
                return false;
            }

            rest = rest[length..];
        }

        return false;
    }

    /// <summary>The number that the datagram carries.</summary>
    public static uint Sequence(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt32BigEndian(datagram[SequenceOffset(datagram)..]);

    /// <summary>Makes it one of an exporter that has just started: numbers from 0, uptime from a second.</summary>
    /// <param name="datagram">Changed in place.</param>
    /// <param name="first">The first datagram of the same exporter after the restart, unchanged.</param>
    public static void Restart(Span<byte> datagram, ReadOnlySpan<byte> first)
    {
        var at = SequenceOffset(datagram);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[at..], Sequence(datagram) - Sequence(first));
        if (UptimeOffset(datagram) is { } uptime)
        {
            var began = BinaryPrimitives.ReadUInt32BigEndian(first[uptime..]);
            BinaryPrimitives.WriteUInt32BigEndian(datagram[uptime..], BinaryPrimitives.ReadUInt32BigEndian(datagram[uptime..]) - began + 1000);
        }
    }

    /// <summary>Gives it another number.</summary>
    public static void Renumber(Span<byte> datagram, uint sequence) => BinaryPrimitives.WriteUInt32BigEndian(datagram[SequenceOffset(datagram)..], sequence);

    private static int SequenceOffset(ReadOnlySpan<byte> datagram) => FormatOf(datagram) switch
    {
        ExportFormat.Ipfix => 8,
        ExportFormat.NetFlow9 => 12,
        ExportFormat.NetFlow5 => 16,
        _ => AgentEnd(datagram) + 4,
    };

    private static int? UptimeOffset(ReadOnlySpan<byte> datagram) => FormatOf(datagram) switch
    {
        ExportFormat.Ipfix => null,
        ExportFormat.NetFlow9 or ExportFormat.NetFlow5 => 4,
        _ => AgentEnd(datagram) + 8,
    };

    /// <summary>sFlow: behind the agent's address of 4 or 16 octets.</summary>
    private static int AgentEnd(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == 2 ? 24 : 12;
}
