using EdgeSensors.Trust.Repository;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace EdgeSensors.Hub.Api;

/// <summary>
/// Serves the TUF repository as it lies on disk: with consistent snapshots (specification 1.0.34 §6.2) every file but
/// <c>timestamp.json</c> has a version or hash in its name and never changes.
/// </summary>
internal static class UpdateFiles
{
    private const string Forever = "public, max-age=31536000, immutable";

    public static void Map(IApplicationBuilder app, TufRepository repository)
    {
        Serve(app, "/tuf/metadata", repository.MetadataDirectory);
        Serve(app, "/tuf/targets", repository.TargetsDirectory);
    }

    private static void Serve(IApplicationBuilder app, string path, string directory) => app.UseStaticFiles(new StaticFileOptions
    {
        RequestPath = path,
        FileProvider = new PhysicalFileProvider(Path.GetFullPath(directory)),
        ContentTypeProvider = new FileExtensionContentTypeProvider(new Dictionary<string, string> { [".json"] = "application/json" }),
        OnPrepareResponse = context => context.Context.Response.Headers[HeaderNames.CacheControl] =
            context.File.Name == "timestamp.json" ? "no-cache" : Forever,
    });
}
