using System.Globalization;
using System.Net;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// The records that ipfixprobe's own tests expect: packets, IP octets and TCP control bits of each direction. Its own definition: the key is addresses, ports, protocol
/// and VLAN; its plugins divide a conversation further (a DNS record a question, an HTTP record a request), so the records of one are summed;
/// conversations that a plugin had nothing to say about are not in its list.
/// </summary>
public class IpfixprobeTruthTests(ITestOutputHelper output)
{
    [Fact]
    public void Conversations_packets_and_bytes_and_flags_agree_with_ipfixprobe()
    {
        var ledger = new DifferenceLedger();
        foreach (var row in Corpus.Manifest("flows-ipfixprobe"))
        {
            if (row["ground_truth_files"].Length == 0)
                continue;
            var ours = Meter(Path.Combine(Corpus.Captures, row["file"]));
            foreach (var (key, theirs) in Parse(File.ReadAllLines(Path.Combine(Corpus.Captures, row["ground_truth_files"]))))
            {
                ledger.Compared++;
                var mine = ours.GetValueOrDefault(key);
                var what = $"{Path.GetFileName(row["file"])} {key} ipfixprobe {theirs.Volume} {theirs.Flags}, meter {mine?.Volume ?? default} {mine?.Flags}";
                if (mine?.Volume == theirs.Volume && mine.Flags == theirs.Flags)
                    ledger.Agreed++;
                else
                    ledger.Unexplained(what);
            }
        }

        ledger.AssertIs(output, compared: 73, agreed: 73, []);
    }

    private static Dictionary<ConversationKey, Sum> Meter(string path)
    {
        var sums = new Sums();
        var table = new FlowTable(new FlowTableOptions(), sums);
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.IpVersion != 0)
                    table.Add(in header);
            }
        }

        table.Flush();
        return sums.ByKey;
    }

    private static Dictionary<ConversationKey, Sum> Parse(string[] lines)
    {
        // The last line names the columns, as "type NAME".
        var names = lines[^1].Split(',').Select(cell => cell.Split(' ')[^1]).ToList();
        var sums = new Dictionary<ConversationKey, Sum>();
        foreach (var line in lines.SkipLast(1))
        {
            var cells = line.Split(',');
            string Cell(string name) => cells[names.IndexOf(name)];
            int Number(string name) => names.Contains(name) ? int.Parse(Cell(name), CultureInfo.InvariantCulture) : 0;
            string Address(string name) => HostAddress.From(IPAddress.Parse(Cell(name))).ToString();
            Sum.Add(
                sums, Number("PROTOCOL"), Address("SRC_IP"), Number("SRC_PORT"), Address("DST_IP"), Number("DST_PORT"), Number("VLAN_ID"),
                (Number("PACKETS"), Number("BYTES")), (Number("PACKETS_REV"), Number("BYTES_REV")), Number("TCP_FLAGS"), Number("TCP_FLAGS_REV"));
        }

        return sums;
    }

    private sealed class Sum
    {
        public Volume Volume { get; private set; }

        /// <summary>TCP control bits from A to B, and from B to A times 256.</summary>
        public int Flags { get; private set; }

        public static void Add(
            Dictionary<ConversationKey, Sum> sums, int protocol, string source, int sourcePort, string destination, int destinationPort, int vlan,
            (long Packets, long Octets) forward, (long Packets, long Octets) reverse, int flags, int reverseFlags)
        {
            var (key, forwardIsAB) = ConversationKey.Of(protocol, source, sourcePort, destination, destinationPort, vlan);
            if (!sums.TryGetValue(key, out var sum))
                sums[key] = sum = new Sum();
            sum.Volume += Volume.Of(forwardIsAB, forward.Packets, forward.Octets, reverse.Packets, reverse.Octets);
            sum.Flags |= forwardIsAB ? flags | (reverseFlags << 8) : reverseFlags | (flags << 8);
        }
    }

    private sealed class Sums : IBiflowConsumer
    {
        public Dictionary<ConversationKey, Sum> ByKey { get; } = [];

        public void OnBiflow(ref readonly BiflowRecord record) => Sum.Add(
            ByKey, (int)record.Protocol, record.Source.ToString(), record.SourcePort, record.Destination.ToString(), record.DestinationPort, record.VlanId,
            (record.Forward.PacketCount, record.Forward.OctetCount), (record.Reverse.PacketCount, record.Reverse.OctetCount),
            (int)record.Forward.TcpFlags, (int)record.Reverse.TcpFlags);
    }
}
