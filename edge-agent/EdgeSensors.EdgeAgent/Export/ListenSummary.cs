using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>The totals of listening: scaled figures with the unscaled beside them, and each event that could make one wrong.</summary>
internal sealed class ListenSummary(ListenReport report)
{
    /// <summary>Every figure with its name in JSON and for a person; those that are 0 when all is well are shown to a person only when they are not.</summary>
    private IEnumerable<(string Name, string Text, double Value, bool Always)> Figures()
    {
        var totals = report.Totals;
        yield return ("datagrams", "datagrams and messages", totals.DatagramCount, true);
        yield return ("flows", "flow records", totals.FlowCount, true);
        yield return ("packets", "packets, as exported", totals.PacketCount, true);
        yield return ("octets", "octets, as exported", totals.OctetCount, true);
        yield return ("scaledPackets", "packets, scaled by known sampling rates", totals.ScaledPacketCount, true);
        yield return ("scaledOctets", "octets, scaled by known sampling rates", totals.ScaledOctetCount, true);
        yield return ("unknownSamplingFlows", "flow records of unknown sampling rate (in no scaled figure)", totals.UnknownSamplingFlowCount, false);
        yield return ("unknownSamplingPackets", "packets of unknown sampling rate (in no scaled figure)", totals.UnknownSamplingPacketCount, false);
        yield return ("kernelDroppedDatagrams", "datagrams dropped by the kernel", report.KernelDroppedCount ?? 0, false);
        yield return ("missingRecords", "records missing by their numbers (IPFIX, NetFlow v5)", Missing(ExportFormat.Ipfix, ExportFormat.NetFlow5), false);
        yield return ("missingDatagrams", "datagrams missing by their numbers (NetFlow v9, sFlow)", Missing(ExportFormat.NetFlow9, ExportFormat.Sflow5), false);
        yield return ("sampleDrops", "samples that sFlow agents failed to take", Sum(exporter => exporter.SampleDropCount), false);
        yield return ("duplicates", "datagrams that came twice", Sum(exporter => exporter.DuplicateCount), false);
        yield return ("late", "datagrams that came late", Sum(exporter => exporter.LateCount), false);
        yield return ("restarts", "restarts of exporters", Sum(exporter => exporter.RestartCount), false);
        yield return ("conflicts", "domains that two exporters share", report.Exporters.Count(exporter => exporter.IsConflicting), false);
        yield return ("contestedRecords", "records of contested templates, left out", totals.ContestedRecordCount, false);
        yield return ("heldSets", "data sets that waited for their template", totals.HeldSetCount, false);
        yield return ("droppedSets", "data sets dropped: no template in time", totals.DroppedSetCount, false);
        yield return ("waitingSets", "data sets that still wait for their template", totals.HeldSetCount - totals.ReleasedSetCount - totals.DroppedSetCount, false);
        yield return ("unknownDatagrams", "datagrams of no known version", totals.Count(CollectStatus.UnknownVersion), false);
        yield return ("malformedDatagrams", "malformed or truncated datagrams", totals.Count(CollectStatus.Malformed) + totals.Count(CollectStatus.Truncated) + totals.Count(CollectStatus.HeaderTruncated), false);
        yield return ("notAcceptedDatagrams", "datagrams of exporters that are not heard", totals.Count(CollectStatus.NotAccepted), false);
        yield return ("optionsRecords", "options records", totals.OptionsRecordCount, false);
        yield return ("counterSamples", "sFlow counter samples", totals.CounterSampleCount, false);
        yield return ("refusedSessions", "TCP and TLS sessions refused", report.Streams.Refused + report.Streams.Untrusted, false);
        yield return ("brokenSessions", "TCP and TLS sessions broken off", report.Streams.TooSlow + report.Streams.Malformed, false);
    }

    public void WriteText(Stream output, bool afterTable)
    {
        using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        if (afterTable)
            writer.WriteLine();
        var rows = Figures().Where(figure => figure.Always || figure.Value != 0).ToList();
        var width = rows.Max(row => row.Text.Length);
        foreach (var (_, text, value, _) in rows)
            writer.WriteLine($"{text.PadRight(width)}  {value.ToString("N0", CultureInfo.InvariantCulture)}");
        foreach (var exporter in report.Exporters)
            writer.WriteLine($"{exporter.Exporter} {exporter.Format} domain {exporter.ObservationDomainId}: {exporter.FlowCount} flow records, sampling {exporter.Sampling}");
    }

    public void WriteJson(Stream output)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            foreach (var (name, _, value, _) in Figures())
                json.WriteNumber(name, value);
            json.WriteNumber("exporters", report.Exporters.Count);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>What a person should know who believes the figures: one line each.</summary>
    public IEnumerable<string> Notes()
    {
        var totals = report.Totals;
        if (totals.UnknownSamplingFlowCount > 0)
            yield return $"the sampling rate of {totals.UnknownSamplingFlowCount} of {totals.FlowCount} flow records is unknown; state it with --sampling, or let the router send its sampler's options";
        if (report.KernelDroppedCount is > 0 and var dropped)
            yield return $"the kernel dropped {dropped} datagrams; raise net.core.rmem_max (the buffer is {report.ReceiveBufferOctets} octets) or the number of --workers";
        if (totals.HeldSetCount - totals.ReleasedSetCount is > 0 and var waiting)
            yield return $"{waiting} data sets had no template; routers send theirs every few minutes, so listen longer or shorten their template timeout";
        if (report.AbandonedFlowCount > 0)
            yield return $"{report.AbandonedFlowCount} flow records were not printed";
    }

    private long Missing(params ReadOnlySpan<ExportFormat> formats)
    {
        long sum = 0;
        foreach (var exporter in report.Exporters)
            sum += formats.Contains(exporter.Format) ? exporter.MissingCount : 0;
        return sum;
    }

    private long Sum(Func<ExporterReport, long> figure) => report.Exporters.Sum(figure);
}
