using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// ndpiReader's result files: one line a flow, with packets and frame octets of each direction. Its own definition (example/reader_util.c): the key is VLAN, protocol,
/// addresses and TCP or UDP ports (0 of others); flows of a file never expire; tunnels are decoded (-t).
/// </summary>
public partial class NdpiTruthTests(ITestOutputHelper output)
{
    private const string LaterFragments = "later fragments: left out by ndpiReader, counted with their first one here";
    private const string CutPackets = "IP length beyond the captured bytes: left out by ndpiReader, counted here";
    private const string FabricPath = "FabricPath: not looked into by ndpiReader";
    private const string Teredo = "Teredo: not looked into by ndpiReader, which has the UDP conversation";
    private const string StationsNotIp = "CAPWAP with a station's frame that is not IP: left out by ndpiReader, the tunnel's own packet counted here";
    private const string UnreadTransport = "transport header cut: ndpiReader has no ports, the meter those that are there";

    [Fact]
    public void Conversations_packets_and_bytes_agree_with_ndpiReader_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        foreach (var row in Corpus.Manifest("flows-ndpi"))
        {
            var name = row["file"];
            if (!name.Contains(".pcap", StringComparison.Ordinal) || row["ground_truth_files"].Length == 0)
                continue;
            var theirs = Parse(File.ReadLines(Path.Combine(Corpus.Captures, row["ground_truth_files"])));
            Compare(ledger, Path.GetFileName(name), theirs, Meter(Path.Combine(Corpus.Captures, name)));
        }

        ledger.AssertIs(output, compared: 2132, agreed: 2097, new Dictionary<string, int>
        {
            [CutPackets] = 21,
            ["IPv4 header length under 20 octets: malformed here, ports read out of the IP header there"] = 1,
            [FabricPath] = 1,
            [LaterFragments] = 24,
            ["loopback header of no known address family: not IP here, taken for IPv6 there"] = 1,
            [StationsNotIp] = 1,
            [Teredo] = 5,
            [UnreadTransport] = 8,
        });
    }

    private static void Compare(DifferenceLedger ledger, string name, Dictionary<ConversationKey, Conversation> theirs, Metered ours)
    {
        foreach (var (key, conversation) in theirs)
        {
            ledger.Compared++;
            var mine = ours.Conversations.TryGetValue(key, out var found) ? found.Volume : default;
            ours.Conversations.Remove(key);
            if (mine == conversation.Volume)
                ledger.Agreed++;
            else
                Explain(ledger, name, key, conversation.Volume, mine, ours);
        }

        foreach (var (key, mine) in ours.Conversations)
        {
            if (!ours.InTeredo.Contains(key))
                Explain(ledger, name, key, default, mine.Volume, ours);
        }
    }

    private static void Explain(DifferenceLedger ledger, string name, ConversationKey key, Volume theirs, Volume mine, Metered ours)
    {
        var what = $"{name} {key} ndpiReader {theirs}, meter {mine}";
        var reasons = new List<string>();
        foreach (var (reason, volumes) in ours.LeftOut)
        {
            if (volumes.Remove(key, out var volume))
            {
                reasons.Add(reason);
                mine -= volume;
            }
        }

        if (mine == default && ours.TeredoCarriers.TryGetValue(key, out var carrier) && carrier == theirs)
            ledger.Add(Teredo, what);
        else if (ours.WithoutPorts.TryGetValue(key, out var portless) && mine + portless == theirs)
            ledger.Add(UnreadTransport, what);
        else if (mine == theirs)
            reasons.ForEach(reason => ledger.Add(reason, what));
        else if (mine == default && ours.Malformed.Remove((theirs.PacketsAB + theirs.PacketsBA, theirs.OctetsAB + theirs.OctetsBA), out var malformed))
            ledger.Add(malformed, what);
        else
            ledger.Unexplained($"{what}, after {string.Join("; ", reasons)} {mine}");
    }

    /// <summary>Meters as ndpiReader counts: no timeouts, captured frame octets instead of IP octets, the innermost VLAN tag, be it of a frame around a tunnel.</summary>
    private static Metered Meter(string path)
    {
        var sum = new ConversationSum(
            record => record.Protocol is IpProtocol.Tcp or IpProtocol.Udp ? (record.SourcePort, record.DestinationPort) : (0, 0), withVlan: true, Address);
        var forever = TimeSpan.FromDays(3650);
        var table = new FlowTable(new FlowTableOptions { IdleTimeout = forever, ActiveTimeout = forever, ClosedTimeout = forever }, sum);
        var metered = new Metered(sum.Conversations);
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                var status = FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.IpVersion == 0)
                {
                    NoteMalformed(metered, in packet, status);
                    continue;
                }

                var beyond = header.HeaderLength + header.PayloadLength > packet.Data.Length
                    || header.IpOffset + header.IpLength > packet.Data.Length;
                header.IpLength = packet.Data.Length;
                FrameDecoder.DecodeLayer(packet.LinkType, packet.Data, packet.OriginalLength, 0, out var outermost);
                header.VlanId = header.CustomerVlanId != 0 ? header.CustomerVlanId : header.VlanId != 0 ? header.VlanId : outermost.VlanId;
                header.CustomerVlanId = 0;
                ref readonly var record = ref table.Add(in header);
                var key = sum.KeyOf(in record, out var forwardIsAB);
                var volume = Volume.Of((header.Source == record.Source) == forwardIsAB, 1, packet.Data.Length, 0, 0);
                if (header.Tunnel == TunnelKind.Teredo)
                {
                    metered.InTeredo.Add(key);
                    NoteCarrier(metered, in outermost, packet.Data.Length);
                }

                var leftOut = header.Tunnel == TunnelKind.FabricPath ? metered.LeftOut[FabricPath]
                    : IsStationsData(packet.Data, in header) ? metered.LeftOut[StationsNotIp]
                    : header.Fragment == FragmentKind.Later ? metered.LeftOut[LaterFragments]
                    : beyond ? metered.LeftOut[CutPackets]
                    : status == DecodeStatus.TransportHeaderTruncated ? metered.LeftOut[UnreadTransport] : null;
                if (leftOut is null)
                    continue;
                leftOut[key] = leftOut.GetValueOrDefault(key) + volume;
                if (leftOut == metered.LeftOut[UnreadTransport])
                    metered.WithoutPorts[key with { PortA = 0, PortB = 0 }] = metered.WithoutPorts.GetValueOrDefault(key with { PortA = 0, PortB = 0 }) + volume;
            }
        }

        table.Flush();
        return metered;
    }

    private static void NoteCarrier(Metered metered, in PacketHeader carrier, int octets)
    {
        var (key, forwardIsAB) = ConversationKey.Of(
            (int)carrier.Protocol, Address(carrier.Source.ToString()), carrier.SourcePort, Address(carrier.Destination.ToString()), carrier.DestinationPort, carrier.VlanId);
        metered.TeredoCarriers[key] = metered.TeredoCarriers.GetValueOrDefault(key) + Volume.Of(forwardIsAB, 1, octets, 0, 0);
    }

    /// <summary>Whether a packet that was metered as UDP is CAPWAP's with an 802.11 data frame (its frame control's octets swapped, as in these captures).</summary>
    private static bool IsStationsData(ReadOnlySpan<byte> frame, in PacketHeader header) =>
        header.Protocol == IpProtocol.Udp && (header.SourcePort == 5247 || header.DestinationPort == 5247) && header.TunnelDepth == 0
        && frame.Length > header.HeaderLength + 10 && frame[header.HeaderLength..] is var capwap && capwap[0] == 0
        && capwap[((capwap[1] >> 3) * 4)..] is [_, 0x08 or 0x88, ..];

    private static void NoteMalformed(Metered metered, ref readonly CapturedPacket packet, DecodeStatus status)
    {
        if (status == DecodeStatus.IpLengthInvalid)
            metered.Malformed[(1, packet.Data.Length)] = "IPv4 header length under 20 octets: malformed here, ports read out of the IP header there";
        else if (status == DecodeStatus.NotIp && packet.LinkType == LinkType.Null)
            metered.Malformed[(1, packet.Data.Length)] = "loopback header of no known address family: not IP here, taken for IPv6 there";
    }

    private static Dictionary<ConversationKey, Conversation> Parse(IEnumerable<string> lines)
    {
        var flows = new Dictionary<ConversationKey, Conversation>();
        foreach (var line in lines)
        {
            var match = FlowLine().Match(line);
            if (!match.Success)
                continue;
            int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
            var protocol = match.Groups["protocol"].Value switch
            {
                "ICMP" => 1, "IGMP" => 2, "TCP" => 6, "UDP" => 17, "ESP" => 50, "ICMPV6" => 58, "OSPF" => 89, "SCTP" => 132,
                var number => int.Parse(number, CultureInfo.InvariantCulture),
            };
            var (key, forwardIsAB) = ConversationKey.Of(
                protocol, match.Groups["source"].Value.Trim('[', ']'), Number("sourcePort"), match.Groups["destination"].Value.Trim('[', ']'), Number("destinationPort"),
                match.Groups["vlan"].Success ? Number("vlan") : 0);
            if (!flows.TryGetValue(key, out var conversation))
                flows[key] = conversation = new Conversation { InitiatorIsA = forwardIsAB, Tunnel = match.Groups["tunnel"].Value };
            conversation.Records++;
            conversation.Volume += Volume.Of(forwardIsAB, Number("packets"), Number("octets"), Number("reversePackets"), Number("reverseOctets"));
        }

        return flows;
    }

    /// <summary>ndpiReader writes every ":0:" of an address as "::" (patchIPv6Address), even where one is there already; so both sides are written so.</summary>
    private static string Address(string text)
    {
        var patched = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var zero = text.AsSpan(i).StartsWith(":0:");
            patched.Append(zero ? "::" : text[i].ToString());
            i += zero ? 2 : 0;
        }

        return patched.ToString();
    }

    [GeneratedRegex(@"^\t\d+\t(?<protocol>\S+) (?<source>\S+):(?<sourcePort>\d+) <?-> (?<destination>\S+):(?<destinationPort>\d+) (\[VLAN: (?<vlan>\d+)\])?\[proto: ((?<tunnel>[A-Za-z0-9_]+):)?[^\]]*\].*?\[(?<packets>\d+) pkts/(?<octets>\d+) bytes <?-> (?<reversePackets>\d+) pkts/(?<reverseOctets>\d+) bytes\]")]
    private static partial Regex FlowLine();

    /// <param name="conversations">All that was metered.</param>
    private sealed class Metered(Dictionary<ConversationKey, Conversation> conversations)
    {
        public Dictionary<ConversationKey, Conversation> Conversations => conversations;

        /// <summary>By reason, what ndpiReader leaves out of it.</summary>
        public Dictionary<string, Dictionary<ConversationKey, Volume>> LeftOut { get; } = new()
        {
            [LaterFragments] = [], [CutPackets] = [], [UnreadTransport] = [], [FabricPath] = [], [StationsNotIp] = [],
        };

        /// <summary>What ndpiReader counts without ports.</summary>
        public Dictionary<ConversationKey, Volume> WithoutPorts { get; } = [];

        /// <summary>Conversations in Teredo, and the UDP conversations that they were taken out of.</summary>
        public HashSet<ConversationKey> InTeredo { get; } = [];

        public Dictionary<ConversationKey, Volume> TeredoCarriers { get; } = [];

        /// <summary>Frames that are not metered, by packets and octets, and why.</summary>
        public Dictionary<(long Packets, long Octets), string> Malformed { get; } = [];
    }
}
