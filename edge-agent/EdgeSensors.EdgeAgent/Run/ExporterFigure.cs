using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>A figure about an exporter's domain: a metric, and a member of the register that the doctor reads.</summary>
/// <param name="Name">Its name in the register; the metric is <c>edgesensors.exports.</c> and the name in snake case.</param>
/// <param name="Unit">By UCUM, as OpenTelemetry wants.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Grows">Whether it only grows: a counter; else a gauge.</param>
/// <param name="Of">Its value.</param>
internal sealed record ExporterFigure(string Name, string Unit, string Meaning, bool Grows, Func<ExporterReport, double> Of)
{
    /// <summary>Every one.</summary>
    public static IReadOnlyList<ExporterFigure> All { get; } =
    [
        new("messages", "{message}", "Export messages read", true, e => e.MessageCount),
        new("flows", "{flow}", "Flow records read", true, e => e.FlowCount),
        new("packets", "{packet}", "Packets in them, not scaled", true, e => e.PacketCount),
        new("octets", "By", "Octets in them, not scaled", true, e => e.OctetCount),
        new("scaledPackets", "{packet}", "Packets scaled by the sampling rate, where it is known", true, e => e.ScaledPacketCount),
        new("scaledOctets", "By", "Octets scaled by the sampling rate, where it is known", true, e => e.ScaledOctetCount),
        new("samplingOneIn", "{packet}", "One packet in so many is looked at; 0 while unknown", false, e => e.Sampling.OneIn),
        new("unknownSamplingFlows", "{flow}", "Flow records whose sampling rate is unknown", true, e => e.UnknownSamplingFlowCount),
        new("missing", "{record}", "Records (IPFIX, NetFlow v5) or datagrams (v9, sFlow) that never came; late ones are taken off again", false, e => e.MissingCount),
        new("gaps", "{gap}", "Times that some were missing", true, e => e.GapCount),
        new("late", "{message}", "Messages that came late", true, e => e.LateCount),
        new("duplicates", "{message}", "Messages that came twice", true, e => e.DuplicateCount),
        new("discontinuities", "{step}", "Steps in the sequence number that are no loss", true, e => e.DiscontinuityCount),
        new("restarts", "{restart}", "Restarts of the exporter", true, e => e.RestartCount),
        new("conflicting", "1", "1 while two exporters seem to share the address, port and domain", false, e => e.IsConflicting ? 1 : 0),
        new("templates", "{template}", "Templates known", false, e => e.TemplateCount),
        new("heldOctets", "By", "Octets of data sets that wait for their template", false, e => e.HeldOctets),
        new("droppedSets", "{set}", "Data sets dropped because their template did not come", true, e => e.DroppedSetCount),
        new("sampleDrops", "{packet}", "Samples that an sFlow agent failed to take", true, e => e.SampleDropCount),
        new("notIpSamples", "{packet}", "sFlow samples of packets that are not IP", true, e => e.NotIpSampleCount),
        new("clockOffset", "s", "Arrival less export time at its least: the exporter's clock error, and transit", false, e => e.LeastClockOffset.TotalSeconds),
        new("lastReceived", "s", "When the newest message arrived, Unix time", false, e => e.LastReceivedNs / 1e9),
    ];
}
