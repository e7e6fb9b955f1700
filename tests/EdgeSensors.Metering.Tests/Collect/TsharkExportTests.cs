using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;
using EdgeSensors.Tests;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>
/// Every message of the folder by tshark's dissector, field by field: each flow record that tshark prints of a data set is one here, in the same order, and every field that both know has the same value.
/// One exporter's files are given together, templates first. What differs is in the ledger.
/// </summary>
public sealed class TsharkExportTests(ITestOutputHelper output) : IDisposable
{
    private const ushort CollectorPort = 2055;

    /// <summary>Exporters of which tshark does not read every record.</summary>
    private static readonly Dictionary<string, string> UnreadByTshark = new()
    {
        ["112-IPFIXv10-CISCO-options-map-reassignment__traffic-00"] = "tshark does not take the template (PmacctTruthTests compares the records)",
        ["netflow9_test_h3c"] = "tshark stops after the first of 16 sets",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tshark");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_field_of_every_record_agrees_with_tshark_but_for_known_classes()
    {
        var tshark = OtherProgram.FindOrSkip("tshark", "tshark");
        var groups = OtherExporterTests.Groups("akvorado", "logstash-codec-netflow", "telegraf", "pmacct")
            .Select(group => (group.Name, Datagrams: group.Paths.SelectMany(ExportReplay.Datagrams).ToList()))
            .Where(group => !group.Datagrams.All(datagram => datagram.Payload is [0, 0, 0, 5, ..])) // sFlow's samples are packets: SflowTests
            .ToList();
        var dissected = Dissect(tshark, groups.ConvertAll(group => group.Datagrams));
        var ledger = new DifferenceLedger();
        var fields = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var records = 0;
        foreach (var (number, (name, datagrams)) in groups.Index())
        {
            var rig = new CollectorRig();
            foreach (var (from, atNs, payload) in datagrams)
                rig.Collector.Add(from, atNs, (byte[])payload.Clone());
            var theirs = dissected.GetValueOrDefault(number, []);
            if (theirs.Count != rig.Flows.Count)
            {
                ledger.Add(UnreadByTshark.GetValueOrDefault(name, "UNEXPLAINED"), $"{name}: records tshark {theirs.Count}, collector {rig.Flows.Count}");
                continue;
            }

            foreach (var (record, flow) in theirs.Zip(rig.Flows))
            {
                records++;
                Compare(ledger, name, new DissectedFlow(record), in flow, fields);
            }
        }

        output.WriteLine($"{records} records; elements that are no field of a flow here: " + string.Join(", ", fields.Select(pair => $"{pair.Key} {pair.Value}")));
        ledger.AssertIs(output, compared: 10106, agreed: 9996, new Dictionary<string, int>
        {
            ["ICMP has no ports: what stands in their place is type and code"] = 46,
            ["IPFIX: uptimes without systemInitTimeMilliseconds are no times"] = 62,
            ["tshark prints an uptime of 0 as 1970"] = 2,
            ["tshark does not take the template (PmacctTruthTests compares the records)"] = 1,
            ["tshark stops after the first of 16 sets"] = 1,
        });
    }

    /// <summary>sFlow: each sample with an IP header makes a flow of one packet, with the sample's rate and interfaces and the header's own fields.</summary>
    [Fact]
    public void Every_sampled_header_agrees_with_tshark()
    {
        var tshark = OtherProgram.FindOrSkip("tshark", "tshark");
        var compared = 0;
        foreach (var path in Directory.EnumerateFiles(Path.Combine(ExportReplay.Folder, "akvorado"), "sflow__*.pcap").Order(StringComparer.Ordinal))
        {
            var rig = new CollectorRig();
            ExportReplay.Into(rig.Collector, path);
            var theirs = Samples(XDocument.Parse(OtherProgram.Run(tshark, "-r", path, "-d", "udp.port==6343,sflow", "-T", "pdml"))).ToList();
            Assert.Equal(theirs, rig.Flows.Select(Describe));
            compared += theirs.Count;
        }

        Assert.Equal(10, compared);
    }

    private static string Describe(ExportedFlow flow) =>
        $"{flow.Source} {flow.Destination} {(int)flow.Protocol} ports {flow.SourcePort} {flow.DestinationPort} icmp {(flow.Has(FlowFields.Icmp) ? flow.IcmpTypeCode >> 8 : -1)} "
        + $"octets {flow.OctetCount} in {flow.IngressInterface} out {flow.EgressInterface} 1:{flow.Sampling.OneIn} packets {flow.PacketCount}";

    private static IEnumerable<string> Samples(XDocument text)
    {
        foreach (var sflow in text.Descendants("proto").Where(proto => (string?)proto.Attribute("name") == "sflow"))
        {
            var (rate, input, output) = ("", "", "");
            foreach (var element in sflow.Descendants())
            {
                var (name, show) = ((string?)element.Attribute("name"), (string?)element.Attribute("show") ?? "");
                (rate, input, output) = name switch
                {
                    "sflow.flow_sample.sampling_rate" => (show, input, output),
                    "sflow.flow_sample.input_interface" => (rate, show, output),
                    "sflow.flow_sample.output_interface_value" => (rate, input, IsInterface(element) ? show : "0"),
                    _ => (rate, input, output),
                };
                if (element.Name != "proto" || name is not ("ip" or "ipv6") || element.ElementsBeforeSelf("proto").Any(before => (string?)before.Attribute("name") is "ip" or "ipv6"))
                    continue; // of headers in headers the outermost
                var header = element.Parent!.Elements("proto").SelectMany(proto => proto.Elements("field")).ToLookup(field => (string)field.Attribute("name")!, field => (string?)field.Attribute("show"));
                string Of(params ReadOnlySpan<string> names)
                {
                    foreach (var wanted in names)
                    {
                        if (header[wanted].FirstOrDefault() is { } value)
                            return value;
                    }

                    return "0";
                }

                var octets = name == "ip" ? Of("ip.len") : (int.Parse(Of("ipv6.plen"), CultureInfo.InvariantCulture) + 40).ToString(CultureInfo.InvariantCulture);
                var icmp = header["icmp.type"].Concat(header["icmpv6.type"]).FirstOrDefault() ?? "-1";
                yield return $"{Of("ip.src", "ipv6.src")} {Of("ip.dst", "ipv6.dst")} {Of("ip.proto", "ipv6.nxt")} ports {Of("tcp.srcport", "udp.srcport")} {Of("tcp.dstport", "udp.dstport")} icmp {icmp} "
                    + $"octets {octets} in {input} out {output} 1:{rate} packets 1";
            }
        }
    }

    /// <summary>A format other than 0 says why a packet was discarded, or to how many interfaces it went.</summary>
    private static bool IsInterface(XElement value) =>
        value.Parent!.Elements("field").Any(field => (string?)field.Attribute("name") == "sflow.flow_sample.output_interface_format" && (string?)field.Attribute("show") == "0");

    private static void Compare(DifferenceLedger ledger, string name, DissectedFlow record, in ExportedFlow flow, SortedDictionary<string, int> fields)
    {
        foreach (var field in record.Names)
        {
            if (record.Ours(field, in flow) is not { } mine)
            {
                fields[field] = fields.GetValueOrDefault(field) + 1;
                continue;
            }

            ledger.Compared++;
            if (mine == record[field])
                ledger.Agreed++;
            else
                ledger.Add(Reason(field, record[field], mine, in flow), $"{name} {field}: tshark {record[field]}, collector {mine}");
        }
    }

    private static string Reason(string field, string theirs, string mine, in ExportedFlow flow) => (field, theirs, mine) switch
    {
        ("srcport" or "dstport", _, "not given") when flow.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 => "ICMP has no ports: what stands in their place is type and code",
        ("timestart", _, "not given") when flow.Format == ExportFormat.Ipfix => "IPFIX: uptimes without systemInitTimeMilliseconds are no times",
        ("abstimestart", "0", _) => "tshark prints an uptime of 0 as 1970",
        _ => "UNEXPLAINED",
    };

    /// <summary>Flow records by the number of their exporter, which its address says. Options records are left out by their templates' ids.</summary>
    private Dictionary<int, List<List<(string Field, string Value)>>> Dissect(string tshark, List<List<(ExporterEndpoint From, long AtNs, byte[] Payload)>> exporters)
    {
        var path = Path.Combine(_folder.FullName, "datagrams.pcap");
        File.WriteAllBytes(path, Capture(exporters));
        var text = OtherProgram.Run(tshark, "-r", path, "-d", $"udp.port=={CollectorPort},cflow", "-T", "pdml");
        var records = new Dictionary<int, List<List<(string, string)>>>();
        var options = new HashSet<(int Exporter, string Domain, string Id)>();
        foreach (var packet in XDocument.Parse(text).Descendants("packet"))
        {
            var address = packet.Descendants("field").First(field => (string?)field.Attribute("name") == "ip.src").Attribute("value")!.Value;
            var exporter = int.Parse(address[4..6], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            foreach (var (domain, set) in Sets(packet))
            {
                var shown = (string?)set.Attribute("show") ?? "";
                foreach (var field in set.Elements("field"))
                {
                    if (NumberAfter("Options Template (Id = ", (string?)field.Attribute("show") ?? "") is { Length: > 0 } template)
                        options.Add((exporter, domain, template));
                }

                var id = NumberAfter("[id=", shown);
                if (!records.TryGetValue(exporter, out var list))
                    records[exporter] = list = [];
                if (!options.Contains((exporter, domain, id)))
                    list.AddRange(set.Elements("field").Where(IsFlow).Select(flow => Leaves(flow).ToList()));
            }
        }

        return records;
    }

    /// <summary>Sets with the domain of their message; NetFlow v5 has its records in the message itself.</summary>
    private static IEnumerable<(string Domain, XElement Set)> Sets(XElement packet) =>
        from message in packet.Elements("proto")
        where (string?)message.Attribute("name") == "cflow"
        let domain = message.Elements("field").FirstOrDefault(field => (string?)field.Attribute("name") is "cflow.od_id" or "cflow.source_id")
        from set in message.Elements("field").Prepend(message)
        select ((string?)domain?.Attribute("show") ?? "", set);

    private static string NumberAfter(string words, string text) =>
        text.IndexOf(words, StringComparison.Ordinal) is >= 0 and var at ? new string([.. text[(at + words.Length)..].TakeWhile(char.IsDigit)]) : "";

    private static bool IsFlow(XElement field) =>
        (string?)field.Attribute("name") == "" && ((string?)field.Attribute("show"))?.Split(' ') is ["Flow" or "pdu", ..];

    private static IEnumerable<(string Field, string Value)> Leaves(XElement flow) =>
        from field in flow.Descendants("field")
        let name = (string)field.Attribute("name")!
        where name.StartsWith("cflow.", StringComparison.Ordinal)
        let octets = name.StartsWith("cflow.abstime", StringComparison.Ordinal) ? field.Attribute("show") : field.Attribute("unmaskedvalue") ?? field.Attribute("value")
        select (name["cflow.".Length..], (string?)octets ?? "");

    /// <summary>A file may hold several IPFIX messages, of which tshark would read the first.</summary>
    private static IEnumerable<(ExporterEndpoint From, long AtNs, byte[] Payload)> Messages((ExporterEndpoint From, long AtNs, byte[] Payload) datagram)
    {
        var rest = datagram.Payload;
        while (rest is [0, 10, _, _, ..] && BinaryPrimitives.ReadUInt16BigEndian(rest.AsSpan(2)) is >= 16 and var length && rest.Length >= length + 16 && rest[length..] is [0, 10, ..])
        {
            yield return datagram with { Payload = rest[..length] };
            rest = rest[length..];
        }

        yield return datagram with { Payload = rest };
    }

    private static byte[] Capture(List<List<(ExporterEndpoint From, long AtNs, byte[] Payload)>> exporters)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.ASCII);
        writer.Write([0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0]); // raw IP
        foreach (var (number, (from, atNs, payload)) in exporters.SelectMany((datagrams, number) => datagrams.SelectMany(Messages).Select(message => (number, message))))
        {
            var packet = new byte[28 + payload.Length];
            packet[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
            (packet[8], packet[9]) = (64, 17);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), 0x0A000000u | (uint)(number << 8) | (byte)from.Address.Low);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), 0x0AFF00FE);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), from.Port);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(22), CollectorPort);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(24), (ushort)(8 + payload.Length));
            payload.CopyTo(packet, 28);
            writer.Write((uint)(atNs / 1_000_000_000));
            writer.Write((uint)(atNs % 1_000_000_000 / 1000));
            writer.Write(packet.Length);
            writer.Write(packet.Length);
            writer.Write(packet);
        }

        return stream.ToArray();
    }
}
