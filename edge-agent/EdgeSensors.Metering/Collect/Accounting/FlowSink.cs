using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>The way out of the collector: finds a flow's sampling rate, counts it, hands it on.</summary>
internal sealed class FlowSink(CollectorOptions options, CollectorTotals totals, ExporterTable exporters, IExportedFlowConsumer consumer)
{
    private HostAddress _configuredFor;
    private SamplingRate _configured;
    private bool _hasConfigured;

    /// <summary>Hands a flow on.</summary>
    /// <param name="flow">Complete but for <see cref="ExportedFlow.Sampling"/>.</param>
    /// <param name="stated">The rate that the record, header or sample states itself.</param>
    /// <param name="domain">Whose flow it is.</param>
    public void Deliver(ref ExportedFlow flow, SamplingRate stated, ExporterDomain domain)
    {
        var rate = Configured(domain.Key.Exporter.Address);
        if (!rate.IsKnown)
            rate = stated.IsKnown ? stated : domain.Samplers.RateOf(in flow);
        if (!rate.IsKnown)
            rate = exporters.RateOfSiblings(domain, in flow);
        flow.Sampling = rate;

        var packets = flow.PacketCount + flow.ReversePacketCount;
        var octets = flow.OctetCount + flow.ReverseOctetCount;
        totals.FlowCount++;
        totals.PacketCount += packets;
        totals.OctetCount += octets;
        domain.FlowCount++;
        domain.PacketCount += packets;
        domain.OctetCount += octets;
        domain.LastSampling = rate;
        if (rate.IsKnown)
        {
            totals.ScaledPacketCount += packets * rate.OneIn;
            totals.ScaledOctetCount += octets * rate.OneIn;
            domain.ScaledPacketCount += packets * rate.OneIn;
            domain.ScaledOctetCount += octets * rate.OneIn;
        }
        else
        {
            totals.UnknownSamplingFlowCount++;
            totals.UnknownSamplingPacketCount += packets;
            domain.UnknownSamplingFlowCount++;
        }

        consumer.OnFlow(in flow);
    }

    /// <summary>Hands an interface's counters on.</summary>
    public void Deliver(in InterfaceCounters counters) => consumer.OnCounters(in counters);

    private SamplingRate Configured(HostAddress exporter)
    {
        if (options.ConfiguredSampling is not { } configured)
            return SamplingRate.Unknown;
        if (!_hasConfigured || _configuredFor != exporter)
        {
            (_configuredFor, _hasConfigured) = (exporter, true);
            _configured = SamplingRate.Stated(configured(exporter), SamplingSource.Configuration);
        }

        return _configured;
    }
}
