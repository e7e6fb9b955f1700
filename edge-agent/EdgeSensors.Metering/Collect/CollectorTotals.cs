namespace EdgeSensors.Metering.Collect;

/// <summary>What a collector has seen in all. Each event that could make a figure wrong is counted here or in the exporter's own <see cref="Accounting.ExporterReport"/>.</summary>
public sealed class CollectorTotals
{
    private readonly long[] _byStatus = new long[Enum.GetValues<CollectStatus>().Length];

    /// <summary>Datagrams taken in.</summary>
    public long DatagramCount { get; internal set; }

    /// <summary>Octets of all datagrams (UDP payload).</summary>
    public long DatagramOctetCount { get; internal set; }

    /// <summary>Flow records handed on.</summary>
    public long FlowCount { get; internal set; }

    /// <summary>Options data records read.</summary>
    public long OptionsRecordCount { get; internal set; }

    /// <summary>Counter samples read (sFlow).</summary>
    public long CounterSampleCount { get; internal set; }

    /// <summary>Packets in the flow records, both directions, not scaled.</summary>
    public long PacketCount { get; internal set; }

    /// <summary>Octets in the flow records, both directions, not scaled.</summary>
    public long OctetCount { get; internal set; }

    /// <summary>Packets scaled by the sampling rate, of the flows whose rate is known.</summary>
    public double ScaledPacketCount { get; internal set; }

    /// <summary>Octets scaled by the sampling rate, of the flows whose rate is known.</summary>
    public double ScaledOctetCount { get; internal set; }

    /// <summary>Flow records whose sampling rate is unknown; they are in no scaled figure.</summary>
    public long UnknownSamplingFlowCount { get; internal set; }

    /// <summary>Packets of the flow records whose sampling rate is unknown.</summary>
    public long UnknownSamplingPacketCount { get; internal set; }

    /// <summary>Templates learnt or learnt anew, options templates included.</summary>
    public long TemplateCount { get; internal set; }

    /// <summary>Template definitions that were refused (no fields, a template id under 256, records of no length).</summary>
    public long InvalidTemplateCount { get; internal set; }

    /// <summary>Template ids that came again with another definition.</summary>
    public long RedefinedTemplateCount { get; internal set; }

    /// <summary>Templates taken back by their exporter (RFC 7011 §8.1).</summary>
    public long WithdrawnTemplateCount { get; internal set; }

    /// <summary>Withdrawals that came over UDP, where they are not believed (RFC 7011 §8.4).</summary>
    public long IgnoredWithdrawalCount { get; internal set; }

    /// <summary>Templates forgotten to stay within the bounds.</summary>
    public long EvictedTemplateCount { get; internal set; }

    /// <summary>Templates taken over from another session of the same exporter (its line cards share one definition).</summary>
    public long BorrowedTemplateCount { get; internal set; }

    /// <summary>Domains forgotten to stay within the bounds.</summary>
    public long EvictedDomainCount { get; internal set; }

    /// <summary>Data sets held back for want of their template.</summary>
    public long HeldSetCount { get; internal set; }

    /// <summary>Held data sets whose template came in time.</summary>
    public long ReleasedSetCount { get; internal set; }

    /// <summary>Data sets dropped because their template did not come in time, or for want of room.</summary>
    public long DroppedSetCount { get; internal set; }

    /// <summary>Data records dropped because two exporters at one address define their template differently.</summary>
    public long ContestedRecordCount { get; internal set; }

    /// <summary>Sets with an id that the format reserves.</summary>
    public long ReservedSetCount { get; internal set; }

    /// <summary>Datagrams by what became of them.</summary>
    public long Count(CollectStatus status) => _byStatus[(int)status];

    internal CollectStatus Add(CollectStatus status)
    {
        _byStatus[(int)status]++;
        return status;
    }

    /// <summary>Adds what another collector has seen.</summary>
    internal void Add(CollectorTotals other)
    {
        DatagramCount += other.DatagramCount;
        DatagramOctetCount += other.DatagramOctetCount;
        FlowCount += other.FlowCount;
        OptionsRecordCount += other.OptionsRecordCount;
        CounterSampleCount += other.CounterSampleCount;
        PacketCount += other.PacketCount;
        OctetCount += other.OctetCount;
        ScaledPacketCount += other.ScaledPacketCount;
        ScaledOctetCount += other.ScaledOctetCount;
        UnknownSamplingFlowCount += other.UnknownSamplingFlowCount;
        UnknownSamplingPacketCount += other.UnknownSamplingPacketCount;
        TemplateCount += other.TemplateCount;
        InvalidTemplateCount += other.InvalidTemplateCount;
        RedefinedTemplateCount += other.RedefinedTemplateCount;
        WithdrawnTemplateCount += other.WithdrawnTemplateCount;
        IgnoredWithdrawalCount += other.IgnoredWithdrawalCount;
        EvictedTemplateCount += other.EvictedTemplateCount;
        BorrowedTemplateCount += other.BorrowedTemplateCount;
        EvictedDomainCount += other.EvictedDomainCount;
        HeldSetCount += other.HeldSetCount;
        ReleasedSetCount += other.ReleasedSetCount;
        DroppedSetCount += other.DroppedSetCount;
        ContestedRecordCount += other.ContestedRecordCount;
        ReservedSetCount += other.ReservedSetCount;
        for (var status = 0; status < _byStatus.Length; status++)
            _byStatus[status] += other._byStatus[status];
    }
}
