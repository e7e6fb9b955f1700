using System.CommandLine;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Scenarios;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>list</c>: the scenarios, and what a scenario file may hold.</summary>
internal static class ListCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var schema = new Option<bool>("--schema") { Description = "Every key of a scenario file instead, as the tables of docs/field-test.md." };
        var command = new Command("list", "The scenarios.") { schema };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(schema))
            {
                Console.Out.Write(ScenarioSchema.ToMarkdown());
                return;
            }

            AnsiConsole.Write(Scenarios());
        });
        return command;
    }

    private static Table Scenarios()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("run", "on", "lasts", "", "");
        table.AddRow(RingScenario.Name, "programs", "", "A replayed attack, a hub, an agent in the gateway: once around", "攻撃の検知から遮断まで");
        foreach (var scenario in ScenarioLibrary.Names.Select(ScenarioLibrary.Load))
        {
            table.AddRow(
                scenario.Name, scenario.World == ScenarioWorld.Taps ? "taps" : "programs", TimeText.Format(scenario.Lasts), Markup.Escape(scenario.TitleEn), Markup.Escape(scenario.TitleJa));
        }

        return table;
    }
}
