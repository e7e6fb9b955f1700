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
    private const int PageRows = 200;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", () => TypedResults.Content(Page(), "text/html; charset=utf-8"));
        routes.MapGet("/entries", (string? origin, long? from) => Html(store.Logs().FirstOrDefault(log => log.Origin == origin) is { } log ? EntriesPage(log, from ?? log.Mirrored - PageRows) : null));
        routes.MapGet("/entry", (string? origin, long index) => Html(store.Entries(origin ?? "", index, 1) is [var entry] && entry.Index == index ? EntryPage(origin!, entry) : null));
        routes.MapGet("/api/v1/logs", () => TypedResults.Json(store.Logs(), Json));
        routes.MapGet("/api/v1/alarms", () => TypedResults.Json(store.Alarms(), Json));
        routes.MapGet("/api/v1/entries", (string origin, long? from, int? max) =>
            TypedResults.Json(store.Entries(origin, Math.Max(0, from ?? 0), Math.Clamp(max ?? 100, 1, MaxRows)), Json));
        routes.MapGet("/api/v1/preimages/{sha256}", IResult (string sha256) =>
            store.Preimage(sha256) is { } bytes ? TypedResults.Bytes(bytes, "application/octet-stream") : TypedResults.NotFound());
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult Html(string? page) => TypedResults.Content(
        page ?? Begin("Witness").Append("<p>There is no such log or entry here. <a href=\"/\">All logs</a>").ToString(),
        "text/html; charset=utf-8",
        statusCode: page is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);

    private string Page()
    {
        var page = Begin("Witness");
        page.Append("<h1>Logs</h1><table><tr><th>log<th>cosigned entries<th>at<th>mirrored<th>preimages missing<th>state</tr>");
        foreach (var log in store.Logs())
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"/entries?origin={Uri.EscapeDataString(log.Origin)}\">{Text(log.Origin)}</a><td>{log.Size}<td>{Time(log.CosignedAt)}<td>{log.Mirrored}<td>{log.MissingPreimages}<td>{Text(store.Halted(log.Origin) is { } why ? $"halted: {why}" : "goes on")}</tr>");
        }

        page.Append("</table><h1>Alarms</h1>");
        var alarms = store.Alarms();
        if (alarms.Count == 0)
        {
            return page.Append("<p>none").ToString();
        }

        page.Append("<table><tr><th>at<th>log<th>what</tr>");
        foreach (var alarm in alarms)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Time(alarm.At)}<td>{Text(alarm.Origin)}<td>{Text(alarm.What)}</tr>");
        }

        return page.Append("</table>").ToString();
    }

    private string EntriesPage(LogView log, long from)
    {
        var (first, origin) = (Math.Max(0, from), Uri.EscapeDataString(log.Origin));
        var page = Begin(log.Origin);
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(log.Origin)}</h1><p><a href=\"/\">all logs</a>");
        Link("older", first > 0, first - PageRows);
        Link("newer", first + PageRows < log.Mirrored, first + PageRows);
        page.Append("<table><tr><th>entry<th>kind<th>what it says<th>preimage (SHA-256)</tr>");
        foreach (var row in store.Entries(log.Origin, first, PageRows))
        {
            var says = store.Preimage(row.Sha256) is { } preimage ? EntryText.Line(row.Kind, preimage) : "";
            var hash = row.HasPreimage ? $"<a href=\"/api/v1/preimages/{row.Sha256}\">{row.Sha256[..16]}…</a>" : $"{Text(row.Sha256)} (missing)";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"/entry?origin={origin}&index={row.Index}\">{row.Index}</a><td>{Text(row.Kind)}<td>{Text(says)}<td><code>{hash}</code></tr>");
        }

        return page.Append("</table>").ToString();

        void Link(string word, bool there, long to)
        {
            if (there)
            {
                page.Append(CultureInfo.InvariantCulture, $" <a href=\"/entries?origin={origin}&from={Math.Max(0, to)}\">{word}</a>");
            }
        }
    }

    private string EntryPage(string origin, EntryView entry)
    {
        var page = Begin(origin);
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(origin)}, entry {entry.Index}: {Text(entry.Kind)}</h1><p><a href=\"/entries?origin={Uri.EscapeDataString(origin)}\">all entries</a>");
        return store.Preimage(entry.Sha256) is { } preimage
            ? page.Append(CultureInfo.InvariantCulture, $" <a href=\"/api/v1/preimages/{entry.Sha256}\">with its salt, as it is hashed</a><p>SHA-256 <code>{entry.Sha256}</code><pre>{Text(EntryText.Whole(entry.Kind, preimage))}</pre>").ToString()
            : page.Append(CultureInfo.InvariantCulture, $"<p>SHA-256 <code>{Text(entry.Sha256)}</code>: its preimage is missing").ToString();
    }

    private static StringBuilder Begin(string title) => new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>").Append(Text(title))
        .Append("</title><style>body{font:15px sans-serif;margin:2em}td,th{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}pre{white-space:pre-wrap;overflow-wrap:anywhere}</style>");

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Time(long seconds) => seconds == 0 ? "never" : DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
