using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Log;
using Microsoft.Net.Http.Headers;

namespace EdgeSensors.Hub.Api;

/// <summary>The transparency log under <c>/log</c> (C2SP tlog-tiles), with each entry's preimage by its hash beside it, for people and overseers.</summary>
internal static class LogFiles
{
    private const string Forever = "private, max-age=31536000, immutable";

    public static void Map(IEndpointRouteBuilder routes, LogStore store)
    {
        var log = routes.MapGroup("/log");
        log.MapGet("/checkpoint", IResult (HttpContext context) =>
        {
            context.Response.Headers[HeaderNames.CacheControl] = "no-cache";
            return store.NewestCosigned() is { } checkpoint ? TypedResults.Bytes(checkpoint.ToBytes(), "text/plain; charset=utf-8") : TypedResults.NotFound();
        }).WithSummary("The newest cosigned checkpoint");
        log.MapGet("/tile/{**path}", IResult (string path, HttpContext context) =>
            LogTile.TryParse(path, out var tile) ? Immutable(context, store.ReadTile(tile)) : TypedResults.NotFound())
            .WithSummary("A tile of hashes, or a bundle of entries under entries/");
        log.MapGet("/preimage/{sha256}", (string sha256, HttpContext context) => Immutable(context, store.ReadPreimage(sha256)))
            .WithSummary("What an entry's hash stands for");
    }

    private static IResult Immutable(HttpContext context, byte[]? octets)
    {
        if (octets is null)
        {
            return TypedResults.NotFound();
        }

        context.Response.Headers[HeaderNames.CacheControl] = Forever;
        return TypedResults.Bytes(octets, "application/octet-stream");
    }
}
