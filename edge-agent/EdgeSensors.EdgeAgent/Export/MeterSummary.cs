using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Export;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>The totals of a run.</summary>
internal sealed class MeterSummary(MeterTotals totals, long flows, long evicted, CaptureFile capture, ExportTotals? sent = null)
{
    private static readonly (DecodeStatus Status, string Name, string Text)[] Reasons =
    [
        (DecodeStatus.NotIp, "notIp", "not IP"),
        (DecodeStatus.UnsupportedLinkType, "unsupportedLinkType", "link type not decoded"),
        (DecodeStatus.LinkHeaderTruncated, "linkHeaderTruncated", "malformed: link header truncated"),
        (DecodeStatus.TooManyVlanTags, "tooManyVlanTags", "malformed: too many VLAN tags"),
        (DecodeStatus.IpHeaderTruncated, "ipHeaderTruncated", "malformed: IP header truncated"),
        (DecodeStatus.IpVersionInvalid, "ipVersionInvalid", "malformed: IP version invalid"),
        (DecodeStatus.IpLengthInvalid, "ipLengthInvalid", "malformed: IP length invalid"),
        (DecodeStatus.ExtensionHeaderTruncated, "extensionHeaderTruncated", "IP, extension header truncated"),
        (DecodeStatus.ExtensionHeadersTooMany, "extensionHeadersTooMany", "IP, too many extension headers"),
        (DecodeStatus.TransportHeaderTruncated, "transportHeaderTruncated", "IP, transport header truncated"),
        (DecodeStatus.TransportHeaderInvalid, "transportHeaderInvalid", "IP, transport header invalid"),
        (DecodeStatus.TunnelNotRead, "tunnelNotRead", "IP, inside of the tunnel not read"),
        (DecodeStatus.TunnelsTooDeep, "tunnelsTooDeep", "IP, too many tunnels in one another"),
    ];

    public void WriteText(Stream output, bool afterTable)
    {
        var rows = new List<(string Name, string Value)>
        {
            ("packets", Number(totals.PacketCount)),
            ("IP packets", Number(totals.IpPacketCount)),
            ("IP octets", Number(totals.IpOctetCount)),
            ("flows", Number(flows)),
        };
        foreach (var (protocol, packets, octets) in Protocols())
            rows.Add(($"  {TableFlowWriter.ProtocolName(protocol)}", $"{Number(packets)} packets, {Number(octets)} octets"));
        AddUnlessZero("fragments", totals.FragmentCount);
        AddUnlessZero("cut by the snapshot length", totals.CutPacketCount);
        AddUnlessZero("flows evicted (table full)", evicted);
        foreach (var (status, _, text) in Reasons)
            AddUnlessZero(text, totals.Count(status));
        if (sent is not null)
        {
            rows.Add(("flow records sent", $"{Number(sent.FlowRecordCount)} in {Number(sent.MessageCount)} messages, {Number(sent.OctetCount)} octets"));
            AddUnlessZero("flow records not sent", sent.NotSentFlowCount);
        }

        if (capture.Error is { } error)
            rows.Add(("stopped at byte", Number(error.Offset)));

        using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        if (afterTable)
            writer.WriteLine();
        var width = rows.Max(row => row.Name.Length);
        foreach (var (name, value) in rows)
            writer.WriteLine($"{name.PadRight(width)}  {value}");

        void AddUnlessZero(string name, long value)
        {
            if (value != 0)
                rows.Add((name, Number(value)));
        }
    }

    public void WriteJson(Stream output)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("packets", totals.PacketCount);
            json.WriteNumber("frameOctets", totals.FrameOctetCount);
            json.WriteNumber("ipPackets", totals.IpPacketCount);
            json.WriteNumber("ipOctets", totals.IpOctetCount);
            json.WriteNumber("flows", flows);
            json.WriteNumber("fragments", totals.FragmentCount);
            json.WriteNumber("cutPackets", totals.CutPacketCount);
            json.WriteNumber("evictedFlows", evicted);
            json.WriteStartObject("protocols");
            foreach (var (protocol, packets, octets) in Protocols())
            {
                json.WriteStartObject(TableFlowWriter.ProtocolName(protocol));
                json.WriteNumber("packets", packets);
                json.WriteNumber("octets", octets);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartObject("undecoded");
            foreach (var (status, name, _) in Reasons)
            {
                if (totals.Count(status) is > 0 and var count)
                    json.WriteNumber(name, count);
            }

            json.WriteEndObject();
            json.WriteBoolean("complete", capture.Error is null);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private IEnumerable<(IpProtocol Protocol, long Packets, long Octets)> Protocols() =>
        from protocol in Enumerable.Range(0, 256).Select(number => (IpProtocol)number)
        let packets = totals.PacketsOf(protocol)
        where packets > 0
        orderby packets descending
        select (protocol, packets, totals.OctetsOf(protocol));

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
