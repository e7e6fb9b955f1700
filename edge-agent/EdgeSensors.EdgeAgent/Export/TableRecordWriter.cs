using System.Globalization;
using System.Text;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Aligned columns for a person who watches: the widths are those of IPv4, and a longer value pushes its line.</summary>
internal sealed class TableRecordWriter(Stream output) : IRecordWriter
{
    private static readonly (string Title, int Width, bool Right)[] Columns =
    [
        ("START (UTC)", 23, false), ("SECONDS", 8, true), ("PROTO", 6, false), ("SOURCE", 21, false), ("DESTINATION", 21, false), ("PACKETS", 9, true), ("OCTETS", 11, true),
        ("FLAGS", 8, false), ("SAMPLING", 8, false), ("EXPORTER", 0, false),
    ];

    private readonly StreamWriter _text = new(output, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
    private bool _titled;

    public void OnFlow(ref readonly ExportedFlow flow)
    {
        if (!_titled)
            Write([.. Columns.Select(column => column.Title)]);
        _titled = true;
        Write(Row(in flow, reverse: false));
        if (flow.IsBiflow)
            Write(Row(in flow, reverse: true));
    }

    public void Flush()
    {
        _text.Flush();
        output.Flush();
    }

    public void Dispose() => _text.Dispose();

    private static string[] Row(ref readonly ExportedFlow flow, bool reverse)
    {
        var culture = CultureInfo.InvariantCulture;
        var flags = reverse ? flow.ReverseTcpFlags : flow.TcpFlags;
        var source = Endpoint(flow.Source, flow.SourcePort, in flow);
        var destination = Endpoint(flow.Destination, flow.DestinationPort, in flow);
        return
        [
            DateTime.UnixEpoch.AddTicks(flow.StartNs / 100).ToString("yyyy-MM-dd HH:mm:ss.fff", culture),
            ((flow.EndNs - flow.StartNs) / 1e9).ToString("F3", culture),
            TableFlowWriter.ProtocolName(flow.Protocol),
            reverse ? destination : source,
            reverse ? source : destination,
            (reverse ? flow.ReversePacketCount : flow.PacketCount).ToString(culture),
            (reverse ? flow.ReverseOctetCount : flow.OctetCount).ToString(culture),
            flow.Protocol == IpProtocol.Tcp && flow.Has(reverse ? FlowFields.ReverseTcpFlags : FlowFields.TcpFlags) ? TableFlowWriter.FlagLetters(flags) : "-",
            flow.Sampling.ToString(),
            flow.Exporter.Address.ToString(),
        ];
    }

    private static string Endpoint(HostAddress address, ushort port, ref readonly ExportedFlow flow) =>
        !flow.Has(FlowFields.Addresses) ? "-" : !flow.Has(FlowFields.Ports) ? address.ToString() : address.IsIPv4 ? $"{address}:{port}" : $"[{address}]:{port}";

    private void Write(string[] row)
    {
        for (var column = 0; column < row.Length; column++)
        {
            if (column > 0)
                _text.Write("  ");
            _text.Write(Columns[column].Right ? row[column].PadLeft(Columns[column].Width) : row[column].PadRight(Columns[column].Width));
        }

        _text.WriteLine();
    }
}
