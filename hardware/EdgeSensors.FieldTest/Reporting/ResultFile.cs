using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Writes <c>result.json</c> and <c>timing.json</c>; their schema is in docs/field-test.md. The same result gives the same octets.</summary>
internal static class ResultFile
{
    /// <summary>The version of the schema.</summary>
    public const int Schema = 2;

    /// <summary>Points of all series together; where there are more, each series is thinned and says how many there were.</summary>
    public const int MostPoints = 200_000;

    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a result whole or not at all; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public static void Write(string path, ScenarioResult result) => WholeFile.Write(path, Encode(result));

    /// <summary>Writes what the run cost.</summary>
    public static void Write(string path, RunTiming timing) => WholeFile.Write(path, Encode(json =>
    {
        json.WriteString("began", timing.Began.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        json.WriteNumber("took_ms", (long)timing.Took.TotalMilliseconds);
        json.WriteNumber("processor_ms", (long)timing.Processor.TotalMilliseconds);
        json.WriteNumber("peak_memory_octets", timing.PeakMemory);
        json.WriteNumber("processors", Environment.ProcessorCount);
        json.WriteString("system", System.Runtime.InteropServices.RuntimeInformation.OSDescription);
    }));

    /// <summary>The octets of <c>result.json</c>.</summary>
    public static ReadOnlyMemory<byte> Encode(ScenarioResult result) => Encode(json =>
    {
        json.WriteNumber("schema", Schema);
        WriteRun(json, result.Run);
        json.WriteBoolean("passed", result.Passed);
        json.WriteNumber("lasted_ms", (long)result.Lasted.TotalMilliseconds);
        if (result.WasStopped)
        {
            json.WriteBoolean("stopped", true);
        }

        WriteChecks(json, result.Checks);
        WriteHappenings(json, result.Happenings);
        WriteFindings(json, result);
        if (result.Replay is { } replay)
        {
            WriteReplay(json, replay);
        }

        WriteWire(json, result.Wire);
        WriteSeries(json, result.Series);
        json.WriteString("logs", result.LogFolder);
    });

    private static ReadOnlyMemory<byte> Encode(Action<Utf8JsonWriter> write)
    {
        var octets = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(octets, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        octets.Write("\n"u8);
        return octets.WrittenMemory;
    }

    private static void WriteRun(Utf8JsonWriter json, RunHead run)
    {
        json.WriteString("scenario", run.Scenario);
        json.WriteStartObject("title");
        json.WriteString("en", run.Title.En);
        json.WriteString("ja", run.Title.Ja);
        json.WriteEndObject();
        json.WriteString("world", Word(run.World));
        json.WriteNumber("seed", run.Seed);
        json.WriteNumber("speed", run.Speed);
        json.WriteString("repeat", run.Repeat);
        json.WriteNumber("start_ms", run.Start.ToUnixTimeMilliseconds());
        if (run.Length is { } length)
        {
            json.WriteNumber("length_ms", (long)length.TotalMilliseconds);
        }

        WriteWords(json, "software", run.Software);
        WriteWords(json, "inputs", run.Inputs);
        json.WriteStartObject("facts");
        foreach (var fact in run.Facts)
        {
            json.WriteString(fact.Key, fact.Words);
        }

        json.WriteEndObject();
        WriteList(json, "units", run.Units);
    }

    private static void WriteChecks(Utf8JsonWriter json, IEnumerable<Check> checks)
    {
        json.WriteStartArray("checks");
        foreach (var check in checks)
        {
            json.WriteStartObject();
            json.WriteString("step", check.Step);
            json.WriteString("expected", check.Expected);
            json.WriteString("seen", check.Seen);
            json.WriteBoolean("held", check.Held);
            json.WriteString("look_at", check.LookAt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteHappenings(Utf8JsonWriter json, IEnumerable<Happening> happenings)
    {
        json.WriteStartArray("timeline");
        foreach (var happening in happenings)
        {
            json.WriteStartObject();
            json.WriteNumber("at_ms", happening.AtMs);
            if (happening.UntilMs is { } until)
            {
                json.WriteNumber("until_ms", until);
            }

            json.WriteString("kind", Word(happening.Kind));
            if (happening.Step is { } step)
            {
                json.WriteString("step", step);
            }

            json.WriteString("source", happening.Source);
            json.WriteString("words", happening.Words);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFindings(Utf8JsonWriter json, ScenarioResult result)
    {
        json.WriteStartArray("alerts");
        foreach (var alert in result.Alerts)
        {
            json.WriteStartObject();
            json.WriteNumber("at_ms", alert.AtMs);
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
            json.WriteNumber("decided_at_ms", block.DecidedAtMs);
            if (block.FirstDropAtMs is { } drop)
            {
                json.WriteNumber("first_drop_at_ms", drop);
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
    }

    private static void WriteReplay(Utf8JsonWriter json, ReplayFacts replay)
    {
        json.WriteStartObject("replay");
        json.WriteString("capture", replay.Capture);
        json.WriteNumber("packets", replay.Packets);
        json.WriteStartObject("left_out");
        foreach (var (reason, count) in replay.LeftOut.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            json.WriteNumber(reason, count);
        }

        json.WriteEndObject();
        WriteList(json, "inside", replay.Inside);
        json.WriteString("inside_rule", replay.InsideRule);
        json.WriteNumber("passes", replay.Passes);
        json.WriteEndObject();
    }

    private static void WriteWire(Utf8JsonWriter json, IEnumerable<WireDigest> wire)
    {
        json.WriteStartObject("wire");
        foreach (var digest in wire.OrderBy(d => d.Sensor, StringComparer.Ordinal))
        {
            json.WriteStartObject(digest.Sensor);
            json.WriteNumber("messages", digest.Messages);
            json.WriteString("sha256", digest.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSeries(Utf8JsonWriter json, IReadOnlyList<Series> all)
    {
        var most = all.Sum(s => (long)s.Points.Count) > MostPoints ? Math.Max(2, MostPoints / all.Count) : int.MaxValue;
        json.WriteStartArray("series");
        foreach (var series in all)
        {
            var points = Thinning.Thin(series.Points, most);
            json.WriteStartObject();
            json.WriteString("key", series.Key);
            json.WriteString("source", series.Source);
            json.WriteString("unit", series.Unit);
            if (points.Count < series.Points.Count)
            {
                json.WriteNumber("thinned_from", series.Points.Count);
            }

            json.WritePropertyName("points");
            json.WriteRawValue(Compact(points)); // one line a series, not one a number
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Compact(IReadOnlyList<SeriesPoint> points)
    {
        var text = new StringBuilder("[");
        foreach (var point in points)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 1 ? "," : "")}[{point.AtMs},{point.Value:R}]");
        }

        return text.Append(']').ToString();
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> words)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in words.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
