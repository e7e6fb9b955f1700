using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;

namespace EdgeSensors.Hub.Api;

/// <summary><c>/healthz</c>: 200 while commits and publications go through, 503 while one does not; in both counters since the start, whose activations a person stopped, and what people must sign anew before it expires.</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes, InboxMeters meters, InboxWriter writer, Publisher publisher, Mitigations mitigations, ExpiryWatch watch, Correlator correlator, FlowProjector projector) =>
        routes.MapGet("/healthz", () =>
        {
            var t = meters.Totals;
            var healthy = writer.IsHealthy && publisher.IsHealthy;
            var view = new HealthView(
                healthy ? "ok" : "failing", writer.IsHealthy, publisher.IsHealthy, t.Received, t.Committed, t.Duplicates, t.Rejected, t.Unnumbered,
                t.Refused, t.CommitFailures, t.GivenUp, t.Connections, writer.Queued, correlator.Position, projector.Position, mitigations.Unreadable,
                [.. mitigations.Holds.Select(hold => hold.Issuer)], [.. watch.Near.Select(item => new ExpiringView(item.What, item.Expires.ToUnixTimeMilliseconds()))]);
            return TypedResults.Json(view, statusCode: healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).WithSummary("Whether the hub commits and publishes, with its counters since the start");
}
