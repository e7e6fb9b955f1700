using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Reads the data sets of IPFIX and NetFlow v9: by their template at once, or held until it comes.</summary>
internal sealed class DataSetReader(CollectorTotals totals, TemplateStore templates, HeldSets held, ExporterTable exporters, FlowSink sink)
{
    private RecordValues _values;
    private ExportedFlow _flow;

    /// <summary>Reads a data set.</summary>
    /// <param name="templateId">Its set id.</param>
    /// <param name="records">The set without its header.</param>
    /// <param name="message">The message it came in.</param>
    /// <returns>How many data records it held, options included; 0 when they wait for a template.</returns>
    public int Read(ushort templateId, Span<byte> records, in MessageContext message)
    {
        var template = Find(templateId, in message);
        if (template is null)
        {
            held.Hold(templateId, records, in message);
            return 0;
        }

        var count = Read(template, records, in message);
        return message.Domain.HoldsFor(templateId) ? count + Release(template, in message) : count;
    }

    /// <summary>Reads what waited for a template.</summary>
    /// <returns>How many of the records belong to the message that is being read; those of earlier ones are taken off what was missing.</returns>
    public int Release(RecordTemplate template, in MessageContext message)
    {
        var ofThisMessage = 0;
        var domain = message.Domain;
        while (domain.HoldsFor(template.Id) && held.TryRelease(domain, template.Id, out var set, out var records))
        {
            var count = Read(template, records, in set.Message);
            if (set.Message.Serial == message.Serial)
                ofThisMessage += count;
            else if (domain.Key.Format == ExportFormat.Ipfix)
                domain.Sequence.Recover(count);
        }

        return ofThisMessage;
    }

    private RecordTemplate? Find(ushort templateId, in MessageContext message)
    {
        var domain = message.Domain;
        if (domain.Templates.TryGetValue(templateId, out var template))
            return template.IsConfirmed ? template : null;
        return Borrow(templateId, in message);
    }

    /// <summary>
    /// Line cards and processes of one exporter may send from ports of their own and share templates. A template is taken from a sibling session only if the two lived
    /// side by side (so it is no leftover of before a restart), and only if all siblings agree.
    /// </summary>
    private RecordTemplate? Borrow(ushort templateId, in MessageContext message)
    {
        var domain = message.Domain;
        // The scan is over all exporters, so a session does it once a message and a bounded number of times.
        if (domain.BorrowAttempts >= ExporterDomain.MaxBorrowAttempts || domain.LastBorrowAttempt == message.Serial)
            return null;
        domain.BorrowAttempts++;
        domain.LastBorrowAttempt = message.Serial;
        RecordTemplate? found = null;
        foreach (var sibling in exporters.Siblings(domain))
        {
            if (!domain.LivedBeside(sibling) || !sibling.Templates.TryGetValue(templateId, out var candidate) || !candidate.IsConfirmed)
                continue;
            if (found is not null && !found.HasSameDefinition(candidate))
                return null;
            found = candidate;
        }

        if (found is null)
            return null;
        totals.BorrowedTemplateCount++;
        return templates.Put(domain, found.Clone(), message.ReceivedNs);
    }

    private int Read(RecordTemplate template, Span<byte> records, in MessageContext message)
    {
        templates.Use(template);
        var count = 0;
        // What is left over and shorter than any record is padding (RFC 7011 §3.3.1).
        while (records.Length >= template.Length)
        {
            Begin(template, in message);
            if (!RecordReader.TryRead(template, records, ref _flow, ref _values, out var length))
                break;
            records = records[length..];
            count++;
            if (template.IsContested)
                totals.ContestedRecordCount++;
            else if (template.IsOptions)
                OptionsRecord.Apply(totals, in _flow, ref _values, message.Domain);
            else
                Deliver(in message);
        }

        return count;
    }

    private void Begin(RecordTemplate template, in MessageContext message)
    {
        var key = message.Domain.Key;
        _values.Reset();
        _flow = default;
        _flow.Format = key.Format;
        _flow.Exporter = key.Exporter;
        _flow.ObservationDomainId = key.DomainId;
        _flow.TemplateId = template.Id;
        _flow.ExportNs = message.ExportNs;
        _flow.ReceivedNs = message.ReceivedNs;
        if (template.CountersAreTotals)
            _flow.Fields = FlowFields.CountersAreTotals;
    }

    private void Deliver(in MessageContext message)
    {
        RecordFinish.Complete(ref _flow, ref _values, in message);
        var stated = _values.HasSampling ? RecordFinish.Rate(in _values, SamplingSource.Record) : SamplingRate.Unknown;
        exporters.Prove(message.Domain);
        sink.Deliver(ref _flow, stated, message.Domain);
    }
}
