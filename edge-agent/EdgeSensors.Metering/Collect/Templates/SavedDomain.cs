using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>A domain as the template file holds it.</summary>
internal sealed record SavedDomain(
    DomainKey Key,
    uint? ExpectedSequence,
    uint? UptimeMs,
    long NewestExportNs,
    long LastReceivedNs,
    long? SystemInitNs,
    List<KeyValuePair<(SamplerScope Scope, ulong Id), SamplingRate>> Samplers,
    List<RecordTemplate> Templates)
{
    public static SavedDomain Of(ExporterDomain domain) => new(
        domain.Key,
        domain.Sequence.Expected,
        domain.LastUptimeMs,
        domain.NewestExportNs,
        domain.LastReceivedNs,
        domain.SystemInitNs,
        [.. domain.Samplers.Entries],
        [.. domain.Templates.Values.Where(template => template.IsConfirmed && !template.IsContested)]);

    public void Restore(FlowCollector collector)
    {
        var domain = collector.Domain(Key, LastReceivedNs);
        domain.Resume(ExpectedSequence, NewestExportNs, UptimeMs, LastReceivedNs);
        domain.SystemInitNs = SystemInitNs;
        foreach (var ((scope, id), rate) in Samplers)
            domain.Samplers.State(scope, id, rate);
        foreach (var template in Templates)
            collector.PutTemplate(domain, template, LastReceivedNs);
    }
}
