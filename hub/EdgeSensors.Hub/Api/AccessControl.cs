using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.OpenC2;

namespace EdgeSensors.Hub.Api;

/// <summary>Who may read or do what over HTTPS, by the certificate: people everything, overseers the log and the updates, sensors the updates; and their owners may complain of what is enforced there.</summary>
internal sealed class AccessControl(RequestDelegate next, InboxMeters meters, ClientTrust trust)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (Credential.Of(context.Connection.ClientCertificate) is not { } credential)
        {
            await RefuseAsync(context, "the client certificate names neither a sensor nor an operator");
            return;
        }

        if (!trust.StillCounts(credential))
        {
            context.Response.Headers.Connection = "close";
            await RefuseAsync(context, "the client certificate was revoked or has ended; ask for another");
            return;
        }

        switch (credential.Identity)
        {
            case ClientIdentity.Partner partner when context.Request.Path.StartsWithSegments(OpenC2Endpoint.Path):
                context.Features.Set(partner);
                break;
            case ClientIdentity.Partner:
                await RefuseAsync(context, $"a partner may command at {OpenC2Endpoint.Path} only; use an operator's certificate");
                return;
            case not ClientIdentity.Partner when context.Request.Path.StartsWithSegments(OpenC2Endpoint.Path):
                await RefuseAsync(context, "OpenC2 is for partners; a person proposes at /api/v1/mitigations");
                return;
            case ClientIdentity.Person person:
                context.Features.Set(person);
                break;
            case ClientIdentity.Overseer when !context.Request.Path.StartsWithSegments("/log") && !context.Request.Path.StartsWithSegments("/tuf"):
                await RefuseAsync(context, "an overseer may read /log and /tuf; use an operator's certificate");
                return;
            case ClientIdentity.Sensor sensor when IsComplaint(context.Request):
                context.Features.Set(sensor);
                break;
            case ClientIdentity.Sensor when !context.Request.Path.StartsWithSegments("/tuf"):
                await RefuseAsync(context, "a sensor may read /tuf, and complain of a mitigation, only; use an operator's certificate");
                return;
        }

        await next(context);
    }

    private static bool IsComplaint(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Value?.Split('/') is ["", "api", "v1", "mitigations", _, "complain"];

    private async Task RefuseAsync(HttpContext context, string reason)
    {
        meters.Refused("request");
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        await context.Response.WriteAsJsonAsync(new ErrorView(reason), context.RequestAborted);
    }
}
