using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// Drops the sources of a plan at the interface already (XDP), before a flood costs the kernel anything, and has nftables hold the whole plan behind it: other
/// interfaces, destinations, limits and observation are nftables' alone, and when the agent dies the kernel takes the program off and nftables goes on to each
/// rule's end. A rule's hits are those of both. Where the list cannot follow a plan it is taken off whole: nothing stays dropped that was taken back.
/// </summary>
internal sealed class XdpEnforcer : IEnforcer, IDisposable
{
    /// <summary>More than the most rules that an owner can let be in force.</summary>
    private const int Capacity = 1 << 14;

    // A clock that was set moves every end; less than this is the two clocks' reading apart.
    private const ulong SameEndNanoseconds = 500_000_000;

    private readonly IEnforcer _behind;
    private readonly TimeProvider _time;
    private readonly Dictionary<Prefix, (DocumentId Rule, ulong ExpiresAt)> _standing = [];
    private readonly Dictionary<DocumentId, XdpHits> _past = [];
    private XdpFilter? _filter;
    private HashSet<DocumentId> _planned = [];

    /// <summary>Takes over a filter that is attached.</summary>
    public XdpEnforcer(IEnforcer behind, XdpFilter filter, TimeProvider time) => (_behind, _filter, _time) = (behind, filter, time);

    /// <inheritdoc/>
    public string Name => _filter is null ? _behind.Name : $"xdp+{_behind.Name}";

    /// <inheritdoc/>
    public string? Limitation => _behind.Limitation;

    /// <summary>The blocklist at the interface; null once the program is off.</summary>
    public XdpBlocklist? Blocklist => _filter?.Blocklist;

    /// <summary>Puts a list at interfaces in front of an enforcer; the enforcer itself and why, where that cannot be.</summary>
    /// <param name="behind">The enforcer.</param>
    /// <param name="interfaces">Where.</param>
    /// <param name="time">The clock that rules end by.</param>
    /// <param name="without">Why not.</param>
    /// <param name="blocklistCapacity">Most entries of a blocklist.</param>
    public static IEnforcer Choose(IEnforcer behind, IReadOnlyList<string> interfaces, TimeProvider time, out string? without, int blocklistCapacity = 0)
    {
        if (!XdpFilter.TryCreate(Capacity, out var filter, out var error, blocklistCapacity))
        {
            without = error.Message;
            return behind;
        }

        foreach (var name in interfaces)
        {
            if (filter.Attach(name, out _) is { } failure)
            {
                filter.Dispose();
                without = failure.Message;
                return behind;
            }
        }

        without = null;
        return new XdpEnforcer(behind, filter, time);
    }

    /// <inheritdoc/>
    public async Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
    {
        var outcome = await _behind.ApplyAsync(plan, cancellationToken).ConfigureAwait(false);
        if (outcome.Error is not null || _filter is null)
        {
            return outcome;
        }

        var planned = plan.Rules.Select(rule => rule.Id).ToHashSet();
        foreach (var rule in _past.Keys.Where(rule => !planned.Contains(rule) && !_planned.Contains(rule)).ToList())
        {
            _past.Remove(rule);
        }

        _planned = planned;
        var enforced = outcome.Rules.Where(rule => rule.State == RuleState.Enforced).Select(rule => rule.Id).ToHashSet();
        if (Follow(plan, XdpDesired.Of(plan, enforced)) is { } error)
        {
            return outcome with { Error = error };
        }

        var narrow = plan.Rules.Where(rule => rule.Target.Net is null && rule.Step == MitigationStep.Drop).Select(rule => rule.Id).ToHashSet();
        return outcome with { Rules = [.. outcome.Rules.Select(rule => enforced.Contains(rule.Id) && narrow.Contains(rule.Id) ? rule with { Reason = RefusalReason.NotAtInterface } : rule)] };
    }

    /// <inheritdoc/>
    public async Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken)
    {
        var reading = await _behind.ReadHitsAsync(cancellationToken).ConfigureAwait(false);
        var sums = new Dictionary<DocumentId, XdpHits>(_past);
        var error = _filter?.ReadHits((prefix, hits) => Add(sums, _standing[prefix].Rule, hits));
        var both = reading.Hits.ToDictionary(hits => hits.Id);
        foreach (var (rule, hits) in sums)
        {
            var behind = both.GetValueOrDefault(rule);
            both[rule] = new RuleHits(rule, behind.Packets + hits.Packets, behind.Octets + hits.Octets);
        }

        return reading with { Hits = [.. both.Values], Error = reading.Error ?? error?.Message };
    }

    /// <summary>Takes the program off; what nftables holds stays to its end.</summary>
    public void Dispose()
    {
        _filter?.Dispose();
        _filter = null;
    }

    private string? Follow(EnforcementPlan plan, Dictionary<Prefix, (DocumentId Rule, UnixMilliseconds ExpiresAt)> desired)
    {
        var (boot, now) = (BootClock.Nanoseconds, UnixMilliseconds.Now(_time).Value);
        var puts = new List<(XdpEntry Entry, DocumentId Rule)>();
        var removed = _standing.Keys.Where(prefix => !desired.ContainsKey(prefix)).ToList();
        foreach (var (prefix, (rule, end)) in desired)
        {
            var expiresAt = boot + ((ulong)Math.Max(0, end.Value - now) * 1_000_000);
            if (!_standing.TryGetValue(prefix, out var standing))
            {
                puts.Add((new XdpEntry(prefix, expiresAt), rule));
            }
            else if (standing.Rule != rule)
            {
                // What was dropped so far is the other rule's.
                removed.Add(prefix);
                puts.Add((new XdpEntry(prefix, expiresAt), rule));
            }
            else if (Math.Max(standing.ExpiresAt, expiresAt) - Math.Min(standing.ExpiresAt, expiresAt) > SameEndNanoseconds)
            {
                puts.Add((new XdpEntry(prefix, expiresAt), rule));
            }
        }

        IReadOnlyList<(Prefix Prefix, XdpHits Hits)> last = [];
        var error = _filter!.Allow([.. plan.Allowlist.Where(prefix => prefix.Length > 0)]) ?? _filter.Change([.. puts.Select(p => p.Entry)], removed, out last);
        foreach (var (prefix, hits) in last)
        {
            _standing.Remove(prefix, out var stood);
            Add(_past, stood.Rule, hits);
        }

        foreach (var (entry, rule) in puts)
        {
            _standing[entry.Prefix] = (rule, entry.ExpiresAt);
        }

        if (error is null)
        {
            return null;
        }

        _filter.ReadHits((prefix, hits) => Add(_past, _standing[prefix].Rule, hits));
        Dispose();
        return $"the list at the interface (XDP) is off and nftables alone enforces: {error.Message}";
    }

    private static void Add(Dictionary<DocumentId, XdpHits> sums, DocumentId rule, XdpHits hits)
    {
        var sum = sums.GetValueOrDefault(rule);
        sums[rule] = new XdpHits(sum.Packets + hits.Packets, sum.Octets + hits.Octets);
    }
}
