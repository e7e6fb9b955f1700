using System.Text;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Reporting.Html;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;
using EdgeSensors.FieldTest.Tests.Reporting;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

/// <summary>What a result claims of a run that somebody ended, or let go on; and what plays it again.</summary>
public class EndedRunTests
{
    private static readonly byte[] Text = """
        scenario: ends
        title: {en: It ends, ja: 終わる}
        world: taps
        lasts: 2m
        within: 1m
        boards: [{name: tap, own: [192.0.2.0/24], window: 10s}]
        traffic: [{to: tap, generate: visitors, lasts: 2m}]
        expect: [{nothing-lost: all}]
        """u8.ToArray();

    [Fact]
    public void One_that_goes_on_has_the_result_of_its_end()
    {
        var whole = Play(new RunOptions { Repeat = "a test" }, stopAtMs: long.MaxValue);
        Assert.True(whole.Passed);
        var kept = Play(new RunOptions { Repeat = "a test", Keep = true }, stopAtMs: 200_000);
        Assert.Equal(Encoding.UTF8.GetString(ResultFile.Encode(whole).Span), Encoding.UTF8.GetString(ResultFile.Encode(kept).Span));
    }

    [Fact]
    public void One_that_was_stopped_before_its_end_has_failed_and_claims_nothing_that_could_be_compared()
    {
        var stopped = Play(new RunOptions { Repeat = "a test" }, stopAtMs: 60_000);
        Assert.False(stopped.Passed);
        Assert.Empty(stopped.Wire);
        Assert.InRange(stopped.Lasted, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(61));
        var check = stopped.Checks[0];
        Assert.Equal(("every run", "plays to its end, after 2m", false), (check.Step, check.Expected, check.Held));
        Assert.StartsWith("stopped after 60.", check.Seen, StringComparison.Ordinal);
        Assert.Contains("\"stopped\": true", Encoding.UTF8.GetString(ResultFile.Encode(stopped).Span), StringComparison.Ordinal);
        Assert.Contains("nothing of it can be compared", Page(stopped), StringComparison.Ordinal);
        Assert.DoesNotContain("byte for byte", Page(stopped), StringComparison.Ordinal);

        var whole = Play(new RunOptions { Repeat = "a test" }, stopAtMs: long.MaxValue);
        Assert.DoesNotContain("\"stopped\"", Encoding.UTF8.GetString(ResultFile.Encode(whole).Span), StringComparison.Ordinal);
        Assert.Contains("byte for byte", Page(whole), StringComparison.Ordinal);
    }

    [Fact]
    public void What_plays_it_again_has_every_option_that_is_in_the_result()
    {
        Assert.Equal("edgesensors-fieldtest run scan --seed 1", new RunOptions { Keep = true }.CommandLine("scan"));
        Assert.Equal("edgesensors-fieldtest run scan --seed 7 --speed 0.00001 --taps 3 --longer 2", new RunOptions { Seed = 7, Speed = 0.00001, Taps = 3, Longer = 2 }.CommandLine("scan"));
        Assert.Equal("edgesensors-fieldtest run \"my own.yaml\" --seed 1 --speed 1000000", new RunOptions { Speed = 1_000_000 }.CommandLine("my own.yaml"));
    }

    private static string Page(ScenarioResult result) => ReportPage.Make(result, SampleRun.Timing);

    private static ScenarioResult Play(RunOptions options, long stopAtMs)
    {
        Assert.True(ScenarioReader.TryParse(Text, "ends.yaml", out var scenario, out var error), error?.Message);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        return TapRun.Play(scenario, options, new Stopper(stop, stopAtMs), null, stop.Token);
    }

    /// <summary>Somebody who looks at it and at some time ends it.</summary>
    private sealed class Stopper(CancellationTokenSource stop, long atMs) : IRunWatch
    {
        public void Began(RunHead run)
        {
        }

        public void Sampled(Sample sample)
        {
            if (sample.AtMs >= atMs)
            {
                stop.Cancel();
            }
        }

        public void Happened(Happening happening)
        {
        }

        public void Checked(Check check)
        {
        }
    }
}
