using System.Text;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;

namespace EdgeSensors.FieldTest.Tests.Taps;

public class HeapEstimateTests
{
    [Fact]
    public void It_is_the_same_whatever_texts_the_process_has_met_before()
    {
        var name = $"gate-{Random.Shared.Next(10_000, 100_000)}";
        var before = Play(name);
        string.Intern(name);
        Assert.Equal(before, Play(name));
    }

    private static string Play(string name)
    {
        var text = $$"""
            scenario: heap
            title: {en: Heap, ja: ヒープ}
            world: taps
            lasts: 1m
            within: 1m
            boards: [{name: {{name}}, own: [192.0.2.0/24]}]
            expect: [{online: all}]
            """;
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(text), "heap.yaml", out var scenario, out var error), error?.Message);
        var result = TapRun.Play(scenario, new RunOptions { Repeat = "a test" }, null, null, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(ResultFile.Encode(result).Span);
    }
}
