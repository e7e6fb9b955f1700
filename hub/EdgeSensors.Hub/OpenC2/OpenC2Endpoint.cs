using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>
/// Commands over HTTPS, POSTed to <c>/.well-known/openc2</c>: messages of OASIS open-impl-https 1.1, and commands alone as in 1.0. The HTTP status is the answer's; where
/// that is 102, which HTTP keeps for interim answers (RFC 9110 §15.2), it is 200 and the answer alone says 102.
/// </summary>
internal static class OpenC2Endpoint
{
    /// <summary>Where commands are sent.</summary>
    public const string Path = "/.well-known/openc2";

    private const string Message = "application/openc2+json";
    private const string BareCommand = "application/openc2-cmd+json";
    private const string BareResponse = "application/openc2-rsp+json";
    private const string RequestIdHeader = "X-Request-ID";

    public static void Map(IEndpointRouteBuilder routes, OpenC2Consumer consumer, TimeProvider time) =>
        routes.MapPost(Path, context => AnswerAsync(context, consumer, time)).ExcludeFromDescription();

    private static async Task AnswerAsync(HttpContext context, OpenC2Consumer consumer, TimeProvider time)
    {
        var producer = context.Features.Get<ClientIdentity.Partner>()!.Name;
        var type = context.Request.ContentType?.Replace(" ", "", StringComparison.Ordinal);
        var isBare = type is BareCommand + ";version=1.0" or BareCommand;
        context.Response.Headers.CacheControl = "no-cache";
        if (!isBare && type is not (Message + ";version=1.0" or Message))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var message = OpenC2Message.Read(await ReadAsync(context), isBare);
        var header = context.Request.Headers[RequestIdHeader].ToString();
        message = message with { RequestId = message.RequestId ?? (OpenC2Message.IsId(header) ? header : null) };
        if (consumer.Handle(producer, message) is not { } response)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        context.Response.StatusCode = response.Status == OpenC2Status.Processing ? OpenC2Status.Ok : response.Status;
        context.Response.ContentType = $"{(isBare ? BareResponse : Message)};version=1.0";
        if (message.RequestId is { } id)
        {
            context.Response.Headers[RequestIdHeader] = id;
        }

        await context.Response.Body.WriteAsync(
            isBare ? response.ToJson() : OpenC2Message.Write(response, message.RequestId, message.From, UnixMilliseconds.Now(time)), context.RequestAborted);
    }

    /// <summary>The body; of one that is too long so much that it is seen to be.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var buffer = new byte[OpenC2Command.MaxOctets + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return buffer.AsMemory(0, length);
    }
}
