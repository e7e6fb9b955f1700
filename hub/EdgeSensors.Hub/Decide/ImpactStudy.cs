using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>Estimates what a measure would have hit, and says what the estimate cannot know.</summary>
internal sealed class ImpactStudy(IFlowStore flows, Func<SignedDocuments> documents, PolicySettings settings, TimeProvider time)
{
    /// <summary>Looks back over the configured time; an empty list of sensors means all.</summary>
    public ImpactEstimate Estimate(SlpfTarget target, SlpfDirection direction, IReadOnlyList<SensorPattern> sensors)
    {
        var now = UnixMilliseconds.Now(time);
        var scope = sensors.Count > 0 ? sensors : [SensorPattern.All];
        var question = ImpactQuestion.Of(target, direction, new(now.Value - (long)settings.ImpactWindow.TotalMilliseconds), scope);
        var estimate = flows.Estimate(question) with { At = now, Window = settings.ImpactWindow };
        var broad = documents().Authorizations.Count(authorization =>
            authorization.Level == CollectionLevel.Broad && scope.Any(pattern => pattern.Matches(authorization.Operator, authorization.Sensor)));
        return broad == 0 ? estimate : estimate with { Unknown = [.. estimate.Unknown, $"flows at {broad} sensors that report broadly"] };
    }
}
