using System.Text.Json;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// STIX 2.1 (OASIS): the indicators of a bundle, or one alone, whose pattern says nothing but that an address is one of some (see <see cref="StixPattern"/>). Revoked ones do not count;
/// <c>valid_from</c> in the future neither. The category is the first indicator type, the score its confidence.
/// </summary>
internal static class StixBundle
{
    public static bool IsOne(JsonElement root) => root.Text("type") is "bundle" or "indicator";

    public static void Read(JsonElement root, ImportSink sink)
    {
        foreach (var item in root.Text("type") == "indicator" ? [root] : root.Items("objects"))
        {
            if (item.Text("type") == "indicator")
            {
                ReadIndicator(item, sink);
            }
        }
    }

    private static void ReadIndicator(JsonElement indicator, ImportSink sink)
    {
        var pattern = indicator.Text("pattern") ?? "";
        if (indicator.Text("revoked") == "true")
        {
            sink.Skip("a revoked indicator", pattern);
        }
        else if (indicator.Text("pattern_type") is { } kind && kind != "stix")
        {
            sink.Skip($"a pattern in another language", kind);
        }
        else if (Moments.TryRead(indicator.Text("valid_from"), out var from) && from > sink.Now)
        {
            sink.Skip("an indicator that is not yet valid", pattern);
        }
        else if (!StixPattern.TryReadAddresses(pattern, out var addresses))
        {
            sink.Skip("a pattern that says more than addresses, or other things", pattern);
        }
        else
        {
            var category = indicator.Items("indicator_types").Concat(indicator.Items("labels")).FirstOrDefault();
            foreach (var address in addresses)
            {
                sink.Add(
                    address,
                    category.Text(),
                    indicator.Percent("confidence"),
                    Moments.TryRead(indicator.Text("valid_until"), out var until) ? until : null);
            }
        }
    }
}
