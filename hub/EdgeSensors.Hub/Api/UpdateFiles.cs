using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Repository;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace EdgeSensors.Hub.Api;

/// <summary>
/// Serves the TUF repository as it lies on disk: with consistent snapshots (specification 1.0.34 §6.2) every file but
/// <c>timestamp.json</c> has a version or hash in its name and never changes. A timestamp or a new root is shown only when it is proved to have been logged.
/// </summary>
internal static class UpdateFiles
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string MetadataPath = "/tuf/metadata";

    public static void Map(WebApplication app, TufRepository repository, Sequencer sequencer)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments(MetadataPath, out var name))
            {
                await next();
            }
            else if (name == "/timestamp.json")
            {
                await ShowTimestampAsync(context, sequencer.Timestamp);
            }
            else if (name.Value is not ['/', .. var file] || !sequencer.IsShown(file))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
            else
            {
                await next();
            }
        });
        Serve(app, MetadataPath, repository.MetadataDirectory);
        Serve(app, "/tuf/targets", repository.TargetsDirectory);
    }

    private static async Task ShowTimestampAsync(HttpContext context, ReadOnlyMemory<byte> timestamp)
    {
        if (timestamp.IsEmpty)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = timestamp.Length;
        context.Response.Headers[HeaderNames.CacheControl] = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(timestamp, context.RequestAborted);
        }
    }

    private static void Serve(IApplicationBuilder app, string path, string directory) => app.UseStaticFiles(new StaticFileOptions
    {
        RequestPath = path,
        FileProvider = new PhysicalFileProvider(Path.GetFullPath(directory)),
        ContentTypeProvider = new FileExtensionContentTypeProvider(new Dictionary<string, string>
        {
            [".json"] = "application/json", [".tlog-proof"] = "text/plain; charset=utf-8", [".snapshot"] = "application/octet-stream", [".delta"] = "application/octet-stream",
        }),
        OnPrepareResponse = context => context.Context.Response.Headers[HeaderNames.CacheControl] = Forever,
    });
}
