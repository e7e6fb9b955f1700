using EdgeSensors.Hub.Blocklists.Merge;

namespace EdgeSensors.Hub.Blocklists.Export;

/// <summary>Comma-separated values (RFC 4180): prefix, category, score, end, sources. No field can hold a comma or a quote.</summary>
internal static class CsvExport
{
    public static void Write(TextWriter output, IEnumerable<MergedEntry> entries)
    {
        output.Write("prefix,category,score,not_after,sources\r\n");
        foreach (var entry in entries)
        {
            output.Write($"{entry.Prefix},{entry.Category},{entry.Score},{entry.NotAfter},{string.Join(';', entry.Sources)}\r\n");
        }
    }
}
