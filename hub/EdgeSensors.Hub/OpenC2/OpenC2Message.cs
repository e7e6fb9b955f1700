using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>
/// The message around a command, the same over MQTT (OASIS transf-mqtt 1.0 §2.4.2) and HTTPS (open-impl-https 1.1 §3.3.2); HTTPS 1.0 transfers the command alone.
/// What <c>from</c> says counts for nothing: who commands is whom the client's certificate names.
/// </summary>
internal sealed record OpenC2Message
{
    private const int MaxDepth = 12;

    /// <summary>By which the producer knows the answer again; null when it gave none.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the producer calls itself, to be written to; null when it does not say.</summary>
    public string? From { get; private init; }

    /// <summary>The command; null when there is none that could be read.</summary>
    public OpenC2Command? Command { get; private init; }

    /// <summary>The answer where the command could not be read; null when it could.</summary>
    public OpenC2Response? Refusal { get; private init; }

    /// <summary>SHA-256 of the command's octets: one id is one command for ever.</summary>
    public string Digest { get; private init; } = "";

    /// <summary>Reads one; any octets give one, with a command or with the answer that refuses it.</summary>
    /// <param name="octets">The message.</param>
    /// <param name="isBare">Whether it is a command alone.</param>
    public static OpenC2Message Read(ReadOnlyMemory<byte> octets, bool isBare)
    {
        if (octets.Length > OpenC2Command.MaxOctets)
        {
            return Bad($"a message has at most {OpenC2Command.MaxOctets} octets");
        }

        try
        {
            using var json = JsonDocument.Parse(octets, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            return isBare ? WithCommand(new OpenC2Message(), json.RootElement) : ReadEnvelope(json.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Bad("the message is no JSON"); // or a text in it no Unicode
        }
    }

    /// <summary>Writes an answer.</summary>
    public static byte[] Write(OpenC2Response response, string? requestId, string? to, UnixMilliseconds now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("headers");
            if (requestId is not null)
            {
                json.WriteString("request_id", requestId);
            }

            json.WriteNumber("created", now.Value);
            json.WriteString("from", OpenC2Consumer.DeviceId);
            if (to is not null)
            {
                json.WriteStartArray("to");
                json.WriteStringValue(to);
                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteStartObject("body");
            json.WriteStartObject("openc2");
            json.WritePropertyName("response");
            response.Write(json);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Whether a text may be a message's id: 1 to 64 characters that can be seen.</summary>
    public static bool IsId([NotNullWhen(true)] string? text) => text is { Length: >= 1 and <= 64 } && text.All(c => c is > ' ' and < '\x7f');

    private static OpenC2Message ReadEnvelope(JsonElement root)
    {
        var message = new OpenC2Message();
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Bad("the message is not an object");
        }

        if (root.TryGetProperty("headers", out var headers) && headers.ValueKind == JsonValueKind.Object)
        {
            message = message with { RequestId = Id(headers, "request_id"), From = Id(headers, "from") };
        }

        return root.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty("openc2", out var content) && content.ValueKind == JsonValueKind.Object && content.TryGetProperty("request", out var request)
            ? WithCommand(message, request)
            : message with { Refusal = new OpenC2Response(OpenC2Status.BadRequest, "the message has no body.openc2.request") };
    }

    private static OpenC2Message WithCommand(OpenC2Message message, JsonElement json)
    {
        var read = OpenC2Command.TryRead(json, out var command, out var refusal);
        return read
            ? message with { Command = command, Digest = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json.GetRawText()))) }
            : message with { Refusal = refusal };
    }

    private static string? Id(JsonElement headers, string name) =>
        headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is var text && IsId(text) ? text : null;

    private static OpenC2Message Bad(string reason) => new() { Refusal = new OpenC2Response(OpenC2Status.BadRequest, reason) };
}
