using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>What options data records (RFC 7011 §3.4.2.2, RFC 3954 §6.1) tell about a domain: its sampling rates and when its clock began. The rest is read over.</summary>
internal static class OptionsRecord
{
    public static void Apply(CollectorTotals totals, ref readonly ExportedFlow read, ref RecordValues values, ExporterDomain domain)
    {
        totals.OptionsRecordCount++;
        if (values.SystemInitNs != RecordValues.None)
            domain.SystemInitNs = values.SystemInitNs;
        if (!values.HasSampling)
            return;
        if (read.Has(FlowFields.Sampler))
            domain.Samplers.State(SamplerScope.Sampler, read.SamplerId, RecordFinish.Rate(in values, SamplingSource.Sampler));
        else if (read.Has(FlowFields.IngressInterface))
            domain.Samplers.State(SamplerScope.Interface, read.IngressInterface, RecordFinish.Rate(in values, SamplingSource.Interface));
        else if (values.HasTemplateScope)
            domain.Samplers.State(SamplerScope.Template, values.TemplateScope, RecordFinish.Rate(in values, SamplingSource.Domain));
        else
            domain.Samplers.State(SamplerScope.Domain, 0, RecordFinish.Rate(in values, SamplingSource.Domain));
    }
}
