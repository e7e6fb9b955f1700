using System.Text.Json;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Protocol;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>What a draft says that it would have hit, against the capture that the agent metered.</summary>
public class ImpactTests
{
    private const string Attacker = "203.0.113.77";
    private const string Inside = "198.51.100.10";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draft_says_what_it_would_have_hit_and_no_more_than_the_capture_holds()
    {
        using var station = await Station.MakeAsync(Inside);
        var trace = GeneratedAttack.Make(seed: 7);
        var capture = station.WriteCapture("replay.pcap", trace);
        await station.Hub.ServeAsync(Stop);
        using (var agent = station.StartAgent(station.Reads(capture, pace: "8")))
        {
            await Station.EndsByItselfAsync(agent);
        }

        var last = (double)station.Inbox().Where(m => m.Channel == Channel.Report).Max(m => m.Row);
        while ((await station.Hub.ReadHealthAsync(Stop)).Counters["projected_to"] < last)
        {
            await Task.Delay(100, Stop);
        }

        using var draft = await AskAsync(station, "propose", Attacker, "--reason", "seen in a capture");
        var impact = draft.RootElement.GetProperty("impact");
        Assert.True(impact.GetProperty("known").GetBoolean());
        Assert.Equal(("observe", "proposed"), (draft.RootElement.GetProperty("step").GetString(), draft.RootElement.GetProperty("state").GetString()));

        // What the hub was told is what it says, flow by flow; and that is a part of what ran over the wire: what was picked of it.
        var told = station.Reports().SelectMany(r => r.Flows).Where(f => IsAttacker(f.Source) || IsAttacker(f.Destination)).ToList();
        var packets = (ulong)impact.GetProperty("packets").GetDouble();
        Assert.Equal(told.Count, impact.GetProperty("flows").GetInt64());
        Assert.Equal(told.Aggregate(0UL, (sum, f) => sum + f.Packets + f.ReversePackets), packets);
        Assert.Equal(told.Aggregate(0UL, (sum, f) => sum + f.Octets + f.ReverseOctets), (ulong)impact.GetProperty("octets").GetDouble());
        var onTheWire = trace.Packets.Where(p => p.Source.ToString() == Attacker || p.Destination.ToString() == Attacker).ToList();
        Assert.InRange(packets, 1_000UL, (ulong)onTheWire.Count);
        Assert.Equal(1, impact.GetProperty("own_addresses").GetInt64()); // it attacked one host, and the hub does not know which
        Assert.Single(impact.GetProperty("sensors").EnumerateArray());
        Assert.Contains("at least", impact.GetProperty("text").GetString(), StringComparison.Ordinal);

        using var shown = await AskAsync(station, "show", draft.RootElement.GetProperty("id").GetString()!);
        Assert.Equal(impact.GetRawText(), shown.RootElement.GetProperty("impact").GetRawText());
    }

    private static bool IsAttacker(FlowEnd end) => end.Address?.ToString() == Attacker;

    private static async Task<JsonDocument> AskAsync(Station station, string what, params string[] more)
    {
        using var command = StartedProgram.Start(
            null, Station.Program(ProgramLocator.Hub), ["mitigation", what, .. more, "--json", "--profile", station.Hub.Profile], Path.Combine(station.Logs, "commands.log"));
        Assert.True(await command.WaitForEndAsync(TimeSpan.FromSeconds(60), Stop), "the command does not end");
        Assert.True(command.ExitCode == 0, command.LastWords());
        return JsonDocument.Parse(string.Join('\n', command.Said.Select(line => line.Text)));
    }
}
