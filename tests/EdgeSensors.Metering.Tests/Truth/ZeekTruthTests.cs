using System.Globalization;
using System.Net;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// Zeek's conn.log: packets and IP octets of originator and responder. Its own definition: a packet with a bad checksum is left out (history C, c); a fragmented datagram
/// counts once, when it is whole; tunnels are decoded, and a UDP conversation that carries one is in conn.log as well; the originator of a connection seen from the middle is
/// guessed from ports (history ^); UDP and ICMP end after one idle minute, and TCP by timers for each state. Some logs of the test suite have only a few columns:
/// those without addresses and octets cannot be compared.
/// </summary>
public class ZeekTruthTests(ITestOutputHelper output)
{
    private const string BadChecksums = "bad checksum: left out by Zeek, counted here";
    private const string CutHeaders = "TCP header cut: left out by Zeek, counted here";
    private const string NoConversation = "IGMP, or no next header: a conversation here, none in Zeek";
    private const string RelayedTeredo = "Teredo between a client and a relay, at ports of their own: known by its content there, by the servers' port here";
    private const string OuterToo = "UDP conversation that carries a tunnel: in conn.log beside those inside, the meter has those inside only";
    private const string Fragments = "fragments: Zeek counts a datagram once it is whole, the meter each packet";

    [Fact]
    public void Conversations_packets_and_bytes_agree_with_Zeek_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        var logs = 0;
        foreach (var row in Corpus.Manifest("flows-zeek"))
        {
            foreach (var log in row["ground_truth_files"].Split(';').Where(file => file.EndsWith("conn.log", StringComparison.Ordinal)))
            {
                var theirs = Parse(File.ReadLines(Path.Combine(Corpus.Captures, log)));
                if (theirs.Count == 0)
                    continue;
                logs++;
                Compare(ledger, Path.GetFileName(log), theirs, Meter(Path.Combine(Corpus.Captures, row["file"])));
            }
        }

        Assert.Equal(62, logs);
        ledger.AssertIs(output, compared: 239, agreed: 203, new Dictionary<string, int>
        {
            [BadChecksums] = 1,
            [CutHeaders] = 1,
            [Fragments] = 1,
            [NoConversation] = 10,
            [OuterToo] = 31,
            [RelayedTeredo] = 2,
            ["initiator: Zeek turned the direction by a guess from the ports (history ^), the meter keeps the first sender"] = 7,
            ["records: Zeek ends UDP and ICMP after one idle minute, this run of the meter after five"] = 1,
            ["records: Zeek ends a half-open or half-closed TCP connection by a timer of seconds, and its next packets begin another"] = 7,
        });
    }

    private static void Compare(DifferenceLedger ledger, string name, Dictionary<ConversationKey, ZeekConversation> theirs, Metered ours)
    {
        foreach (var (key, conversation) in theirs)
        {
            ledger.Compared++;
            ours.Conversations.Remove(key, out var mine);
            if (mine is not null && mine.Volume == conversation.Volume)
                ledger.Agreed++;
            else
                Explain(ledger, name, key, conversation.Volume, mine?.Volume ?? default, ours);
            if (mine is null)
                continue;
            if (mine.InitiatorIsA != conversation.InitiatorIsA)
                ExplainInitiator(ledger, name, key, conversation);
            if (mine.Records != conversation.Records)
                ExplainRecords(ledger, name, key, conversation, mine.Records);
        }

        foreach (var (key, mine) in ours.Conversations)
            Explain(ledger, name, key, default, mine.Volume, ours);
    }

    private static void Explain(DifferenceLedger ledger, string name, ConversationKey key, Volume theirs, Volume mine, Metered ours)
    {
        var what = $"{name} {key} Zeek {theirs}, meter {mine}";
        var reasons = ours.LeftOut.Where(pair => pair.Value.ContainsKey(key)).Select(pair => pair.Key).ToList();
        var counted = reasons.Aggregate(mine, (volume, reason) => volume - ours.LeftOut[reason][key]);
        if (counted == theirs && reasons.Count > 0)
            reasons.ForEach(reason => ledger.Add(reason, what));
        else if (ours.Outer.TryGetValue(key, out var outer) && (mine + outer.Volume == theirs || theirs == default))
            ledger.Add(OuterToo, what);
        else if (key.AddressA.StartsWith("2001:0:", StringComparison.Ordinal) && theirs.PacketsAB >= mine.PacketsAB && theirs.PacketsBA >= mine.PacketsBA)
            ledger.Add(RelayedTeredo, what);
        else if (theirs == default && key.Protocol is (2 or 59))
            ledger.Add(NoConversation, what);
        else
            ledger.Unexplained($"{what}, left out {string.Join(", ", reasons.Select(reason => ours.LeftOut[reason][key]))}");
    }

    private static void ExplainInitiator(DifferenceLedger ledger, string name, ConversationKey key, ZeekConversation conversation)
    {
        var what = $"{name} {key} {string.Join(' ', conversation.Histories)}";
        if (conversation.Histories[0].StartsWith('^'))
            ledger.Add("initiator: Zeek turned the direction by a guess from the ports (history ^), the meter keeps the first sender", what);
        else
            ledger.Unexplained($"initiator {what}");
    }

    private static void ExplainRecords(DifferenceLedger ledger, string name, ConversationKey key, ZeekConversation conversation, int records)
    {
        var what = $"{name} {key} Zeek {conversation.Records} connections ({string.Join(' ', conversation.Histories)}), meter {records} records";
        if (key.Protocol != 6 && conversation.Records > records)
            ledger.Add("records: Zeek ends UDP and ICMP after one idle minute, this run of the meter after five", what);
        else if (key.Protocol == 6 && conversation.Records > records && conversation.Histories.Skip(1).Any(history => !history.Contains('S', StringComparison.Ordinal)))
            ledger.Add("records: Zeek ends a half-open or half-closed TCP connection by a timer of seconds, and its next packets begin another", what);
        else
            ledger.Unexplained($"records {what}");
    }

    private static Metered Meter(string path)
    {
        var sum = new ConversationSum(Ports, withVlan: false);
        var outerSum = new ConversationSum(Ports, withVlan: false);
        var metered = new Metered(sum.Conversations, outerSum.Conversations);
        var options = new FlowTableOptions { IdleTimeout = TimeSpan.FromMinutes(5), ActiveTimeout = TimeSpan.FromDays(3650), SeparateVlans = false };
        var table = new FlowTable(options, sum);
        var outer = new FlowTable(options, outerSum);
        var datagrams = new Dictionary<ulong, Datagram>();
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.IpVersion == 0)
                    continue;
                ref readonly var record = ref table.Add(in header);
                var key = sum.KeyOf(in record, out var forwardIsAB);
                var volume = Volume.Of((header.Source == record.Source) == forwardIsAB, 1, header.IpLength, 0, 0);
                if (header.Fragment != FragmentKind.Whole)
                {
                    if (!datagrams.TryGetValue(header.FragmentKey, out var datagram))
                        datagrams[header.FragmentKey] = datagram = new Datagram(OuterOf(in packet, header.TunnelDepth).FirstOrDefault());
                    datagram.Add(in header, key, volume);
                    continue;
                }

                foreach (var carrier in OuterOf(in packet, header.TunnelDepth))
                    outer.Add(in carrier);
                if (Checksums.AreBad(in packet, in header))
                    metered.LeaveOut(BadChecksums, key, volume);
                else if (packet.Data.Length < packet.OriginalLength && header.Protocol == IpProtocol.Tcp && packet.Data.Length == header.HeaderLength)
                    metered.LeaveOut(CutHeaders, key, volume);
            }
        }

        foreach (var datagram in datagrams.Values)
        {
            datagram.LeaveOut(metered);
            if (datagram.Whole is { } carrier)
                outer.Add(in carrier);
        }

        table.Flush();
        outer.Flush();
        return metered;
    }

    /// <summary>The UDP packets that a metered packet was taken out of, outermost first; Zeek has them in conn.log too.</summary>
    private static List<PacketHeader> OuterOf(ref readonly CapturedPacket packet, int tunnels)
    {
        var carriers = new List<PacketHeader>();
        for (var layer = 0; layer < tunnels; layer++)
        {
            FrameDecoder.DecodeLayer(packet.LinkType, packet.Data, packet.OriginalLength, layer, out var header);
            header.TimestampNs = packet.TimestampNs;
            if (header.IpVersion != 0 && header.Protocol == IpProtocol.Udp && carriers.All(carrier => carrier.IpOffset != header.IpOffset))
                carriers.Add(header);
        }

        return carriers;
    }

    /// <summary>Zeek gives ICMP the type as originator's port, and as responder's the type of the answer, or where there is none the code.</summary>
    private static (int, int) Ports(BiflowRecord record)
    {
        if (!record.Forward.HasIcmp)
            return record.Protocol == IpProtocol.Sctp ? (0, 0) : (record.SourcePort, record.DestinationPort); // Zeek reads no SCTP
        var type = record.Forward.IcmpTypeCode >> 8;
        var answer = record.IpVersion == 4
            ? type switch { 8 => 0, 0 => 8, 13 => 14, 14 => 13, 15 => 16, 16 => 15, 17 => 18, 18 => 17, 10 => 9, 9 => 10, _ => -1 }
            : type switch { 128 => 129, 129 => 128, 133 => 134, 134 => 133, 135 => 136, 136 => 135, 139 => 140, 140 => 139, 130 => 131, 131 => 130, _ => -1 };
        return (type, answer >= 0 ? answer : record.Forward.IcmpTypeCode & 0xFF);
    }

    private static Dictionary<ConversationKey, ZeekConversation> Parse(IEnumerable<string> lines)
    {
        var flows = new Dictionary<ConversationKey, ZeekConversation>();
        string[] names = [];
        foreach (var line in lines)
        {
            if (line.StartsWith("#fields", StringComparison.Ordinal))
                names = line.Split('\t')[1..];
            if (line.StartsWith('#') || names.Length == 0)
                continue;
            var cells = names.Zip(line.Split('\t')).ToDictionary(pair => pair.First, pair => pair.Second);
            string Cell(string name, string other) => cells.TryGetValue(name, out var value) ? value : cells.GetValueOrDefault(other, "");
            if (!cells.ContainsKey("orig_ip_bytes"))
                continue;
            long Number(string name) => long.Parse(cells[name], CultureInfo.InvariantCulture);
            var (key, forwardIsAB) = ConversationKey.Of(
                (int)Number("ip_proto"),
                Address(Cell("id.orig_h", "src_ip")), int.Parse(Cell("id.orig_p", "src_port"), CultureInfo.InvariantCulture),
                Address(Cell("id.resp_h", "dst_ip")), int.Parse(Cell("id.resp_p", "dst_port"), CultureInfo.InvariantCulture), 0);
            if (!flows.TryGetValue(key, out var conversation))
                flows[key] = conversation = new ZeekConversation { InitiatorIsA = forwardIsAB };
            conversation.Histories.Add(cells["history"]);
            conversation.Records++;
            conversation.Volume += Volume.Of(forwardIsAB, Number("orig_pkts"), Number("orig_ip_bytes"), Number("resp_pkts"), Number("resp_ip_bytes"));
        }

        return flows;
    }

    private static string Address(string text) => HostAddress.From(IPAddress.Parse(text)).ToString();

    private sealed class ZeekConversation
    {
        public int Records { get; set; }

        public Volume Volume { get; set; }

        public bool InitiatorIsA { get; init; }

        public List<string> Histories { get; } = [];
    }

    /// <summary>The fragments of one datagram, of which Zeek counts one packet with the header of the first, and none where it never gets whole.</summary>
    /// <param name="carrier">The UDP packet that the first fragment's packet was taken out of.</param>
    private sealed class Datagram(PacketHeader carrier)
    {
        private readonly List<(ConversationKey Key, Volume Volume)> _fragments = [];
        private PacketHeader _carrier = carrier;
        private int _headerLength;

        /// <summary>The carrier with the octets of all fragments; null where there is none, or not all of it.</summary>
        public PacketHeader? Whole => HasCarrier && _fragments.Count > 1 ? _carrier : null;

        private bool HasCarrier => _carrier.IpVersion != 0;

        public void Add(in PacketHeader header, ConversationKey key, Volume volume)
        {
            if (header.Fragment == FragmentKind.Later && HasCarrier)
            {
                _carrier.Fragment = FragmentKind.Whole;
                _carrier.IpLength += header.PayloadLength;
                volume = Volume.Of(_fragments[0].Volume.PacketsAB > 0, 1, header.IpLength, 0, 0);
            }

            _fragments.Add((key, volume));
            _headerLength = header.IpLength - header.PayloadLength;
        }

        public void LeaveOut(Metered metered)
        {
            foreach (var (key, volume) in _fragments.Skip(_fragments.Count > 1 ? 1 : 0))
            {
                var header = new Volume(volume.PacketsAB, _headerLength * volume.PacketsAB, volume.PacketsBA, _headerLength * volume.PacketsBA);
                metered.LeaveOut(Fragments, key, _fragments.Count > 1 ? header : volume);
            }
        }
    }

    /// <param name="conversations">All that was metered.</param>
    /// <param name="outer">The UDP conversations that it was taken out of.</param>
    private sealed class Metered(Dictionary<ConversationKey, Conversation> conversations, Dictionary<ConversationKey, Conversation> outer)
    {
        public Dictionary<ConversationKey, Conversation> Conversations => conversations;

        public Dictionary<ConversationKey, Conversation> Outer => outer;

        /// <summary>By reason, what Zeek leaves out of it.</summary>
        public Dictionary<string, Dictionary<ConversationKey, Volume>> LeftOut { get; } = new() { [BadChecksums] = [], [CutHeaders] = [], [Fragments] = [] };

        public void LeaveOut(string reason, ConversationKey key, Volume volume) => LeftOut[reason][key] = LeftOut[reason].GetValueOrDefault(key) + volume;
    }
}
