using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// Stands where this machine cannot or shall not enforce: changes nothing, says so of every rule, and counts the packets that a rule would have met among those
/// that the meter shows it.
/// </summary>
/// <param name="limitation">Why, and what to do; one line.</param>
/// <param name="time">The clock: a rule that has run out is met no more.</param>
internal sealed class ObserveOnlyEnforcer(string limitation, TimeProvider time) : IEnforcer
{
    private volatile Observation _observed = Observation.Nothing;

    /// <inheritdoc/>
    public string Name => "observe-only";

    /// <inheritdoc/>
    public string? Limitation => limitation;

    /// <summary>Counts a packet for the rules that are for it. Called by the meter's one thread; costs a look-up where rules are for single addresses.</summary>
    public void Count(in PacketHeader header) => Count(header.Source, header.Destination, 1, header.IpLength);

    /// <summary>Counts packets that an exporter tells of together.</summary>
    public void Count(HostAddress source, HostAddress destination, long packets, long octets)
    {
        var observed = _observed;
        if (observed.Rules.Length > 0)
        {
            observed.Count(source, packets, octets, ingress: true);
            observed.Count(destination, packets, octets, ingress: false);
        }
    }

    /// <inheritdoc/>
    public Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
    {
        _observed = new Observation(plan, _observed);
        return Task.FromResult(new EnforcementOutcome([.. plan.Rules.Select(rule => new RuleEnforcement(rule.Id, RuleState.Observed, RefusalReason.ObserveOnly))]));
    }

    /// <inheritdoc/>
    public Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken)
    {
        var now = UnixMilliseconds.Now(time);
        var observed = _observed;
        foreach (var rule in observed.Rules)
        {
            rule.HasLapsed = rule.Rule.ExpiresAt <= now;
        }

        return Task.FromResult(new HitReading([.. observed.Rules.Select(r => new RuleHits(r.Rule.Id, (ulong)Interlocked.Read(ref r.Packets), (ulong)Interlocked.Read(ref r.Octets)))], Intact: true));
    }

    /// <summary>One plan's rules, findable by address.</summary>
    private sealed class Observation
    {
        private readonly Dictionary<HostAddress, List<ObservedRule>> _byAddress = [];
        private readonly List<ObservedRule> _wide = [];
        private readonly IReadOnlyList<Prefix> _allowed;

        private Observation() => (Rules, _allowed) = ([], []);

        public Observation(EnforcementPlan plan, Observation before)
        {
            _allowed = plan.Allowlist;
            Rules = [.. plan.Rules.Select(rule => Array.Find(before.Rules, r => r.Rule == rule) ?? new ObservedRule(rule))];
            foreach (var observed in Rules)
            {
                if (observed.Rule.Prefix.IsSingleAddress)
                {
                    var address = HostAddress.From(observed.Rule.Prefix.Address);
                    if (!_byAddress.TryGetValue(address, out var list))
                    {
                        _byAddress[address] = list = [];
                    }

                    list.Add(observed);
                }
                else
                {
                    _wide.Add(observed);
                }
            }
        }

        public static Observation Nothing { get; } = new();

        public ObservedRule[] Rules { get; }

        public void Count(HostAddress address, long packets, long octets, bool ingress)
        {
            if (_byAddress.TryGetValue(address, out var exact))
            {
                Count(address, packets, octets, ingress, exact);
            }

            if (_wide.Count > 0)
            {
                Count(address, packets, octets, ingress, _wide);
            }
        }

        private void Count(HostAddress address, long packets, long octets, bool ingress, List<ObservedRule> rules)
        {
            Span<byte> text = stackalloc byte[16];
            text = text[..address.WriteOctets(text)];
            foreach (var observed in rules)
            {
                var direction = observed.Rule.Direction;
                if (!observed.HasLapsed && direction != (ingress ? SlpfDirection.Egress : SlpfDirection.Ingress) && observed.Rule.Prefix.Contains(text) && !IsAllowed(text))
                {
                    Interlocked.Add(ref observed.Packets, packets);
                    Interlocked.Add(ref observed.Octets, octets);
                }
            }
        }

        private bool IsAllowed(ReadOnlySpan<byte> octets)
        {
            foreach (var prefix in _allowed)
            {
                if (prefix.Contains(octets))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>A rule and what it would have met.</summary>
    private sealed class ObservedRule(EnforcedRule rule)
    {
        public long Packets;
        public long Octets;

        public EnforcedRule Rule { get; } = rule;

        public volatile bool HasLapsed;
    }
}
