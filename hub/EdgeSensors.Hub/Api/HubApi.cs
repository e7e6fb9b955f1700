using System.Security.Cryptography;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EdgeSensors.Hub.Api;

/// <summary>The REST API under <c>/api/v1</c>, for people; its description is at <c>/openapi/v1.json</c>.</summary>
internal sealed class HubApi(IDecisionStore store, Mitigations mitigations, Policy policy, IFlowStore flows, Broker broker)
{
    private const int MaxRows = 1_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1");
        api.MapGet("/incidents", Incidents).WithSummary("Incidents that grew since a moment (Unix milliseconds), the latest first");
        api.MapGet("/incidents/{id:long}", FindIncident).WithSummary("One incident with its evidence per sensor");
        api.MapGet("/mitigations", List).WithSummary("Mitigations, the latest first; open=true leaves out what has ended");
        api.MapGet("/mitigations/{id}", Find).WithSummary("One mitigation with what each sensor said of it");
        api.MapPost("/mitigations", Propose).WithSummary("Propose a mitigation, with an estimate of what it would hit; an open one for the same target and step is given back");
        api.MapPost("/mitigations/{id}/approve", Approve).WithSummary("Approve a proposed mitigation: with the last approval that its grant asks for it is signed and published");
        api.MapPost("/mitigations/{id}/escalate", Escalate).WithSummary("Propose the next rung of the ladder for a mitigation in force");
        api.MapPost("/mitigations/{id}/complain", Complain).WithSummary("Object to a mitigation in force; a sensor's certificate may do this too");
        api.MapPost("/mitigations/{id}/revoke", Revoke).WithSummary("Take a mitigation back, or turn a proposal down");
        api.MapGet("/holds", Holds).WithSummary("Whose activations are stopped");
        api.MapPost("/holds", StopAll).WithSummary("The kill switch: take back everything of an issuer, or everything, and let nothing new begin");
        api.MapPost("/holds/release", Release).WithSummary("Let new activations begin again");
        api.MapGet("/sensors", Sensors).WithSummary("Sensors and what each last said of itself");
        api.MapGet("/blocklist/receipts", ListReceipts).WithSummary("What each sensor last said of each enforced category of the blocklist, with its hits");
        api.MapGet("/windows", Windows).WithSummary("Windows as sensors reported them, the latest first; sensor=operator/sensor for one of them");
        api.MapGet("/flows", Flows).WithSummary("Picked flows that touch an address or pseudonym, the latest first");
        api.MapGet("/audit", Audit).WithSummary("Who did what, the latest first");
    }

    /// <summary>What the framework refuses before it comes to us has no words of its own: a parameter that is missing or no number, a path that is not there.</summary>
    public static void ExplainBareStatus(IApplicationBuilder app) => app.UseStatusCodePages(context => context.HttpContext.Response.WriteAsJsonAsync(
        new ErrorView(context.HttpContext.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => "a parameter or a member of the body is missing or has no such value; /openapi/v1.json says which there are",
            StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => "there is no such path, or not with this method; /openapi/v1.json says which there are",
            StatusCodes.Status415UnsupportedMediaType => "the body must be application/json",
            var status => $"it was answered with status {status}",
        }),
        context.HttpContext.RequestAborted));

    private Ok<IEnumerable<IncidentView>> Incidents(long? since, int? max) => TypedResults.Ok(
        store.Incidents(new(Math.Clamp(since ?? 0, 0, UnixMilliseconds.MaxValue)), Bound(max)).Select(i => IncidentView.Of(i, policy)));

    private Results<Ok<IncidentView>, NotFound<ErrorView>> FindIncident(long id) => store.FindIncident(id) is { } incident
        ? TypedResults.Ok(IncidentView.Of(incident, policy))
        : TypedResults.NotFound(new ErrorView($"there is no incident {id}"));

    private Ok<IEnumerable<MitigationView>> List(bool? open, int? max) =>
        TypedResults.Ok(store.Mitigations(open ?? false, Bound(max)).Select(m => MitigationView.Of(m, mitigations)));

    private Results<Ok<MitigationView>, NotFound<ErrorView>> Find(string id) => store.FindMitigation(id) is { } mitigation
        ? TypedResults.Ok(MitigationView.Of(mitigation, mitigations))
        : TypedResults.NotFound(new ErrorView($"there is no mitigation {id}"));

    private Results<Ok<MitigationView>, JsonHttpResult<ErrorView>> Propose(ProposalBody body, HttpContext context)
    {
        if (!SlpfTarget.TryParse(body.Target, out var target))
        {
            return Wrong("target is no IP address or prefix with its host bits zero, nor a connection such as 'udp 203.0.113.5:53 > *'");
        }

        var direction = target.Net is not null ? SlpfDirection.Both : target.Source is null ? SlpfDirection.Egress : SlpfDirection.Ingress;
        if (body.Direction is not null && !Word.TryRead(body.Direction, out direction))
        {
            return Wrong("direction is none of both, ingress, egress");
        }

        var step = MitigationStep.Observe;
        if (body.Step is not null && !Word.TryRead(body.Step, out step))
        {
            return Wrong("step is none of observe, rate-limit, drop");
        }

        var sensors = new List<SensorPattern>();
        foreach (var text in body.Sensors ?? [])
        {
            if (!SensorPattern.TryParse(text, out var pattern))
            {
                return Wrong($"sensors holds '{text}', which is none of *, operator/*, operator/sensor");
            }

            sensors.Add(pattern);
        }

        if (body.DurationMinutes is { } minutes && !(minutes is > 0 and < 1_000_000))
        {
            return Wrong("duration_minutes is out of range");
        }

        var incident = body.Incident is { } id ? store.FindIncident(id) : null;
        if (body.Incident is not null && incident is null)
        {
            return Wrong($"there is no incident {body.Incident}");
        }

        return Answer(mitigations.Propose(
            new Proposal
            {
                Target = target,
                Direction = direction,
                Step = step,
                Because = body.Because?.Trim() ?? "",
                Sensors = sensors,
                Reason = body.Reason?.Trim() ?? "",
                Duration = body.DurationMinutes is { } m ? TimeSpan.FromMinutes(m) : null,
                Incident = incident?.Id,
                Alerts = [.. incident?.Evidence.Select(e => e.AlertId).Take(64) ?? []],
            },
            Who(context)));
    }

    private Results<Ok<MitigationView>, JsonHttpResult<ErrorView>> Approve(string id, HttpContext context) => Answer(mitigations.Approve(
        id, new Approver(Who(context), Convert.ToHexStringLower(context.Connection.ClientCertificate!.GetCertHash(HashAlgorithmName.SHA256)))));

    private Results<Ok<MitigationView>, JsonHttpResult<ErrorView>> Escalate(string id, EscalationBody body, HttpContext context)
    {
        MitigationStep step = default;
        return body.Step is not null && !Word.TryRead(body.Step, out step)
            ? Wrong("step is none of observe, rate-limit, drop")
            : Answer(mitigations.Escalate(id, body.Step is null ? null : step, body.Because?.Trim() ?? "", Who(context)));
    }

    private Results<Ok<ComplainedView>, JsonHttpResult<ErrorView>> Complain(string id, RevocationBody body, HttpContext context)
    {
        var decision = mitigations.Complain(
            id, context.Features.Get<ClientIdentity.Sensor>()?.Name, context.Features.Get<ClientIdentity.Person>()?.Name.Text ?? "", body.Reason?.Trim() ?? "");
        return decision.Mitigation is { } m
            ? TypedResults.Ok(new ComplainedView(m.Id, m.Target.ToString(), Word.Of(m.Step), Word.Of(m.State), m.Complaints.Count))
            : Refuse(decision.Refusal!);
    }

    private Ok<IEnumerable<HoldView>> Holds() => TypedResults.Ok(mitigations.Holds.Select(HoldView.Of));

    private Results<Ok<StoppedView>, JsonHttpResult<ErrorView>> StopAll(HoldBody body, HttpContext context)
    {
        if (!TryReadHold(body, out var issuer, out var reason, out var wrong))
        {
            return Wrong(wrong);
        }

        var (hold, revoked) = mitigations.StopAll(issuer, Who(context), reason);
        return TypedResults.Ok(new StoppedView(HoldView.Of(hold), revoked));
    }

    private Results<Ok<IEnumerable<HoldView>>, JsonHttpResult<ErrorView>> Release(HoldBody body, HttpContext context)
    {
        if (!TryReadHold(body, out var issuer, out var reason, out var wrong))
        {
            return Wrong(wrong);
        }

        mitigations.Release(issuer, Who(context), reason);
        return Holds();
    }

    private static bool TryReadHold(HoldBody body, out OperatorId? issuer, out string reason, out string wrong)
    {
        issuer = OperatorId.TryParse(body.Issuer, out var name) ? name : null;
        reason = body.Reason?.Trim() ?? "";
        wrong = body.Issuer is not null && issuer is null
            ? "issuer is no name of an issuer"
            : reason.Length == 0 || !MitigationRule.IsText(reason) ? "a reason is one line of 1 to 1,024 characters" : "";
        return wrong.Length == 0;
    }

    private Results<Ok<MitigationView>, JsonHttpResult<ErrorView>> Revoke(string id, RevocationBody? body, HttpContext context) =>
        Answer(mitigations.Revoke(id, Who(context), body?.Reason?.Trim() ?? ""));

    private Ok<IEnumerable<SensorView>> Sensors() => TypedResults.Ok(store.Sensors().Select(s => SensorView.Of(s, broker.IsConnected(s.Name))));

    private Results<Ok<IReadOnlyList<StoredWindow>>, JsonHttpResult<ErrorView>> Windows(string? sensor, int? max)
    {
        SensorName name = default;
        return sensor is null || SensorName.TryParse(sensor, out name)
            ? TypedResults.Ok(flows.Windows(sensor is null ? null : name, Bound(max)))
            : Wrong("sensor is not operator/sensor");
    }

    private Ok<IReadOnlyList<StoredFlow>> Flows(string address, int? max) => TypedResults.Ok(flows.FlowsOf(address, Bound(max)));

    private Ok<IEnumerable<AuditView>> Audit(int? max) =>
        TypedResults.Ok(store.Audit(Bound(max)).Select(a => new AuditView(a.At.Value, a.Who, a.What, a.Subject, a.Detail)));

    private Ok<IEnumerable<ListReceiptView>> ListReceipts() => TypedResults.Ok(store.ListReceipts().Select(r => new ListReceiptView(r.Category, ReceiptView.Of(r.Receipt))));

    private static int Bound(int? max) => Math.Clamp(max ?? 100, 1, MaxRows);

    private static string Who(HttpContext context) => context.Features.Get<ClientIdentity.Person>()!.Name.Text;

    private Results<Ok<MitigationView>, JsonHttpResult<ErrorView>> Answer(Decision decision) => decision.Mitigation is { } mitigation
        ? TypedResults.Ok(MitigationView.Of(mitigation, mitigations))
        : Refuse(decision.Refusal!);

    private static JsonHttpResult<ErrorView> Refuse(Refusal refusal) => TypedResults.Json(new ErrorView(refusal.Reason), statusCode: refusal.Kind switch
    {
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.Ended => StatusCodes.Status409Conflict,
        RefusalKind.TooMany => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status403Forbidden,
    });

    private static JsonHttpResult<ErrorView> Wrong(string reason) => TypedResults.Json(new ErrorView(reason), statusCode: StatusCodes.Status400BadRequest);
}
