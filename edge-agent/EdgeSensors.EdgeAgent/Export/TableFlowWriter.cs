using System.Globalization;
using System.Text;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// Aligned columns. The first rows are held back to find the widths, so that a short result fits exactly and a long one still comes out as it is metered.
/// </summary>
internal sealed class TableFlowWriter(Stream output) : IFlowWriter
{
    private const int RowsHeldBack = 1000;

    private static readonly string[] Titles = ["START (UTC)", "SECONDS", "PROTO", "INITIATOR", "RESPONDER", "PACKETS", "OCTETS", "BACK", "OCTETS", "FLAGS", "BACK", "END"];
    private static readonly bool[] RightAligned = [false, true, false, false, false, true, true, true, true, false, false, false];

    private readonly StreamWriter _text = new(output, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
    private readonly List<string[]> _held = [];
    private int[]? _widths;

    public void OnBiflow(ref readonly BiflowRecord record)
    {
        var row = Row(in record);
        if (_widths is not null)
        {
            Write(row);
            return;
        }

        _held.Add(row);
        if (_held.Count == RowsHeldBack)
            FixWidths();
    }

    public void Flush()
    {
        if (_widths is null)
            FixWidths();
        _text.Flush();
    }

    public void Dispose() => _text.Dispose();

    private static string[] Row(ref readonly BiflowRecord record)
    {
        var culture = CultureInfo.InvariantCulture;
        var tcp = record.Protocol == IpProtocol.Tcp;
        return
        [
            DateTime.UnixEpoch.AddTicks(record.FirstNs / 100).ToString("yyyy-MM-dd HH:mm:ss.fff", culture),
            ((record.LastNs - record.FirstNs) / 1e9).ToString("F3", culture),
            ProtocolName(record.Protocol) + TunnelText(in record),
            Endpoint(record.Source, record.SourcePort, in record),
            Endpoint(record.Destination, record.DestinationPort, in record),
            record.Forward.PacketCount.ToString(culture),
            record.Forward.OctetCount.ToString(culture),
            record.Reverse.PacketCount.ToString(culture),
            record.Reverse.OctetCount.ToString(culture),
            tcp ? FlagLetters(record.Forward.TcpFlags) : IcmpText(record.Forward),
            tcp ? FlagLetters(record.Reverse.TcpFlags) : IcmpText(record.Reverse),
            record.EndReason switch
            {
                FlowEndReason.IdleTimeout => "idle",
                FlowEndReason.ActiveTimeout => "active",
                FlowEndReason.EndOfFlow => "closed",
                FlowEndReason.LackOfResources => "evicted",
                _ => "file end",
            },
        ];
    }

    private static string Endpoint(HostAddress address, ushort port, ref readonly BiflowRecord record)
    {
        if (record.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp))
            return address.ToString();
        return record.IpVersion == 4 ? $"{address}:{port}" : $"[{address}]:{port}";
    }

    internal static string ProtocolName(IpProtocol protocol) => protocol switch
    {
        IpProtocol.Tcp => "tcp",
        IpProtocol.Udp => "udp",
        IpProtocol.Icmp => "icmp",
        IpProtocol.IcmpV6 => "icmpv6",
        IpProtocol.Sctp => "sctp",
        IpProtocol.Esp => "esp",
        _ => ((int)protocol).ToString(CultureInfo.InvariantCulture),
    };

    internal static string TunnelName(TunnelKind tunnel) => tunnel switch
    {
        TunnelKind.Mpls => "mpls",
        TunnelKind.Pppoe => "pppoe",
        TunnelKind.Gre => "gre",
        TunnelKind.Nvgre => "nvgre",
        TunnelKind.Erspan => "erspan",
        TunnelKind.Vxlan => "vxlan",
        TunnelKind.Geneve => "geneve",
        TunnelKind.GtpU => "gtp-u",
        TunnelKind.IpInIp => "ip-in-ip",
        TunnelKind.Teredo => "teredo",
        TunnelKind.Ayiya => "ayiya",
        TunnelKind.Capwap => "capwap",
        TunnelKind.L2tp => "l2tp",
        TunnelKind.EtherIp => "etherip",
        TunnelKind.Pbb => "pbb",
        TunnelKind.FabricPath => "fabricpath",
        TunnelKind.Nsh => "nsh",
        _ => "none",
    };

    private static string TunnelText(ref readonly BiflowRecord record) => record.Tunnel == TunnelKind.None ? ""
        : record.TunnelId == 0 ? $" in {TunnelName(record.Tunnel)}" : string.Create(CultureInfo.InvariantCulture, $" in {TunnelName(record.Tunnel)} {record.TunnelId}");

    private static string IcmpText(DirectionCounters direction) =>
        direction.HasIcmp ? $"{direction.IcmpTypeCode >> 8}/{direction.IcmpTypeCode & 0xFF}" : "-";

    /// <summary>The letters of tcpdump and Zeek's peers, in the order of the bits from CWR down; "-" for none.</summary>
    internal static string FlagLetters(TcpControlBits flags)
    {
        if (flags == TcpControlBits.None)
            return "-";
        Span<char> letters = stackalloc char[8];
        var count = 0;
        for (var bit = 7; bit >= 0; bit--)
        {
            if (((int)flags & (1 << bit)) != 0)
                letters[count++] = "FSRPAUEC"[bit];
        }

        return new string(letters[..count]);
    }

    private void FixWidths()
    {
        _widths = new int[Titles.Length];
        for (var column = 0; column < Titles.Length; column++)
            _widths[column] = _held.Select(row => row[column].Length).Append(Titles[column].Length).Max();
        if (_held.Count > 0)
            Write(Titles);
        foreach (var row in _held)
            Write(row);
        _held.Clear();
    }

    private void Write(string[] row)
    {
        for (var column = 0; column < row.Length; column++)
        {
            if (column > 0)
                _text.Write("  ");
            var last = column == row.Length - 1;
            _text.Write(RightAligned[column] ? row[column].PadLeft(_widths![column]) : last ? row[column] : row[column].PadRight(_widths![column]));
        }

        _text.WriteLine();
    }
}
