using System.Text;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Protocol.Tests.Cddl;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Walls 1 and 2, seen from outside the processes: what left, and what is nowhere.</summary>
public class WirePrivacyTests
{
    private const string Inside = "198.51.100.10";
    private const string Attacker = "203.0.113.77";

    // As payload it stands in every packet that has room for it, over and over.
    private static readonly byte[] Marker = Encoding.ASCII.GetBytes("MARKER-7f3a91c2-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_marker_in_every_payload_is_nowhere_but_in_the_capture()
    {
        using var station = await Station.MakeAsync(Inside);
        var trace = GeneratedAttack.Make(seed: 3);
        var marked = trace.Packets.Count(Mark);
        Assert.True(marked > 1000, $"only {marked} packets have room for the marker");
        var capture = station.WriteCapture("replay.pcap", trace);
        Assert.True(Holds(capture), "the capture must hold the marker, or the test cannot fail");
        await station.Hub.ServeAsync(Stop);

        using (var agent = station.StartAgent(station.Reads(capture, pace: "2")))
        {
            // While it runs, before the acknowledgements empty the outbox, and after.
            for (var i = 0; i < 8 && !agent.HasEnded; i++)
            {
                AssertNowhere(station, capture);
                await Task.Delay(250, Stop);
            }

            await Station.EndsByItselfAsync(agent);
        }

        Assert.NotEmpty(station.Reports());
        AssertNowhere(station, capture);
        Assert.All(station.Inbox(), m => Assert.Equal(-1, m.Payload.AsSpan().IndexOf(Marker.AsSpan(0, 8))));
    }

    [Fact]
    public async Task What_left_is_what_was_picked_and_every_message_decodes()
    {
        using var station = await Station.MakeAsync(Inside);
        var capture = station.WriteCapture("replay.pcap", GeneratedAttack.Make(seed: 4));
        await station.Hub.ServeAsync(Stop);
        using var agent = station.StartAgent(station.Reads(capture, pace: "4"));
        await Station.EndsByItselfAsync(agent);

        var schema = new CddlSchema(File.ReadAllText(Path.Combine(ProgramLocator.SolutionFolder()!, "protocol", "edgesensors.cddl")));
        var alerts = new List<AlertMessage>();
        foreach (var message in station.Inbox())
        {
            Assert.Null(schema.Check(message.Channel.ToString().ToLowerInvariant(), CddlValue.Read(message.Payload)));
            var decoded = message.Channel switch
            {
                Channel.Report => ReportCodec.TryDecode(message.Payload, out _, out _),
                Channel.Alert => Alert(message.Payload, alerts),
                Channel.Receipt => ReceiptCodec.TryDecode(message.Payload, out _, out _),
                Channel.Status => StatusCodec.TryDecode(message.Payload, out _, out _),
                _ => false,
            };
            Assert.True(decoded, $"{message.Channel} {message.Id} does not decode");
        }

        var flows = station.Reports().SelectMany(r => r.Flows).ToList();
        Assert.NotEmpty(flows);
        Assert.NotEmpty(alerts);

        // The subjects of the detectors and nobody else: the attacker in clear, the protected end under its pseudonym.
        Assert.All(flows, f => Assert.Equal(Attacker, f.Source.Address?.ToString()));
        Assert.All(flows, f => Assert.Null(f.Destination.Address));
        Assert.Single(flows.Select(f => f.Destination).Distinct());

        // The visitors are in nobody's flows, alerts or evidence: their addresses are nowhere in what left.
        foreach (var visitor in Enumerable.Range(20, 12).Select(n => (byte[])[192, 0, 2, (byte)n]))
        {
            Assert.All(station.Inbox(), m => Assert.Equal(-1, m.Payload.AsSpan().IndexOf(visitor)));
        }

        // Nor is the protected address itself.
        Assert.All(station.Inbox(), m => Assert.Equal(-1, m.Payload.AsSpan().IndexOf((ReadOnlySpan<byte>)[198, 51, 100, 10])));
    }

    private static bool Alert(byte[] payload, List<AlertMessage> alerts)
    {
        if (!AlertCodec.TryDecode(payload, out var alert, out _))
        {
            return false;
        }

        alerts.Add(alert!);
        return true;
    }

    private static bool Mark(TracePacket packet)
    {
        FrameDecoder.Decode(LinkType.Ethernet, packet.Frame, packet.Frame.Length, 0, out var header);
        var payload = packet.Frame.AsSpan(header.HeaderLength);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] = Marker[i % Marker.Length];
        }

        return payload.Length >= Marker.Length;
    }

    private static void AssertNowhere(Station station, string capture)
    {
        foreach (var file in Directory.EnumerateFiles(station.Folder, "*", SearchOption.AllDirectories).Where(f => f != capture))
        {
            Assert.False(Holds(file), $"the marker is in {file}");
        }
    }

    private static bool Holds(string file)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return HoldsNow(file);
            }
            catch (IOException e) when (e is not FileNotFoundException and not DirectoryNotFoundException && tries < 500)
            {
                Thread.Sleep(20); // the hub has it locked, for a publication
            }
        }
    }

    private static bool HoldsNow(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var memory = new MemoryStream();
            stream.CopyTo(memory);

            // Half of it is enough to betray a payload.
            return memory.GetBuffer().AsSpan(0, (int)memory.Length).IndexOf(Marker.AsSpan(0, 8)) >= 0;
        }
        catch (FileNotFoundException)
        {
            return false; // a journal that went while we looked
        }
    }
}
