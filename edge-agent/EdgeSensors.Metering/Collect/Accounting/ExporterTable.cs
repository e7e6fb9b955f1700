using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>
/// The exporters heard, bounded. When a place is needed, one that never gave a flow record goes first, so that forged senders push each other out
/// and not the real ones.
/// </summary>
internal sealed class ExporterTable(CollectorOptions options, CollectorTotals totals, TemplateStore templates, HeldSets held)
{
    private readonly Dictionary<DomainKey, ExporterDomain> _domains = [];
    private readonly LinkedList<ExporterDomain> _newcomers = new();
    private readonly LinkedList<ExporterDomain> _proven = new();
    private ExporterDomain? _last;

    public int Count => _domains.Count;

    public IEnumerable<ExporterDomain> All => _domains.Values;

    public ExporterDomain Get(DomainKey key, long nowNs)
    {
        if (_last is not null && _last.Key == key)
            return _last;
        if (_domains.TryGetValue(key, out var domain))
        {
            var list = domain.Node.List!;
            if (!ReferenceEquals(list.Last, domain.Node))
            {
                list.Remove(domain.Node);
                list.AddLast(domain.Node);
            }

            return _last = domain;
        }

        while (_domains.Count >= Math.Max(1, options.MaxDomains))
            Evict((_newcomers.First ?? _proven.First)!.Value);
        domain = new ExporterDomain(key, nowNs);
        _domains.Add(key, domain);
        _newcomers.AddLast(domain.Node);
        return _last = domain;
    }

    /// <summary>Notes that a domain has given a flow record.</summary>
    public void Prove(ExporterDomain domain)
    {
        if (domain.IsProven)
            return;
        domain.IsProven = true;
        _newcomers.Remove(domain.Node);
        _proven.AddLast(domain.Node);
    }

    /// <summary>The same exporter's other sessions with the same observation domain: a chassis whose cards send from ports of their own.</summary>
    public IEnumerable<ExporterDomain> Siblings(ExporterDomain domain)
    {
        foreach (var other in _domains.Values)
        {
            if (!ReferenceEquals(other, domain) && other.Key.Exporter.Address == domain.Key.Exporter.Address
                && other.Key.DomainId == domain.Key.DomainId && other.Key.Format == domain.Key.Format)
                yield return other;
        }
    }

    private void Evict(ExporterDomain domain)
    {
        totals.EvictedDomainCount++;
        held.DropAll(domain);
        templates.RemoveAll(domain);
        domain.Node.List!.Remove(domain.Node);
        _domains.Remove(domain.Key);
        if (ReferenceEquals(_last, domain))
            _last = null;
    }
}
