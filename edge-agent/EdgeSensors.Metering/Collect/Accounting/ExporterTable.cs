using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>
/// The exporters heard, bounded. When a place is needed, one that never gave a flow record goes first, so that forged senders push each other out
/// and not the real ones.
/// </summary>
internal sealed class ExporterTable(CollectorOptions options, CollectorTotals totals, TemplateStore templates, HeldSets held)
{
    /// <summary>Most sessions of one exporter that are asked for a sampling rate.</summary>
    private const int MaxBeside = 64;

    /// <summary>Messages after which a session looks again who lives beside it.</summary>
    private const int LookBesideEvery = 64;

    private readonly Dictionary<DomainKey, ExporterDomain> _domains = [];
    private readonly LinkedList<ExporterDomain> _newcomers = new();
    private readonly LinkedList<ExporterDomain> _proven = new();
    private ExporterDomain? _last;

    /// <summary>Changes with every domain that comes or goes.</summary>
    private int _version = 1;

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
        _version++;
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

    /// <summary>
    /// The sampling rate that the exporter's other sessions state for a flow: there are routers that send data and their samplers' options from ports of their own. Only those that
    /// live beside this one count, and only where all that say something say the same.
    /// </summary>
    public SamplingRate RateOfSiblings(ExporterDomain domain, ref readonly ExportedFlow flow)
    {
        // Who lives beside whom shows with time, so it is looked at again now and then; a scan is over all exporters, so not more than once a message.
        var messages = domain.MessageCount - domain.BesideSerial;
        if (domain.Beside is null || (messages > 0 && domain.BesideVersion != _version) || messages >= LookBesideEvery)
        {
            domain.Beside = [.. Siblings(domain).Where(domain.LivedBeside).Take(MaxBeside)];
            (domain.BesideVersion, domain.BesideSerial) = (_version, domain.MessageCount);
        }

        var found = SamplingRate.Unknown;
        foreach (var sibling in domain.Beside)
        {
            var rate = sibling.Samplers.RateOf(in flow);
            if (!rate.IsKnown)
                continue;
            if (found.IsKnown && found.OneIn != rate.OneIn)
                return SamplingRate.Unknown;
            found = rate;
        }

        return found;
    }

    private void Evict(ExporterDomain domain)
    {
        totals.EvictedDomainCount++;
        held.DropAll(domain);
        templates.RemoveAll(domain);
        domain.Node.List!.Remove(domain.Node);
        _domains.Remove(domain.Key);
        _version++;
        if (ReferenceEquals(_last, domain))
            _last = null;
    }
}
