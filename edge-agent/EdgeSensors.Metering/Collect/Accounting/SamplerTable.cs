namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>The sampling rates that a domain has stated in options records, by what they are about. Bounded: the statements beyond the bound are ignored and counted.</summary>
internal sealed class SamplerTable
{
    private const int MaxEntries = 4096;

    private Dictionary<(SamplerScope Scope, ulong Id), SamplingRate>? _rates;

    /// <summary>Statements ignored for want of room.</summary>
    public long IgnoredCount { get; private set; }

    /// <summary>All statements.</summary>
    public IEnumerable<KeyValuePair<(SamplerScope Scope, ulong Id), SamplingRate>> Entries => _rates ?? [];

    /// <summary>Notes a statement. A rate that makes no sense is a statement too: that the rate is unknown.</summary>
    public void State(SamplerScope scope, ulong id, SamplingRate rate)
    {
        _rates ??= [];
        if (_rates.Count >= MaxEntries && !_rates.ContainsKey((scope, id)))
            IgnoredCount++;
        else
            _rates[(scope, id)] = rate;
    }

    /// <summary>What is stated for a flow: the nearest statement wins.</summary>
    public SamplingRate RateOf(ref readonly ExportedFlow flow)
    {
        if (_rates is null)
            return SamplingRate.Unknown;
        if (flow.Has(FlowFields.Sampler) && _rates.TryGetValue((SamplerScope.Sampler, flow.SamplerId), out var rate))
            return rate;
        if (flow.Has(FlowFields.IngressInterface) && _rates.TryGetValue((SamplerScope.Interface, flow.IngressInterface), out rate))
            return rate;
        if (flow.Has(FlowFields.EgressInterface) && _rates.TryGetValue((SamplerScope.Interface, flow.EgressInterface), out rate))
            return rate;
        if (_rates.TryGetValue((SamplerScope.Template, flow.TemplateId), out rate))
            return rate;
        return _rates.GetValueOrDefault((SamplerScope.Domain, 0UL));
    }
}
