using System.Buffers;
using System.Text.Json;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>An answer to a command (OpenC2 language 1.0 §3.3.2).</summary>
/// <param name="Status">One of <see cref="OpenC2Status"/>.</param>
/// <param name="Text">For a person, one line; empty when there is nothing to say.</param>
internal sealed record OpenC2Response(int Status, string Text = "")
{
    /// <summary>The number by which the producer can take its rule back; null when the answer is about none.</summary>
    public long? RuleNumber { get; init; }

    /// <summary>The features that were asked for; empty when none were.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Writes it as the value of a member or of the document.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("status", Status);
        if (Text.Length > 0)
        {
            json.WriteString("status_text", Text);
        }

        if (RuleNumber is not null || Features.Count > 0)
        {
            json.WriteStartObject("results");
            WriteFeatures(json);
            if (RuleNumber is { } number)
            {
                json.WriteStartObject("slpf");
                json.WriteNumber("rule_number", number);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>It alone, as HTTPS 1.0 transfers it.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void WriteFeatures(Utf8JsonWriter json)
    {
        foreach (var feature in Features)
        {
            switch (feature)
            {
                case "versions":
                    Strings(json, "versions", "1.0");
                    break;
                case "profiles":
                    Strings(json, "profiles", "slpf");
                    break;
                case "rate_limit":
                    json.WriteNumber("rate_limit", ProducerQuota.CommandsPerMinute);
                    break;
                default:
                    json.WriteStartObject("pairs");
                    Strings(json, "allow", OpenC2Command.Targets);
                    Strings(json, "deny", OpenC2Command.Targets);
                    Strings(json, "delete", OpenC2Command.RuleNumberTarget);
                    Strings(json, "query", "features");
                    json.WriteEndObject();
                    break;
            }
        }
    }

    private static void Strings(Utf8JsonWriter json, string name, params string[] values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}

/// <summary>The status codes of OpenC2 language 1.0 §3.3.2.1 that are given.</summary>
internal static class OpenC2Status
{
    /// <summary>Taken, and not done yet: a draft that waits for people.</summary>
    public const int Processing = 102;

    public const int Ok = 200;

    public const int BadRequest = 400;

    public const int Forbidden = 403;

    public const int NotFound = 404;

    public const int InternalError = 500;

    public const int NotImplemented = 501;

    public const int Unavailable = 503;
}
