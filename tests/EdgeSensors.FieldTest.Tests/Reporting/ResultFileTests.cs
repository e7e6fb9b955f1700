using System.Text;
using System.Text.Json;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Tests.Reporting;

public class ResultFileTests
{
    [Fact]
    public void The_same_run_gives_the_same_octets_and_another_seed_does_not()
    {
        var result = SampleRun.Make(3, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));
        var again = SampleRun.Make(3, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));
        Assert.Equal(ResultFile.Encode(result).ToArray(), ResultFile.Encode(again).ToArray());
        Assert.NotEqual(ResultFile.Encode(result).ToArray(), ResultFile.Encode(result with { Run = result.Run with { Seed = 8 } }).ToArray());
    }

    [Fact]
    public void The_order_in_which_files_and_programs_were_noted_does_not_matter()
    {
        var result = SampleRun.Make(1, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        ScenarioResult With(params string[] names) => result with { Run = result.Run with { Inputs = names.ToDictionary(n => n, n => n), Software = names.ToDictionary(n => n, n => n) } };
        Assert.Equal(ResultFile.Encode(With("a", "B", "c")).ToArray(), ResultFile.Encode(With("c", "a", "B")).ToArray());
    }

    [Fact]
    public void Neither_this_machine_nor_its_clock_is_in_an_emulated_worlds_result()
    {
        var text = Encoding.UTF8.GetString(ResultFile.Encode(SampleRun.Make(2, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5))).Span);
        Assert.DoesNotContain(Environment.MachineName, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.CurrentDirectory, text, StringComparison.Ordinal);
        Assert.DoesNotContain(DateTimeOffset.UtcNow.Year.ToString(System.Globalization.CultureInfo.InvariantCulture) + "-", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
    }

    [Fact]
    public void More_points_than_a_file_should_hold_are_thinned_and_said_to_be()
    {
        var result = SampleRun.Make(200, TimeSpan.FromDays(1), TimeSpan.FromMinutes(5));
        var octets = ResultFile.Encode(result);
        Assert.InRange(octets.Length, 1, 6_000_000);
        using var json = JsonDocument.Parse(octets);
        var all = json.RootElement.GetProperty("series").EnumerateArray().ToList();
        Assert.Equal(1_200, all.Count);
        Assert.InRange(all.Sum(s => s.GetProperty("points").GetArrayLength()), 100_000, ResultFile.MostPoints);
        Assert.All(all.Take(50), s => Assert.Equal(289, s.GetProperty("thinned_from").GetInt32()));
        var (series, written) = (result.Series[0], all[0].GetProperty("points"));
        Assert.Equal(series.Points.Max(p => p.Value), written.EnumerateArray().Max(p => p[1].GetDouble()));
    }

    [Fact]
    public void Whatever_a_run_quotes_the_file_can_be_read()
    {
        const string Hostile = "\"},{\\\0\u001b\ud800x\u202e</script>";
        using var json = JsonDocument.Parse(ResultFile.Encode(SampleRun.Make(2, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(30), words: Hostile)));
        Assert.Equal("\"},{\\\0\u001b\ufffdx\u202e</script>", json.RootElement.GetProperty("scenario").GetString()![8..]);
    }

    [Fact]
    public void Values_that_are_no_numbers_are_left_out()
    {
        var recorder = new RunRecorder();
        recorder.Began(SampleRun.Make(1, TimeSpan.Zero, TimeSpan.FromSeconds(1)).Run);
        recorder.Sampled(new(0, "tap", UnitState.Online, new Dictionary<string, double> { ["traffic"] = double.NaN, ["heap"] = 1 }));
        recorder.Sampled(new(1, "tap", UnitState.Online, new Dictionary<string, double> { ["traffic"] = 5, ["heap"] = double.PositiveInfinity }));
        using var json = JsonDocument.Parse(ResultFile.Encode(recorder.Conclude(TimeSpan.FromSeconds(1))));
        Assert.Equal("[[[0,1]],[[1,5]]]", "[" + string.Join(',', json.RootElement.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("points").GetRawText())) + "]");
    }
}
