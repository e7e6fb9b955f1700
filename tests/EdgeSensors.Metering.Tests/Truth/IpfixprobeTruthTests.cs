using System.Globalization;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// ipfixprobe's functional tests: the records that it exports of its own captures, with one application plugin at a time. Compared by conversation, since a plugin may end a
/// record with each message: packets, octets (IP length), union of the TCP flags, first and last packet to the microsecond. Its own definition: only records in which the plugin
/// recognised something are printed; a record ends after 30 s of silence. mixed.pcap and quic_initial-sample.pcap have no expected records.
/// </summary>
public class IpfixprobeTruthTests(ITestOutputHelper output)
{
    [Fact]
    public void Records_agree_with_ipfixprobe_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        foreach (var row in Corpus.Manifest("flows-ipfixprobe").Where(row => row["ground_truth_files"].Length > 0))
        {
            var withVlan = row["file"].Contains("vlan", StringComparison.Ordinal);
            var theirs = Parse(File.ReadLines(Path.Combine(Corpus.Captures, row["ground_truth_files"])).ToList(), withVlan);
            var ours = Meter(Path.Combine(Corpus.Captures, row["file"]), withVlan);
            foreach (var (key, expected) in theirs)
            {
                ledger.Compared++;
                if (!ours.Remove(key, out var mine))
                    ledger.Unexplained($"{row["file"]} {key}: not metered, {expected}");
                else if (mine == expected)
                    ledger.Agreed++;
                else
                    ledger.Unexplained($"{row["file"]} {key}: meter {mine}, ipfixprobe {expected}");
            }

            foreach (var (key, mine) in ours)
                ledger.Add("a conversation in which the plugin recognised nothing", $"{row["file"]} {key} {mine}");
        }

        ledger.AssertIs(output, compared: 73, agreed: 73, new Dictionary<string, int> { ["a conversation in which the plugin recognised nothing"] = 1 });
    }

    private static Dictionary<ConversationKey, Probed> Meter(string path, bool withVlan)
    {
        var sum = new ProbedSum(withVlan);
        var table = new FlowTable(new FlowTableOptions { IdleTimeout = TimeSpan.FromDays(3650), ActiveTimeout = TimeSpan.FromDays(3650), ClosedTimeout = TimeSpan.FromDays(3650), SeparateVlans = withVlan }, sum);
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
        return sum.Conversations;
    }

    private static Dictionary<ConversationKey, Probed> Parse(List<string> lines, bool withVlan)
    {
        var names = lines.Single(line => line.StartsWith("ipaddr ", StringComparison.Ordinal)).Split(',').Select(column => column.Split(' ')[1]).ToArray();
        var conversations = new Dictionary<ConversationKey, Probed>();
        foreach (var line in lines.Where(line => line.Length > 0 && !line.StartsWith("ipaddr ", StringComparison.Ordinal)))
        {
            var cells = names.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second);
            var (key, forwardIsAB) = ConversationKey.Of(
                (int)Number("PROTOCOL"), cells["SRC_IP"], (int)Number("SRC_PORT"), cells["DST_IP"], (int)Number("DST_PORT"), withVlan ? (int)Number("VLAN_ID") : 0);
            Add(conversations, key, new Probed(
                Volume.Of(forwardIsAB, Number("PACKETS"), Number("BYTES"), Number("PACKETS_REV"), Number("BYTES_REV")),
                (TcpControlBits)Number(forwardIsAB ? "TCP_FLAGS" : "TCP_FLAGS_REV"), (TcpControlBits)Number(forwardIsAB ? "TCP_FLAGS_REV" : "TCP_FLAGS"),
                Microseconds("TIME_FIRST"), Microseconds("TIME_LAST")));

            long Number(string name) => long.Parse(cells[name], CultureInfo.InvariantCulture);

            long Microseconds(string name) =>
                (DateTime.Parse(cells[name], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal) - DateTime.UnixEpoch).Ticks / 10;
        }

        return conversations;
    }

    private static void Add(Dictionary<ConversationKey, Probed> conversations, ConversationKey key, Probed more) =>
        conversations[key] = conversations.TryGetValue(key, out var had) ? had + more : more;

    private readonly record struct Probed(Volume Volume, TcpControlBits FlagsAB, TcpControlBits FlagsBA, long FirstUs, long LastUs)
    {
        public static Probed operator +(Probed x, Probed y) =>
            new(x.Volume + y.Volume, x.FlagsAB | y.FlagsAB, x.FlagsBA | y.FlagsBA, Math.Min(x.FirstUs, y.FirstUs), Math.Max(x.LastUs, y.LastUs));
    }

    private sealed class ProbedSum(bool withVlan) : IBiflowConsumer
    {
        public Dictionary<ConversationKey, Probed> Conversations { get; } = [];

        public void OnBiflow(ref readonly BiflowRecord record)
        {
            var (key, forwardIsAB) = ConversationKey.Of(
                (int)record.Protocol, record.Source.ToString(), record.SourcePort, record.Destination.ToString(), record.DestinationPort, withVlan ? record.VlanId : 0);
            Add(Conversations, key, new Probed(
                Volume.Of(forwardIsAB, record.Forward.PacketCount, record.Forward.OctetCount, record.Reverse.PacketCount, record.Reverse.OctetCount),
                forwardIsAB ? record.Forward.TcpFlags : record.Reverse.TcpFlags, forwardIsAB ? record.Reverse.TcpFlags : record.Forward.TcpFlags,
                record.FirstNs / 1000, record.LastNs / 1000));
        }
    }
}
