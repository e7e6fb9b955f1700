using System.Globalization;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>The names of the sensors that an entry of <c>boards</c> stands for.</summary>
internal static class BoardNames
{
    /// <summary>Its own for one board; <c>name-0001</c> and so on for several.</summary>
    public static IEnumerable<string> Of(ScenarioStep board)
    {
        var (name, count) = (board.Text("name"), board.Count("count"));
        return count == 1 ? [name] : Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}-{i:0000}"));
    }
}
