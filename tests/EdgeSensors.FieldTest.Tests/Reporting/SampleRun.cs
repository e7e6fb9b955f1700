using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Tests.Reporting;

/// <summary>Runs as a world would tell them, from a seed.</summary>
internal static class SampleRun
{
    /// <summary>What it cost.</summary>
    public static RunTiming Timing { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56), TimeSpan.FromSeconds(12.3), TimeSpan.FromSeconds(20.1), 312_000_000);

    /// <summary>A run of some taps.</summary>
    /// <param name="taps">How many.</param>
    /// <param name="length">How long.</param>
    /// <param name="every">Between two samples of a tap.</param>
    /// <param name="passes">Whether its checks hold.</param>
    /// <param name="words">Put into everything that is told in words.</param>
    public static ScenarioResult Make(int taps, TimeSpan length, TimeSpan every, bool passes = true, string words = "")
    {
        var random = new Random(7);
        var recorder = new RunRecorder();
        var units = Enumerable.Range(1, taps).Select(i => $"tap-{i:000}{words}").ToList();
        recorder.Began(new RunHead
        {
            Scenario = "hub-away" + words,
            Title = new("The hub is away for a while" + words, "ハブがしばらく不在になる" + words),
            World = World.Emulated,
            Seed = 7,
            Speed = 0,
            Start = DateTimeOffset.UnixEpoch.AddYears(56),
            Length = length,
            Software = new Dictionary<string, string> { ["edgesensors-fieldtest" + words] = "0.1.0+25babe1a3c" + words },
            Inputs = new Dictionary<string, string> { ["scan.pcap" + words] = Hash(random) + words },
            Repeat = "edgesensors-fieldtest run hub-away --seed 7" + words,
            Units = units,
            Facts = [new("blocklist" + words, "50,000 addresses" + words)],
        });
        long end = (long)length.TotalMilliseconds, away = end / 3, back = end / 2;
        recorder.Happened(new(0, HappeningKind.Step, "scenario", "all taps have power" + words));
        recorder.Happened(new(away, HappeningKind.Fault, "hub" + words, "the hub is away" + words) { UntilMs = back });
        recorder.Happened(new(end / 5, HappeningKind.Alert, units[0], "203.0.113.9 tried 320 ports of 1 address; 320 of 320 attempts failed" + words));
        recorder.Happened(new(end / 4, HappeningKind.Decision, "hub", "block 203.0.113.9, approved by the hub's policy" + words));
        recorder.Happened(new((end / 4) + 400, HappeningKind.Update, "hub", "the rule is signed and announced" + words));
        recorder.Happened(new((end / 4) + 900, HappeningKind.Rule, units[0], "203.0.113.9 is blocked" + words));
        var drops = new double[taps];
        for (var at = 0L; at <= end; at += (long)every.TotalMilliseconds)
        {
            for (var i = 0; i < taps; i++)
            {
                var waits = at > away && at < back + (end / 20) ? (at < back ? (at - away) / 60_000.0 : (back - away) / 60_000.0 * (1 - ((at - back) / (end / 20.0)))) : random.Next(2);
                drops[i] += random.Next(40) == 0 ? random.Next(5) : 0;
                recorder.Sampled(new(at, units[i], at > away && at < back ? UnitState.Offline : UnitState.Online, new Dictionary<string, double>
                {
                    ["traffic"] = (i * 3) + (300 * (1 + Math.Sin(at * 6.28 / end))) + random.Next(80),
                    ["detections"] = at > end / 5 ? 1 : 0,
                    ["mitigations"] = at > (end / 4) + 900 ? 1 : 0,
                    ["heap"] = 640_000 + random.Next(120_000),
                    ["queue"] = Math.Round(waits),
                    ["drops"] = drops[i],
                }));
            }
        }

        recorder.Checked(new("hub-away" + words, "no acknowledged report is lost" + words, "0 of 4,120 lost" + words, true, "wire in result.json" + words));
        recorder.Checked(new("back" + words, "every tap is on line again within 60 s" + words, passes ? "the last after 31 s" + words : "tap-002 after 94 s" + words, passes, "queue of tap-002; logs/hub.log" + words));
        return recorder.Conclude(length) with
        {
            Wire = [.. units.Select(u => new WireDigest(u, Hash(random), random.Next(4_000)))],
            Alerts = [new(end / 5, "port-fan-out" + words, "T1595.002", "203.0.113.9" + words, false, "tried 320 ports" + words)],
            Blocks = [new("203.0.113.9" + words, "policy" + words, end / 4, null, 1_234)],
            Traffic = [new("all other traffic" + words, "other", 100_000, 100_000)],
        };
    }

    private static string Hash(Random random)
    {
        var octets = new byte[32];
        random.NextBytes(octets);
        return Convert.ToHexStringLower(octets);
    }
}
