using System.Globalization;
using System.Text;
using System.Xml;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Writes a run as JUnit XML for a CI server: a test case for each check. What it holds satisfies both schemas in use, the one of Jenkins and the stricter one of Ant.</summary>
internal static class JUnitFile
{
    /// <summary>Writes it whole or not at all; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public static void Write(string path, ScenarioResult result, RunTiming timing) => WholeFile.Write(path, Encode(result, timing));

    /// <summary>The octets of the file. A run that checked nothing is an error, as it has proven nothing.</summary>
    public static ReadOnlyMemory<byte> Encode(ScenarioResult result, RunTiming timing)
    {
        using var memory = new MemoryStream();
        using (var xml = XmlWriter.Create(memory, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(false) }))
        {
            var nothing = result.Checks.Count == 0;
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            Attribute(xml, "id", "0");
            Attribute(xml, "package", "edgesensors.fieldtest");
            Attribute(xml, "name", result.Run.Scenario);
            Attribute(xml, "timestamp", timing.Began.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
            Attribute(xml, "hostname", "localhost");
            Attribute(xml, "tests", Number(Math.Max(1, result.Checks.Count)));
            Attribute(xml, "failures", Number(result.Checks.Count(c => !c.Held)));
            Attribute(xml, "errors", nothing ? "1" : "0");
            Attribute(xml, "time", Seconds(timing.Took));
            WriteProperties(xml, result.Run);
            for (var i = 0; i < result.Checks.Count; i++)
            {
                WriteCase(xml, result, i);
            }

            if (nothing)
            {
                xml.WriteStartElement("testcase");
                Attribute(xml, "name", "the run checks something");
                Attribute(xml, "classname", ClassName(result.Run));
                Attribute(xml, "time", "0");
                Problem(xml, "error", "nothing was checked", "the scenario has no expectation, so that it proves nothing");
                xml.WriteEndElement();
            }

            xml.WriteElementString("system-out", "");
            xml.WriteElementString("system-err", "");
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return memory.ToArray();
    }

    private static void WriteProperties(XmlWriter xml, RunHead run)
    {
        xml.WriteStartElement("properties");
        foreach (var (name, value) in (IEnumerable<KeyValuePair<string, string>>)[new("seed", Number(run.Seed)), new("repeat", run.Repeat), .. run.Software.OrderBy(s => s.Key, StringComparer.Ordinal)])
        {
            xml.WriteStartElement("property");
            Attribute(xml, "name", name);
            Attribute(xml, "value", value);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteCase(XmlWriter xml, ScenarioResult result, int number)
    {
        var check = result.Checks[number];
        xml.WriteStartElement("testcase");
        Attribute(xml, "name", $"{number + 1}. {check.Step}: {check.Expected}"); // two checks may have the same words
        Attribute(xml, "classname", ClassName(result.Run));
        Attribute(xml, "time", "0");
        if (!check.Held)
        {
            Problem(
                xml,
                "failure",
                $"expected: {check.Expected}; seen: {check.Seen}",
                $"step: {check.Step}", $"expected: {check.Expected}", $"seen: {check.Seen}", $"look at: {check.LookAt}", $"again: {result.Run.Repeat}");
        }

        xml.WriteEndElement();
    }

    private static void Problem(XmlWriter xml, string element, string message, params IReadOnlyList<string> lines)
    {
        xml.WriteStartElement(element);
        Attribute(xml, "message", message);
        Attribute(xml, "type", "expectation");
        xml.WriteString(string.Join('\n', lines.Select(l => SafeText.Clean(l))));
        xml.WriteEndElement();
    }

    private static string ClassName(RunHead run) => "fieldtest." + run.Scenario;

    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, SafeText.Clean(value));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
