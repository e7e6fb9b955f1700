using System.Text;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

public class ScenarioReaderTests
{
    private const string Whole = """
        scenario: hub-away
        title: {en: The hub is away, ja: ハブが不通になる}
        world: taps
        lasts: 90m
        within: 60s
        boards:
          - {name: tap, own: [192.0.2.0/24, "2001:db8::/32"], list: 203.0.113.7}
          - name: other
            count: 12
            own: [198.51.100.0/24]
            level: broad
        traffic:
          - {to: tap, from: 1m, capture: captures/some.pcap, speed: 2.5}
          - {to: tap, generate: port-scan, rate: 10, source: [203.0.113.7]}
        timeline:
          - {at: 5m, do: publish-list, listed: 200}
        faults:
          - {at: 10m, what: hub-away, lasts: 1h}
          - {from: 10m, every: 30s, times: 40, what: power-cut, on: tap}
          - {at: 1m, what: clock-leaps, by: -2.5d}
        expect:
          - {nothing-lost: acknowledged}
          - {alert: port-fan-out, on: tap, within: 60s, words: the scan is told of}
          - {boots: verified, times: 40}
        """;

    [Fact]
    public void A_scenario_is_read_with_its_defaults_and_the_line_of_each_entry()
    {
        var scenario = Read(Whole);
        Assert.Equal(("hub-away", "The hub is away", "ハブが不通になる", ScenarioWorld.Taps), (scenario.Name, scenario.TitleEn, scenario.TitleJa, scenario.World));
        Assert.Equal((TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(1)), (scenario.Lasts, scenario.Within));
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32"], scenario.Boards[0].Prefixes("own").Select(p => p.ToString()));
        Assert.Equal((1, "concern", true), (scenario.Boards[0].Count("count"), scenario.Boards[0].Text("level"), scenario.Boards[0].Flag("enrolled")));
        Assert.Equal((12, "broad", 8), (scenario.Boards[1].Count("count"), scenario.Boards[1].Text("level"), scenario.Boards[1].Line));
        Assert.Equal(("capture", 2.5, TimeSpan.FromMinutes(1)), (scenario.Traffic[0].What, scenario.Traffic[0].Number("speed"), scenario.Traffic[0].Time("from")));
        Assert.Equal(("generate", "port-scan", "203.0.113.7"), (scenario.Traffic[1].What, scenario.Traffic[1].Text("generate"), scenario.Traffic[1].Prefixes("source")[0].ToString()));
        Assert.Equal(("power-cut", "flash-write", 40), (scenario.Faults[1].What, scenario.Faults[1].Text("during"), scenario.Faults[1].Count("times")));
        Assert.Equal(TimeSpan.FromDays(-2.5), scenario.Faults[2].Time("by"));
        Assert.Equal(["nothing-lost", "alert", "boots"], scenario.Expect.Select(e => e.What));
        Assert.Equal(("expect 2 (line 23)", "the scan is told of"), (scenario.Expect[1].Place, scenario.Expect[1].Text("words")));
        Assert.Null(scenario.Faults[0].Time("from"));
    }

    [Theory]
    [InlineData("lasts: 90m", "lasts: 90", "s.yaml:4: lasts of the scenario takes a time such as 30s from 1s to 7d")]
    [InlineData("lasts: 90m", "lasts: 8d", "s.yaml:4: lasts of the scenario takes a time such as 30s from 1s to 7d")]
    [InlineData("within: 60s", "witihn: 60s", "s.yaml:5: unknown key 'witihn' of the scenario; it takes scenario, title, world, lasts, within")]
    [InlineData("within: 60s\n", "", "s.yaml:1: within of the scenario is missing; give it (the longest that a run may take by the machine's clock, on two cores that others use too: a run that takes longer fails)")]
    [InlineData("world: taps", "world: moon", "s.yaml:3: world of the scenario takes taps, gateways")]
    [InlineData("level: broad", "levle: broad", "s.yaml:11: unknown key 'levle' of boards: board; it takes name, count, own, level, listed, list, enrolled, window, clock, sntp, sntp-every")]
    [InlineData("count: 12", "count: 5001", "s.yaml:9: count of boards: board takes a whole number from 1 to 5000")]
    [InlineData("count: 12", "count: 5000", "s.yaml:7: more than 5000 boards; give fewer")]
    [InlineData("name: other", "name: tap", "s.yaml:7: two have one name; name each otherwise")]
    [InlineData("own: [198.51.100.0/24]", "own: [198.51.100.1/24]", "s.yaml:10: own of boards: board takes prefixes")]
    [InlineData("to: tap, from", "to: tab, from", "s.yaml:13: to: nothing is named 'tab'; there is tap, other")]
    [InlineData("generate: port-scan, ", "", "s.yaml:14: an entry of traffic needs one of the keys capture, generate")]
    [InlineData("what: hub-away", "what: hub-awy", "s.yaml:18: an entry of faults needs what: hub-away, dns-fails, ")]
    [InlineData("at: 10m, what", "what", "s.yaml:18: hub-away needs at, or from and every; not both")]
    [InlineData("every: 30s, ", "", "s.yaml:19: power-cut: from and every go together")]
    [InlineData("at: 10m, what: hub-away", "at: 10m, times: 3, what: hub-away", "s.yaml:18: hub-away: times is for what comes again; give every, or leave times out")]
    [InlineData("at: 5m, do: publish-list", "at: 5m, times: 3, do: publish-list", "s.yaml:16: publish-list: times is for what comes again; give every, or leave times out")]
    [InlineData("words: the scan is told of", "words: [1]", "s.yaml:23: words of expect: alert takes a line of text")]
    [InlineData("expect:", "expects:", "s.yaml:22: unknown key 'expects' of the scenario")]
    [InlineData("title: {en: The hub is away, ja: ハブが不通になる}", "title: Hub", "s.yaml:2: title of the scenario takes {en: …, ja: …}")]
    [InlineData("scenario: hub-away", "scenario: &a hub-away", "s.yaml:1: anchors, aliases and tags are not taken; write the value itself")]
    [InlineData("scenario: hub-away", "scenario: !!str hub-away", "s.yaml:1: anchors, aliases and tags are not taken; write the value itself")]
    [InlineData("scenario: hub-away", "scenario: [[[[[[[[[a]]]]]]]]]", "s.yaml:1: nested too deep, or too long")]
    [InlineData("scenario: hub-away", "scenario: hub-away\nscenario: other", "s.yaml:2: not YAML: ")]
    [InlineData("scenario: hub-away", "scenario: {", "s.yaml:1: not YAML: ")]
    [InlineData("rate: 10", "rate: 1e-10", "s.yaml:14: rate of traffic: generate takes a number from 0.0001 to 200000, or 0")]
    [InlineData("{name: tap, own", "{name: tp, own", "s.yaml:7: 'tp' is no sensor's name, which has 3 to 63 characters; give another name")]
    [InlineData("name: other", "name: a-name-that-fits-by-itself-but-not-with-the-number-of-a-board", "s.yaml:8: 'a-name-that-fits-by-itself-but-not-with-the-number-of-a-board-0001' is no sensor's name")]
    [InlineData("{name: tap, own", "{name: other-0012, own", "s.yaml:8: 'other-0012' is the name of two sensors; give another name")]
    [InlineData("own: [192.0.2.0/24, \"2001:db8::/32\"]", "own: \"2001:db8::/32\"", "s.yaml:14: generate: what is made up is IPv4, and tap has no IPv4 prefix in own; give it one, or play a capture")]
    [InlineData("source: [203.0.113.7]", "source: [203.0.113.7, \"2001:db8::7\"]", "s.yaml:14: source of generate takes IPv4 addresses, as what is made up is IPv4")]
    public void What_is_wrong_is_said_with_its_line(string right, string wrong, string words)
    {
        Assert.Contains(right, Whole, StringComparison.Ordinal);
        var text = Whole.Replace(right, wrong, StringComparison.Ordinal);
        Assert.False(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out _, out var error));
        Assert.StartsWith(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_world_takes_its_own_kinds_only()
    {
        var text = """
            scenario: two
            title: {en: Two, ja: 二}
            world: gateways
            lasts: 1m
            within: 1m
            agents: [{name: edge, own: 192.0.2.0/24, options: {capture.interface: eth0}}]
            expect: [{boots: verified}]
            """;
        Assert.False(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out _, out var error));
        Assert.StartsWith("s.yaml:7: ", error.Message, StringComparison.Ordinal);
        text = text.Replace("agents:", "boards:", StringComparison.Ordinal);
        Assert.False(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out _, out error));
        Assert.StartsWith("s.yaml:6: boards is not for this world", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rate: 50000, lasts: 1h", "s.yaml:8: generate: rate times lasts of all that is made up for edge is more than 300000; give a lower rate, or a shorter time")]
    [InlineData("rate: 1000, lasts: 299s", "s.yaml:9: generate: rate times lasts of all that is made up for edge is more than 300000; give a lower rate, or a shorter time")]
    [InlineData("rate: 1000, lasts: 249s", null)]
    public void What_is_made_up_for_a_gateway_fits_into_memory(string how, string? words)
    {
        var text = $$"""
            scenario: much
            title: {en: Much, ja: 大量}
            world: gateways
            lasts: 1h
            within: 1h
            agents: [{name: edge, own: 192.0.2.0/24}]
            traffic:
              - {to: edge, generate: syn-flood, {{how}}}
              - {to: edge, generate: visitors, rate: 1000, lasts: 51s}
            expect: [{passes: others}]
            """;
        Assert.Equal(words is null, ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out _, out var error));
        Assert.Equal(words, error?.Message);
    }

    [Fact]
    public void So_many_taps_of_each_name_are_held_to_the_same()
    {
        var scenario = Read(Whole);
        Assert.Null(ScenarioCheck.Find(scenario.WithTaps(2_500)));
        Assert.Equal((7, "more than 5000 boards; give fewer"), ScenarioCheck.Find(scenario.WithTaps(2_501)));
    }

    [Theory]
    [InlineData("beacon, lasts: 1m", ", listed: 0", "s.yaml:8: generate: beacon calls a listed address, and no board has one; give target, or listed or list to a board")]
    [InlineData("beacon, lasts: 1m", ", listed: 0, list: \"2001:db8::7\"", "s.yaml:8: generate: beacon calls a listed address, and no board has one; give target, or listed or list to a board")]
    [InlineData("beacon, lasts: 1m", ", list: [\"2001:db8::7\", 203.0.113.7]", null)]
    [InlineData("visitors, rate: 0.0001, lasts: 7d", ", own: [\"2001:db8::/32\", 192.0.2.0/24]", null)]
    public void What_is_read_can_be_played(string traffic, string board, string? words)
    {
        var own = board.Contains("own", StringComparison.Ordinal) ? "" : ", own: 192.0.2.0/24";
        var text = $$"""
            scenario: plays
            title: {en: It plays, ja: 再生できる}
            world: taps
            lasts: 20s
            within: 1m
            boards: [{name: tap{{own}}{{board}}}]
            traffic:
              - {to: tap, generate: {{traffic}}}
            expect: [{nothing-lost: all}]
            """;
        Assert.Equal(words is null, ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out var scenario, out var error));
        Assert.Equal(words, error?.Message);
        if (scenario is not null)
        {
            Assert.NotEmpty(TapRun.Play(scenario, new RunOptions(), null, null, TestContext.Current.CancellationToken).Checks);
        }
    }

    [Theory]
    [InlineData("not a capture at all", "is no capture file: ")]
    [InlineData(null, "has no Ethernet frame")]
    public void A_capture_that_cannot_be_played_is_said_with_its_line(string? content, string words)
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-test-");
        try
        {
            byte[] header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]; // of a pcap without a packet
            File.WriteAllBytes(Path.Combine(folder.FullName, "some.pcap"), content is null ? header : Encoding.UTF8.GetBytes(content));
            var scenario = Read(Whole.Replace("captures/some.pcap", "some.pcap", StringComparison.Ordinal)) with { Folder = folder.FullName };
            var error = Assert.Throws<ProgramException>(() => TapRun.Play(scenario, new RunOptions(), null, null, TestContext.Current.CancellationToken));
            Assert.StartsWith("traffic 1 (line 13): ", error.Message, StringComparison.Ordinal);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_comes_again_comes_so_often_and_before_the_end()
    {
        var faults = Read(Whole).Faults;
        Assert.Equal([TimeSpan.FromMinutes(10)], faults[0].Times(TimeSpan.FromMinutes(90)));
        Assert.Equal((40, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(29.5)), (faults[1].Times(TimeSpan.FromMinutes(90)).Count(), faults[1].Times(TimeSpan.FromMinutes(90)).First(), faults[1].Times(TimeSpan.FromMinutes(90)).Last()));
        Assert.Equal(2, faults[1].Times(TimeSpan.FromMinutes(11)).Count());
    }

    [Fact]
    public void More_taps_have_more_time_and_fewer_have_no_less()
    {
        var scenario = Read(Whole);
        Assert.Equal((26, TimeSpan.FromMinutes(2)), (scenario.WithTaps(13).Boards.Sum(b => b.Count("count")), scenario.WithTaps(13).Within));
        Assert.Equal((2, TimeSpan.FromMinutes(1)), (scenario.WithTaps(1).Boards.Sum(b => b.Count("count")), scenario.WithTaps(1).Within));
        Assert.Equal(TimeSpan.FromMinutes(3), scenario.Longer(3).Within);
    }

    [Fact]
    public void A_file_that_is_too_large_or_not_there_is_refused()
    {
        Assert.False(ScenarioReader.TryParse(new byte[ScenarioReader.MostOctets + 1], "s.yaml", out _, out var error));
        Assert.Contains("larger than 65536 octets", error.Message, StringComparison.Ordinal);
        Assert.False(ScenarioLibrary.TryFind("no-such-scenario", out _, out error));
        Assert.Contains("edgesensors-fieldtest list", error.Message, StringComparison.Ordinal);
        Assert.False(ScenarioReader.TryRead(Path.GetTempPath(), out _, out error));
    }

    [Fact]
    public void Any_octets_give_a_scenario_or_one_line()
    {
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_FUZZ"), out var asked) ? asked : 4_000;
        var random = new Random(7);
        List<byte[]> seeds = [Encoding.UTF8.GetBytes(Whole), .. ScenarioLibrary.Names.Select(n => ScenarioLibrary.Load(n).Source.ToArray())];
        string[] pieces = ["{", "[", "- ", ": ", "'", "\"", "|", ">", "&a", "*a", "!!", "#", "\n", "\n  ", "\t", "%YAML 1.3\n", "---\n", "...", "? ", "\0", "é", "1e999", "-", "~", "<<: "];
        int read = 0;
        for (int i = 0; i < rounds; i++)
        {
            var octets = seeds[random.Next(seeds.Count)].ToList();
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                var at = random.Next(octets.Count + 1);
                switch (random.Next(5))
                {
                    case 0: octets.InsertRange(at, Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)])); break;
                    case 1: octets.RemoveRange(at, Math.Min(random.Next(1, 20), octets.Count - at)); break;
                    case 2: octets.Insert(at, (byte)random.Next(256)); break;
                    case 3: octets.InsertRange(at, Enumerable.Repeat((byte)"[{- "[random.Next(4)], random.Next(1, 3_000))); break;
                    default: octets.InsertRange(at, octets.GetRange(0, Math.Min(octets.Count, random.Next(200)))); break;
                }
            }

            if (ScenarioReader.TryParse([.. octets], "s.yaml", out var scenario, out var error))
            {
                read++;
                Assert.NotEmpty(scenario.Expect);
            }
            else
            {
                Assert.StartsWith("s.yaml:", error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
            }
        }

        Assert.True(read > 0);
    }

    private static Scenario Read(string text)
    {
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "s.yaml", out var scenario, out var error), error?.Message);
        return scenario;
    }
}
