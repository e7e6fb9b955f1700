using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

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
    public void Count(in PacketHeader header) => Count(in header, 1, header.IpLength);

    /// <summary>Counts packets that an exporter tells of together.</summary>
    public void Count(in PacketHeader header, long packets, long octets)
    {
        var observed = _observed;
        if (observed.Rules.Length > 0 && packets > 0)
        {
            observed.Count(in header, packets, octets, egress: false);
            observed.Count(in header, packets, octets, egress: true);
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

    /// <summary>One plan's rules, findable by the address that each accuses.</summary>
    private sealed class Observation
    {
        private readonly Dictionary<(HostAddress Address, bool Egress), List<(ObservedRule Rule, PacketMatch Match)>> _byAddress = [];
        private readonly Dictionary<bool, List<(ObservedRule Rule, PacketMatch Match)>> _wide = new() { [false] = [], [true] = [] };
        private readonly IReadOnlyList<Prefix> _allowed;

        private Observation() => (Rules, _allowed) = ([], []);

        public Observation(EnforcementPlan plan, Observation before)
        {
            _allowed = plan.Allowlist;
            Rules = [.. plan.Rules.Select(rule => Array.Find(before.Rules, r => r.Rule == rule) ?? new ObservedRule(rule))];
            foreach (var observed in Rules)
            {
                foreach (var (egress, match) in observed.Rule.Parts)
                {
                    ListOf(egress ? match.Destination : match.Source, egress).Add((observed, match));
                }
            }
        }

        public static Observation Nothing { get; } = new();

        public ObservedRule[] Rules { get; }

        public void Count(in PacketHeader header, long packets, long octets, bool egress)
        {
            if (_byAddress.TryGetValue((egress ? header.Destination : header.Source, egress), out var exact))
            {
                Count(in header, packets, octets, egress, exact);
            }

            if (_wide[egress] is { Count: > 0 } wide)
            {
                Count(in header, packets, octets, egress, wide);
            }
        }

        private List<(ObservedRule Rule, PacketMatch Match)> ListOf(Prefix? accused, bool egress)
        {
            if (accused is not { IsSingleAddress: true } single)
            {
                return _wide[egress];
            }

            var key = (HostAddress.From(single.Address), egress);
            if (!_byAddress.TryGetValue(key, out var list))
            {
                _byAddress[key] = list = [];
            }

            return list;
        }

        private void Count(in PacketHeader header, long packets, long octets, bool egress, List<(ObservedRule Rule, PacketMatch Match)> rules)
        {
            Span<byte> source = stackalloc byte[16];
            source = source[..header.Source.WriteOctets(source)];
            Span<byte> destination = stackalloc byte[16];
            destination = destination[..header.Destination.WriteOctets(destination)];
            foreach (var (observed, match) in rules)
            {
                if (!observed.HasLapsed && match.Matches(source, destination, (byte)header.Protocol, header.SourcePort, header.DestinationPort)
                    && !IsAllowed(egress ? destination : source) && !(observed.Rule.Accused.Count > 1 && IsAllowed(source)))
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
