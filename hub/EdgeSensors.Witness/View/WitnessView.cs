using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Witness.View;

/// <summary>The read-only view of what was logged: a page for people, and the same as JSON under <c>/api/v1</c>.</summary>
internal sealed class WitnessView(WitnessStore store)
{
    private const int MaxRows = 1_000;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", () => TypedResults.Content(Page(), "text/html; charset=utf-8"));
        routes.MapGet("/entries", (string origin, long? from) => TypedResults.Content(EntryPage(origin, Math.Max(0, from ?? 0)), "text/html; charset=utf-8"));
        routes.MapGet("/api/v1/logs", () => TypedResults.Json(store.Logs(), Json));
        routes.MapGet("/api/v1/alarms", () => TypedResults.Json(store.Alarms(), Json));
        routes.MapGet("/api/v1/entries", (string origin, long? from, int? max) =>
            TypedResults.Json(store.Entries(origin, Math.Max(0, from ?? 0), Math.Clamp(max ?? 100, 1, MaxRows)), Json));
        routes.MapGet("/api/v1/preimages/{sha256}", IResult (string sha256) =>
            store.Preimage(sha256) is { } bytes ? TypedResults.Bytes(bytes, "application/octet-stream") : TypedResults.NotFound());
    }

    private string Page()
    {
        var page = Begin("Witness");
        page.Append("<h1>Logs</h1><table><tr><th>log<th>cosigned entries<th>at<th>mirrored<th>preimages missing</tr>");
        foreach (var log in store.Logs())
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"/entries?origin={Uri.EscapeDataString(log.Origin)}\">{Text(log.Origin)}</a><td>{log.Size}<td>{Time(log.CosignedAt)}<td>{log.Mirrored}<td>{log.MissingPreimages}</tr>");
        }

        page.Append("</table><h1>Alarms</h1><table><tr><th>at<th>log<th>what</tr>");
        foreach (var alarm in store.Alarms())
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Time(alarm.At)}<td>{Text(alarm.Origin)}<td>{Text(alarm.What)}</tr>");
        }

        return page.Append("</table>").ToString();
    }

    private string EntryPage(string origin, long from)
    {
        var page = Begin(origin);
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(origin)}</h1><table><tr><th>entry<th>kind<th>preimage</tr>");
        var rows = store.Entries(origin, from, 200);
        foreach (var row in rows)
        {
            var preimage = row.HasPreimage ? $"<a href=\"/api/v1/preimages/{row.Sha256}\">{row.Sha256}</a>" : $"{Text(row.Sha256)} (missing)";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{row.Index}<td>{Text(row.Kind)}<td><code>{preimage}</code></tr>");
        }

        page.Append("</table>");
        return rows.Count == 200
            ? page.Append(CultureInfo.InvariantCulture, $"<a href=\"/entries?origin={Uri.EscapeDataString(origin)}&from={from + 200}\">next</a>").ToString()
            : page.ToString();
    }

    private static StringBuilder Begin(string title) => new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>").Append(Text(title))
        .Append("</title><style>body{font:15px sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0}</style>");

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Time(long seconds) => seconds == 0 ? "never" : DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
