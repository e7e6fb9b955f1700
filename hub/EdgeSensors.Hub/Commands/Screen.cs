using Spectre.Console;

namespace EdgeSensors.Hub.Commands;

/// <summary>Tables for people. Into a file or pipe a row stays on one line, so that it can be searched.</summary>
internal static class Screen
{
    private const int WidthWhenRedirected = 500;

    /// <summary>A table whose last column alone may be broken over lines.</summary>
    public static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Minimal);
        foreach (var name in columns)
        {
            table.AddColumn(name, column => column.NoWrap = true);
        }

        table.Columns[^1].NoWrap = false;
        return table;
    }

    public static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthWhenRedirected;
        }

        AnsiConsole.Write(table);
    }
}
