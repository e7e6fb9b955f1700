using System.Text.Json;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Writes <c>result.json</c>; its schema is in docs/field-test.md.</summary>
internal static class ResultFile
{
    /// <summary>The version of the schema.</summary>
    public const int Schema = 1;

    /// <summary>Writes it whole or not at all; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public static void Write(string path, RunResult result)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteString("scenario", result.Scenario);
            json.WriteBoolean("passed", result.Passed);
            json.WriteString("expected", Word(result.Expected));
            json.WriteString("mode", Word(result.Mode));
            json.WriteString("mode_reason", result.ModeReason);
            WriteReplay(json, result);
            WriteTimeline(json, result.Timeline);
            WriteFindings(json, result);
            json.WriteEndObject();
        }

        var unfinished = path + ".part";
        File.WriteAllBytes(unfinished, memory.ToArray());
        File.Move(unfinished, path, overwrite: true);
    }

    private static void WriteReplay(Utf8JsonWriter json, RunResult result)
    {
        json.WriteStartObject("replay");
        json.WriteString("capture", result.Capture);
        json.WriteNumber("packets", result.CapturePackets);
        json.WriteStartObject("left_out");
        foreach (var (reason, count) in result.LeftOut)
        {
            json.WriteNumber(reason, count);
        }

        json.WriteEndObject();
        json.WriteStartArray("inside");
        foreach (var prefix in result.Inside)
        {
            json.WriteStringValue(prefix);
        }

        json.WriteEndArray();
        json.WriteString("inside_rule", result.InsideRule);
        json.WriteNumber("speed", result.Speed);
        json.WriteNumber("passes", result.Passes);
        json.WriteEndObject();
    }

    private static void WriteTimeline(Utf8JsonWriter json, Timeline timeline)
    {
        json.WriteStartArray("timeline");
        foreach (var milestone in timeline.Milestones)
        {
            json.WriteStartObject();
            json.WriteString("step", milestone.Step.Key());
            json.WriteNumber("at_ms", milestone.At.ToUnixTimeMilliseconds());
            if (timeline.Seconds(Step.FirstPacket, milestone.Step) is { } seconds)
            {
                json.WriteNumber("seconds", Math.Round(seconds, 3));
            }

            json.WriteString("detail", milestone.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (timeline.Seconds(Step.Alert, Step.FirstDrop) is { } total)
        {
            json.WriteNumber("alert_to_first_drop_seconds", Math.Round(total, 3));
        }
        else
        {
            json.WriteNull("alert_to_first_drop_seconds");
        }
    }

    private static void WriteFindings(Utf8JsonWriter json, RunResult result)
    {
        json.WriteStartArray("alerts");
        foreach (var alert in result.Alerts)
        {
            json.WriteStartObject();
            json.WriteNumber("at_ms", alert.At.ToUnixTimeMilliseconds());
            json.WriteString("detector", alert.Detector);
            json.WriteString("technique", alert.Technique);
            json.WriteString("indicator", alert.Indicator);
            json.WriteBoolean("source_proven", alert.SourceProven);
            json.WriteString("words", alert.Words);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("blocked");
        foreach (var block in result.Blocks)
        {
            json.WriteStartObject();
            json.WriteString("address", block.Address);
            json.WriteString("decided_by", block.DecidedBy);
            json.WriteNumber("decided_at_ms", block.DecidedAt.ToUnixTimeMilliseconds());
            if (block.FirstDropAt is { } drop)
            {
                json.WriteNumber("first_drop_at_ms", drop.ToUnixTimeMilliseconds());
            }
            else
            {
                json.WriteNull("first_drop_at_ms");
            }

            json.WriteNumber("hits", block.Hits);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("traffic");
        foreach (var figure in result.Traffic)
        {
            json.WriteStartObject(figure.Key);
            json.WriteNumber("injected", figure.Injected);
            json.WriteNumber("arrived", figure.Arrived);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("expectations");
        foreach (var expectation in result.Expectations)
        {
            json.WriteStartObject();
            json.WriteString("name", expectation.Name);
            json.WriteBoolean("held", expectation.Held);
            json.WriteString("figures", expectation.Figures);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("logs", result.LogFolder);
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
