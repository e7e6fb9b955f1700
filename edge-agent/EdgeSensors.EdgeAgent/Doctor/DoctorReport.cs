using System.Text.Json;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>All findings, as a table for a person or as JSON for a program.</summary>
/// <param name="findings">In the order in which they are shown.</param>
/// <param name="notChecked">What was left out because there was no configuration.</param>
internal sealed class DoctorReport(IReadOnlyList<Finding> findings, IReadOnlyList<string> notChecked)
{
    private const int RemedyIndent = 8;

    /// <summary>Whether anything fails.</summary>
    public bool Fails => findings.Any(finding => finding.Verdict == Verdict.Fail);

    /// <summary>Writes the table.</summary>
    /// <param name="output">Where.</param>
    /// <param name="colour">Whether the verdicts are coloured.</param>
    public void WriteTable(TextWriter output, bool colour)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        foreach (var area in findings.GroupBy(finding => finding.Area))
        {
            output.WriteLine(area.Key);
            foreach (var finding in area)
            {
                output.WriteLine($"  {Mark(finding.Verdict, colour)}  {finding.Subject.PadRight(width)}  {finding.Detail}");
                if (finding.Remedy is { } remedy)
                {
                    output.WriteLine($"{new string(' ', RemedyIndent + width)}  -> {remedy}");
                }
            }
        }

        output.WriteLine();
        if (notChecked.Count > 0)
        {
            output.WriteLine($"Not checked without --config: {string.Join(", ", notChecked)}.");
        }

        output.WriteLine(Summary());
    }

    /// <summary>Writes one JSON object.</summary>
    public void WriteJson(Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("verdict", Word(findings.Max(finding => finding.Verdict)));
        json.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("area", finding.Area);
            json.WriteString("subject", finding.Subject);
            json.WriteString("verdict", Word(finding.Verdict));
            json.WriteString("detail", finding.Detail);
            if (finding.Remedy is { } remedy)
            {
                json.WriteString("remedy", remedy);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notChecked");
        foreach (var area in notChecked)
        {
            json.WriteStringValue(area);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    private string Summary()
    {
        var (warnings, failures) = (findings.Count(f => f.Verdict == Verdict.Warn), findings.Count(f => f.Verdict == Verdict.Fail));
        return (warnings, failures) switch
        {
            (0, 0) => "All is well.",
            (_, 0) => $"The agent works here, with {Count(warnings, "limitation")}.",
            _ => $"The agent does not work here: {Count(failures, "failure")}{(warnings > 0 ? $", {Count(warnings, "warning")}" : "")}.",
        };
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private static string Mark(Verdict verdict, bool colour)
    {
        var word = Word(verdict).PadRight(4);
        var code = verdict switch { Verdict.Ok => "32", Verdict.Warn => "33", _ => "31" };
        return colour ? $"\u001b[{code}m{word}\u001b[0m" : word;
    }

    private static string Word(Verdict verdict) => verdict switch { Verdict.Ok => "ok", Verdict.Warn => "warn", _ => "fail" };
}
