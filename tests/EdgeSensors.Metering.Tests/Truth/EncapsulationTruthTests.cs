using System.Globalization;
using System.Text.Json;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// tshark's conversations of the captures of encapsulations: how many of each kind, and the frames each way of the three largest. A frame counts in a conversation of
/// every layer that has addresses or ports, so the layers around the metered packet are compared with it.
/// </summary>
public class EncapsulationTruthTests(ITestOutputHelper output)
{
    private const string Reassembled = "fragments: tshark has ports, and IPv6 conversations, of the fragment that makes a datagram whole, the meter of the first, and of each";
    private const string SourceRoute = "IPv4 source route: tshark takes the route's last address for the destination";

    [Fact]
    public void Conversations_of_every_layer_agree_with_tshark_but_for_known_classes()
    {
        var ledger = new DifferenceLedger();
        foreach (var truth in Corpus.TsharkTruth())
        {
            var name = truth.GetProperty("file").GetString()!;
            if (!name.StartsWith("encap/", StringComparison.Ordinal) || !truth.TryGetProperty("conv", out var conversations))
                continue;
            Assert.True(CaptureFile.TryOpen(Path.Combine(Corpus.Captures, name), out var file, out var error), error?.Message);
            using (file)
                Compare(ledger, name, conversations, Measure(file));
        }

        ledger.AssertIs(output, compared: 1483, agreed: 1470, new Dictionary<string, int> { [Reassembled] = 10, [SourceRoute] = 3 });
    }

    private static void Compare(DifferenceLedger ledger, string name, JsonElement truth, Layers ours)
    {
        foreach (var kind in truth.EnumerateObject())
        {
            var mine = ours.Of(kind.Name);
            var ends = mine.Keys.Select(pair => string.CompareOrdinal(pair.From, pair.To) < 0 ? pair : (pair.To, pair.From)).Distinct().Count();
            Judge($"{kind.Name} conversations", kind.Value.GetProperty("count").GetInt64(), ends);
            foreach (var line in kind.Value.GetProperty("top").EnumerateArray())
            {
                // "A <-> B", then frames, octets and unit from B, from A, and of both.
                var cells = line.GetString()!.Split(' ');
                long Frames(int cell) => long.Parse(cells[cell], CultureInfo.InvariantCulture);
                if (cells[0] == cells[2])
                {
                    Judge($"frames of {cells[0]} to itself", Frames(9), mine.GetValueOrDefault((cells[0], cells[0])));
                    continue;
                }

                Judge($"frames of {cells[0]} {cells[2]}", Frames(6), mine.GetValueOrDefault((cells[0], cells[2])));
                Judge($"frames of {cells[2]} {cells[0]}", Frames(3), mine.GetValueOrDefault((cells[2], cells[0])));
            }
        }

        void Judge(string what, long theirs, long mine)
        {
            ledger.Compared++;
            if (theirs == mine)
                ledger.Agreed++;
            else if (ours.SourceRouted > 0 && Math.Abs(theirs - mine) <= ours.SourceRouted)
                ledger.Add(SourceRoute, $"{name} {what}: tshark {theirs}, meter {mine}");
            else if (ours.Fragments > 0 && Math.Abs(theirs - mine) <= ours.Fragments)
                ledger.Add(Reassembled, $"{name} {what}: tshark {theirs}, meter {mine}");
            else
                ledger.Unexplained($"{name} {what}: tshark {theirs}, meter {mine}");
        }
    }

    private static Layers Measure(CaptureFile file)
    {
        var layers = new Layers();
        CapturedPacket packet = default;
        while (file.Read(ref packet) != PacketRead.End)
        {
            FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var metered);
            for (int tunnels = 0, last = -1; tunnels <= metered.TunnelDepth; tunnels++)
            {
                FrameDecoder.DecodeLayer(packet.LinkType, packet.Data, packet.OriginalLength, tunnels, out var header);
                if (header.IpVersion == 0 || header.IpOffset == last)
                    continue;
                last = header.IpOffset;
                layers.Add(in header, packet.Data);
            }
        }

        return layers;
    }

    private sealed class Layers
    {
        private readonly Dictionary<string, Dictionary<(string, string), long>> _frames = [];

        /// <summary>Fragments that hold no ports, or ports that are read only when all are there.</summary>
        public long Fragments { get; private set; }

        /// <summary>Frames by sender and receiver.</summary>
        public Dictionary<(string From, string To), long> Of(string kind) => _frames.GetValueOrDefault(kind) ?? [];

        /// <summary>IPv4 packets whose first option, but for padding, is a loose or strict source route (RFC 791 §3.1).</summary>
        public long SourceRouted { get; private set; }

        public void Add(in PacketHeader header, ReadOnlySpan<byte> frame)
        {
            var (source, destination) = (header.Source.ToString(), header.Destination.ToString());
            Add(header.IpVersion == 4 ? "IPv4" : "IPv6", source, destination);
            if (header.Fragment != FragmentKind.Whole)
                Fragments++;
            if (header.IpVersion == 4 && frame[header.IpOffset] > 0x45 && frame[(header.IpOffset + 20)..] is [131 or 137, ..] or [1, 131 or 137, ..])
                SourceRouted++;
            if (header.HasPorts)
                Add(header.Protocol.ToString().ToUpperInvariant(), $"{source}:{header.SourcePort}", $"{destination}:{header.DestinationPort}");
        }

        private void Add(string kind, string from, string to)
        {
            if (!_frames.TryGetValue(kind, out var frames))
                _frames[kind] = frames = [];
            frames[(from, to)] = frames.GetValueOrDefault((from, to)) + 1;
        }
    }
}
