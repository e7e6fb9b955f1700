using System.Text;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

/// <summary>docs/field-test.md says what the reader takes.</summary>
public class ScenarioPageTests
{
    private static string Page => File.ReadAllText(Path.Combine(ProgramLocator.SolutionFolder()!, "docs", "field-test.md"));

    [Fact]
    public void The_page_has_every_key() =>
        Assert.True(Page.Contains(ScenarioSchema.ToMarkdown(), StringComparison.Ordinal), "docs/field-test.md has other tables than edgesensors-fieldtest list --schema prints: put those in");

    [Fact]
    public void The_pages_example_is_a_scenario_of_at_most_a_page()
    {
        var page = Page;
        var begin = page.IndexOf("```yaml\n", StringComparison.Ordinal) + 8;
        var example = page[begin..page.IndexOf("```", begin, StringComparison.Ordinal)];
        Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(example), "example", out var scenario, out var error), error?.Message);
        Assert.InRange(example.Split('\n').Length, 5, 50);
        Assert.Equal(Encoding.UTF8.GetString(ScenarioLibrary.Load(scenario.Name).Source.Span), example);
    }

    [Fact]
    public void Every_example_of_the_page_is_read()
    {
        var examples = Page.Split("```yaml\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(2, examples.Count);
        Assert.All(examples, example => Assert.True(ScenarioReader.TryParse(Encoding.UTF8.GetBytes(example), "example", out _, out var error), error?.Message));
    }

    [Fact]
    public void Every_scenario_of_the_program_fits_on_a_page() =>
        Assert.All(ScenarioLibrary.Names, n => Assert.InRange(Encoding.UTF8.GetString(ScenarioLibrary.Load(n).Source.Span).Split('\n').Length, 5, 60));
}
