using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>The templates of all domains, bounded in number and in fields. When room is needed, one that never described a record goes first.</summary>
internal sealed class TemplateStore(CollectorOptions options, CollectorTotals totals)
{
    private readonly LinkedList<RecordTemplate> _unused = new();
    private readonly LinkedList<RecordTemplate> _used = new();
    private long _fields;
    private long _clock;

    public int Count => _unused.Count + _used.Count;

    /// <summary>Field specifiers of all templates.</summary>
    public long FieldCount => _fields;

    /// <summary>Takes a template in, in the place of one with the same id. Returns the one in force.</summary>
    public RecordTemplate Put(ExporterDomain domain, RecordTemplate template, long nowNs)
    {
        totals.TemplateCount++;
        if (domain.Templates.TryGetValue(template.Id, out var before))
        {
            if (before.HasSameDefinition(template))
            {
                before.IsConfirmed = true;
                before.IsContested &= domain.IsConflicting(nowNs);
                before.LastUse = ++_clock;
                return before;
            }

            totals.RedefinedTemplateCount++;
            template.IsContested = domain.IsConflicting(nowNs);
            Remove(before);
        }

        if (domain.Templates.Count >= options.MaxTemplatesPerDomain)
            Evict(domain.Templates.Values.MinBy(known => known.LastUse)!);
        while (Count > 0 && (Count >= options.MaxTemplates || _fields + template.Fields.Length > options.MaxTemplateFields))
            Evict((_unused.First ?? _used.First)!.Value);
        template.Domain = domain;
        template.LastUse = ++_clock;
        template.Node = _unused.AddLast(template);
        _fields += template.Fields.Length;
        domain.Templates.Add(template.Id, template);
        return template;
    }

    /// <summary>Notes that a template described a record.</summary>
    public void Use(RecordTemplate template)
    {
        var node = template.Node!;
        template.LastUse = ++_clock;
        template.IsUsed = true;
        if (ReferenceEquals(_used.Last, node))
            return;
        node.List!.Remove(node);
        _used.AddLast(node);
    }

    /// <summary>Takes a template back at its exporter's wish.</summary>
    public void Withdraw(ExporterDomain domain, ushort templateId)
    {
        if (!domain.Templates.TryGetValue(templateId, out var template))
            return;
        totals.WithdrawnTemplateCount++;
        Remove(template);
    }

    /// <summary>Takes all templates, or all options templates, back at their exporter's wish.</summary>
    public void WithdrawAll(ExporterDomain domain, bool options)
    {
        foreach (var template in domain.Templates.Values.Where(known => known.IsOptions == options).ToList())
            Withdraw(domain, template.Id);
    }

    public void RemoveAll(ExporterDomain domain)
    {
        foreach (var template in domain.Templates.Values.ToList())
            Remove(template);
    }

    private void Evict(RecordTemplate template)
    {
        totals.EvictedTemplateCount++;
        Remove(template);
    }

    private void Remove(RecordTemplate template)
    {
        template.Node!.List!.Remove(template.Node);
        _fields -= template.Fields.Length;
        template.Domain!.Templates.Remove(template.Id);
    }
}
