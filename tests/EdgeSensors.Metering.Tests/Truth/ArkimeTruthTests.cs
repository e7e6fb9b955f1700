using System.Net;
using System.Text.Json;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// Arkime's sessions: packets and captured frame octets of each direction. Its own definition (capture/packet.c): the key is protocol, addresses and the ports of TCP, UDP and SCTP
/// (0 of others); tunnels are decoded; a long or idle session is divided, so those of one conversation are summed.
/// </summary>
public class ArkimeTruthTests(ITestOutputHelper output)
{
    private const string OneSession = "IGMP, PIM: all of a capture is one session there, a conversation an address here";
    private const string Fragments = "fragments: Arkime counts a datagram once, when it is whole, the meter each packet";

    [Fact]
    public void Conversations_packets_and_bytes_agree_with_Arkime_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        foreach (var row in Corpus.Manifest("flows-arkime"))
        {
            if (row["ground_truth_files"].Length == 0)
                continue;
            var theirs = Parse(Path.Combine(Corpus.Captures, row["ground_truth_files"]));
            Compare(ledger, Path.GetFileName(row["file"]), theirs, Meter(Path.Combine(Corpus.Captures, row["file"])));
        }

        ledger.AssertIs(output, compared: 223, agreed: 220, new Dictionary<string, int> { [OneSession] = 2, [Fragments] = 1 });
    }

    private static void Compare(DifferenceLedger ledger, string name, Dictionary<ConversationKey, Conversation> theirs, Metered ours)
    {
        foreach (var (key, conversation) in theirs)
        {
            ledger.Compared++;
            var what = $"{name} {key} Arkime {conversation.Volume}, meter {ours.Conversations.GetValueOrDefault(key)?.Volume ?? default}";
            if (key.Protocol is 2 or 103)
            {
                var all = ours.Conversations.Where(pair => pair.Key.Protocol == key.Protocol).ToList();
                all.ForEach(pair => ours.Conversations.Remove(pair.Key));
                if (all.Count == 1 && all[0].Value.Volume == conversation.Volume)
                    ledger.Agreed++;
                else if (Both(all.Aggregate(default(Volume), (volume, pair) => volume + pair.Value.Volume)) == Both(conversation.Volume))
                    ledger.Add(OneSession, what);
                else
                    ledger.Unexplained(what);
                continue;
            }

            ours.Conversations.Remove(key, out var mine);
            if (mine?.Volume == conversation.Volume)
                ledger.Agreed++;
            else if (mine is not null && ours.LaterFragments.TryGetValue(key, out var later) && mine.Volume - later == conversation.Volume)
                ledger.Add(Fragments, what);
            else
                ledger.Unexplained(what);
        }

        foreach (var (key, mine) in ours.Conversations)
            ledger.Unexplained($"{name} {key} Arkime none, meter {mine.Volume}");
    }

    private static (long Packets, long Octets) Both(Volume volume) => (volume.PacketsAB + volume.PacketsBA, volume.OctetsAB + volume.OctetsBA);

    /// <summary>Meters as Arkime counts: no timeouts, captured frame octets instead of IP octets.</summary>
    private static Metered Meter(string path)
    {
        var sum = new ConversationSum(
            record => record.Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp ? (record.SourcePort, record.DestinationPort) : (0, 0), withVlan: false);
        var forever = TimeSpan.FromDays(3650);
        var table = new FlowTable(new FlowTableOptions { IdleTimeout = forever, ActiveTimeout = forever, ClosedTimeout = forever, SeparateVlans = false }, sum);
        var metered = new Metered(sum.Conversations);
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) != PacketRead.End)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.IpVersion == 0)
                    continue;
                header.IpLength = packet.Data.Length;
                ref readonly var record = ref table.Add(in header);
                if (header.Fragment != FragmentKind.Later)
                    continue;
                var key = sum.KeyOf(in record, out var forwardIsAB);
                var headers = Volume.Of((header.Source == record.Source) == forwardIsAB, 1, header.HeaderLength, 0, 0);
                metered.LaterFragments[key] = metered.LaterFragments.GetValueOrDefault(key) + headers;
            }
        }

        table.Flush();
        return metered;
    }

    private static Dictionary<ConversationKey, Conversation> Parse(string path)
    {
        var conversations = new Dictionary<ConversationKey, Conversation>();
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (var session in document.RootElement.GetProperty("sessions3").EnumerateArray())
        {
            var body = session.GetProperty("body");
            var (source, destination) = (body.GetProperty("source"), body.GetProperty("destination"));
            if (!source.TryGetProperty("ip", out var sourceAddress))
                continue; // ARP and the like
            int Port(JsonElement end) => end.TryGetProperty("port", out var port) ? port.GetInt32() : 0;
            var (key, forwardIsAB) = ConversationKey.Of(
                body.GetProperty("ipProtocol").GetInt32(),
                Address(sourceAddress), Port(source), Address(destination.GetProperty("ip")), Port(destination), 0);
            if (!conversations.TryGetValue(key, out var conversation))
                conversations[key] = conversation = new Conversation { InitiatorIsA = forwardIsAB };
            conversation.Records++;
            long Number(JsonElement end, string name) => end.GetProperty(name).GetInt64();
            conversation.Volume += Volume.Of(
                forwardIsAB, Number(source, "packets"), Number(source, "bytes"), Number(destination, "packets"), Number(destination, "bytes"));
        }

        return conversations;
    }

    private static string Address(JsonElement address) => HostAddress.From(IPAddress.Parse(address.GetString()!)).ToString();

    /// <param name="conversations">All that was metered.</param>
    private sealed class Metered(Dictionary<ConversationKey, Conversation> conversations)
    {
        public Dictionary<ConversationKey, Conversation> Conversations => conversations;

        /// <summary>The packets of fragments other than the first, with the octets of their headers alone.</summary>
        public Dictionary<ConversationKey, Volume> LaterFragments { get; } = [];
    }
}
