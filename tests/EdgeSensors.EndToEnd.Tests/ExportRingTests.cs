using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The ring with a router at its beginning: softflowd exports a scan by NetFlow to a listening agent; the hub has the alert, and a rule comes back.</summary>
public class ExportRingTests
{
    internal const string Attacker = "203.0.113.77";

    private static readonly Dictionary<string, string> s_observeOnly = new() { ["EDGESENSORS__ENFORCE__ENABLED"] = "false" };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_router_exports_a_scan_and_the_hub_answers_with_a_rule()
    {
        // Every packet is looked at, and the configuration says so.
        var (state, station) = await PlayAsync(sampling: "127.0.0.1=1", state =>
            state.Mitigations.Any(m => m.Target.StartsWith(Attacker, StringComparison.Ordinal) && m.Receipt is not null)
            && state.Incidents.Any(i => i is { Indicator: Attacker, Detector: "port-fan-out", DistinctPorts: >= 700 }));
        using (station)
        {
            var incident = state.Incidents.First(i => i.Indicator == Attacker && i.Detector == "port-fan-out");
            Assert.True(incident.SourceProven);
            Assert.Equal("observed", state.Mitigations.First(m => m.Receipt is not null).Receipt!.State);
            Assert.All(station.Reports().Where(r => r.Total is not null), r => Assert.Equal((1U, 0UL, 0UL), (r.Measurement.SamplingPopulation, r.Measurement.UnknownSamplingPackets, r.Measurement.MissingExports)));
        }
    }

    [Fact]
    public async Task Where_nobody_says_how_the_router_samples_the_scan_is_seen_and_no_rule_is_made_by_itself()
    {
        var (state, station) = await PlayAsync(sampling: "", state => state.Incidents.Any(i => i is { Indicator: Attacker, Detector: "port-fan-out" }));
        using (station)
        {
            Assert.All(state.Incidents, i => Assert.False(i.SourceProven));
            Assert.DoesNotContain(state.Mitigations, m => m.State is not "proposed");
            Assert.Contains(station.Reports(), r => r.Measurement.UnknownSamplingPackets > 0);
        }
    }

    /// <summary>Plays the scan to a listening agent until the hub knows what it is to know.</summary>
    internal static async Task<(HubState State, Station Station)> PlayAsync(string sampling, Func<HubState, bool> done, IReadOnlyDictionary<string, string>? enforcement = null)
    {
        var softflowd = OtherProgram.FindOrSkip("softflowd", "softflowd");
        var station = await Station.MakeAsync("198.51.100.0/24");
        try
        {
            var capture = station.WriteCapture("scan.pcap", GeneratedAttack.Make(seed: 7));
            var port = FreePort.Udp();

            await station.Hub.ServeAsync(Stop);
            await station.Agent.RunAsync(
                new Dictionary<string, string>(enforcement ?? s_observeOnly)
                {
                    ["EDGESENSORS__INPUT__FILE"] = "",
                    ["EDGESENSORS__INPUT__LISTEN"] = $"udp://127.0.0.1:{port}",
                    ["EDGESENSORS__INPUT__SAMPLING"] = sampling,
                    ["EDGESENSORS__REPORT__WINDOW_SECONDS"] = "1",
                    ["EDGESENSORS__STATE__DIRECTORY"] = station.State,
                },
                Stop);
            using var router = OtherProgram.Start(softflowd, ["-r", capture, "-d", "-v", "5", "-n", $"127.0.0.1:{port}", "-c", "none"]);
            await router.WaitForExitAsync(Stop);
            return (await station.WaitForAsync(done, Patience), station);
        }
        catch
        {
            station.Dispose();
            throw;
        }
    }
}
