using System.Reflection;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>Says in status messages what the sensor is and what is in force on it: at each connect, and when it has changed.</summary>
internal sealed class StatusWriter(DurableOutbox outbox, AuthorityHolder holder, UpdateLoop updates, RuleKeeper rules, IEnforcer enforcer, int listCapacity, HeaderDepth? live, bool exports, TimeProvider time)
{
    private static readonly string s_version = typeof(StatusWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    private readonly Lock _lock = new();
    private (AuthorizationInForce?, ulong?, ulong?, ulong?, ulong, bool)? _told;

    /// <summary>Says it, whether it has changed or not.</summary>
    public void Tell() => Tell(always: true);

    /// <summary>Says it if it has changed since it was said.</summary>
    public void TellChange() => Tell(always: false);

    private void Tell(bool always)
    {
        lock (_lock)
        {
            var state = updates.State;
            var authorization = holder.InForce?.Document is { } document
                ? new AuthorizationInForce(document.Id.Text, document.Level, document.NotAfter)
                : null;
            var health = outbox.Health;
            var dropped = health.DroppedReports + health.DroppedAlerts + health.DroppedReceipts;
            var now = (authorization, (ulong?)(state.Blocklist?.Version ?? state.Listed?.Version), (ulong?)state.TimestampVersion, rules.Revision, dropped, updates.NotStored is null);
            if (!always && now == _told)
            {
                return;
            }

            var message = new StatusMessage
            {
                Id = default,
                ObservedAt = UnixMilliseconds.Now(time),
                Kind = SensorKind.Agent,
                SoftwareVersion = s_version,
                Capabilities = ["biflow", "fan-out", "flood", "listed", .. Input(), .. Trust()],
                Authorization = authorization,
                BlocklistVersion = (ulong?)(state.Blocklist?.Version ?? state.Listed?.Version),
                TimestampVersion = (ulong?)state.TimestampVersion,
                RulesRevision = rules.Revision,
                Witness = state.Witness,
                Enforcer = enforcer.Name,
                Outbox = health,
                BlocklistCapacity = listCapacity == 0 ? null : (ulong)listCapacity,
            };
            var stored = outbox.Commit([new OutboxEntry(Channel.Status, id => StatusCodec.Encode(message with { Id = id }))]) == OutboxCommit.Durable;
            _told = stored ? now : null; // what did not get on disk is said again
            outbox.CountDropped(Channel.Status, stored ? 0 : 1);
        }
    }

    /// <summary>Of an interface also how far the kernel follows headers: where not to the innermost, a tunnel is one flow.</summary>
    private IEnumerable<string> Input() => live switch
    {
        null => [exports ? "input-exports" : "input-file"],
        HeaderDepth.Innermost => ["input-live", "headers-innermost"],
        _ => ["input-live", "headers-outermost"],
    };

    /// <summary>Whether a restart would forget what is in force.</summary>
    private IEnumerable<string> Trust() => updates.NotStored is null ? [] : ["updates-not-stored"];
}
