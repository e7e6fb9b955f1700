using System.Text.Json;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// CrowdSec's decisions (its local API's model <c>Decision</c>): an array of them, the <c>new</c> of a stream, or inside alerts. A decision counts when it bans an address or a range, is no
/// simulation and has not run out. Its <c>until</c> holds where it has one, else its <c>duration</c>, from now.
/// </summary>
internal static class Decisions
{
    /// <summary>Whether a decision's type is another than to ban.</summary>
    public static bool IsOther(string type) => type is "captcha" or "throttle" or "bypass" or "allow";

    public static bool IsOne(JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Array => root.EnumerateArray().Take(8).All(item => item.ValueKind == JsonValueKind.Object && (item.TryGetProperty("decisions", out _) || item.TryGetProperty("duration", out _) || item.TryGetProperty("scope", out _)))
            && root.GetArrayLength() > 0,
        JsonValueKind.Object => root.TryGetProperty("new", out _) || root.TryGetProperty("decisions", out _) || (root.TryGetProperty("scope", out _) && root.TryGetProperty("value", out _)),
        _ => false,
    };

    public static void Read(JsonElement root, ImportSink sink) => Read(root, isSimulated: false, sink);

    private static void Read(JsonElement element, bool isSimulated, ImportSink sink)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Read(item, isSimulated, sink);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            var simulated = isSimulated || element.Text("simulated") == "true";
            if (element.TryGetProperty("decisions", out var decisions))
            {
                Read(decisions, simulated, sink);
            }
            else if (element.TryGetProperty("new", out var added))
            {
                Read(added, simulated, sink);
            }
            else
            {
                ReadDecision(element, simulated, sink);
            }
        }
        else if (element.ValueKind != JsonValueKind.Null)
        {
            sink.Skip("no decision", element.ValueKind.ToString());
        }
    }

    private static void ReadDecision(JsonElement decision, bool isSimulated, ImportSink sink)
    {
        var value = decision.Text("value");
        if (value is null)
        {
            sink.Skip("no decision", decision.ValueKind.ToString());
        }
        else if (decision.Text("scope") is { } scope && !scope.Equals("ip", StringComparison.OrdinalIgnoreCase) && !scope.Equals("range", StringComparison.OrdinalIgnoreCase))
        {
            sink.Skip("a decision about something else than an address", value);
        }
        else if (isSimulated)
        {
            sink.Skip("a simulated decision", value);
        }
        else if (decision.Text("type") is { } type && IsOther(type))
        {
            sink.Skip("a decision that does not block", value);
        }
        else
        {
            sink.Add(value, decision.Text("scenario") ?? decision.Text("reason"), notAfter: Moments.End(decision.Text("until"), decision.Text("duration"), sink.Now));
        }
    }
}
