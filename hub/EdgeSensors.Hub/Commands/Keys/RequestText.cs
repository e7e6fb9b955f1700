using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>A request as a person reads it: what it changes, the documents that it brings, and how far it is signed.</summary>
internal static class RequestText
{
    private const int MaxShown = 8_192;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Describe(SigningRequest request, bool withDocuments = false)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"request of {DateTimeOffset.FromUnixTimeMilliseconds(request.MadeAt.Value):yyyy-MM-dd HH:mm:ss'Z'}{(request.Reason.Length > 0 ? $": {request.Reason}" : "")}"));
        request.Says.ToList().ForEach(Console.Out.WriteLine);
        if (withDocuments)
        {
            foreach (var (name, content) in request.Contents.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Show(name, content);
            }
        }

        foreach (var standing in request.Standing())
        {
            var waiting = standing.IsMet ? "" : $"; may still sign: {string.Join(", ", standing.Waiting)}";
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"signed by {standing.Signatures} of {standing.Threshold} ({standing.Whose}){waiting}"));
        }
    }

    // What is signed is the content: a hash says nothing to a person.
    private static void Show(string name, ReadOnlyMemory<byte> content)
    {
        if (content.Length > MaxShown || !name.EndsWith(".json", StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(content);
            var text = new StringBuilder();
            foreach (var c in JsonSerializer.Serialize(json.RootElement, Indented))
            {
                text.Append(char.IsControl(c) && c != '\n' ? '?' : c);
            }

            Console.Out.WriteLine($"--- {name}");
            Console.Out.WriteLine(text.ToString());
            Console.Out.WriteLine("---");
        }
        catch (JsonException)
        {
            // Not JSON after all: its hash stands in the words above.
        }
    }
}
