using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// Fan-out: one source whose failed attempts reach one service at many addresses, or many ports of one address. Peers that die, as in file sharing, are many
/// addresses with as many ports, and so neither; a client that is mostly answered is none.
/// </summary>
internal sealed class FanOutDetector
{
    /// <summary>Of attempts at the same service, at most one in this many may have led to a conversation.</summary>
    private const int FailuresPerSuccess = 4;

    /// <summary>The same of samples, where one packet of a conversation in three or more may be its SYN.</summary>
    private const int SampledFailuresPerSuccess = 8;

    /// <summary>The most that can be sure of samples, and how much less sure they are than a whole view.</summary>
    private const int SampledConfidence = 80;
    private const int SampledDoubt = 15;

    private readonly DetectorOptions _options;
    private readonly ulong _seed;
    private readonly long _spanNs;
    private readonly SubjectTable _subjects;
    private readonly RecentSet _targets;
    private readonly RecentSet _proven;
    private readonly Action<Subject, bool, long> _say;

    /// <param name="options">Thresholds.</param>
    /// <param name="seed">Keys all hashes.</param>
    /// <param name="say">Takes a subject to speak of, whether it is the first time, and the time.</param>
    public FanOutDetector(DetectorOptions options, ulong seed, Action<Subject, bool, long> say)
    {
        (_options, _seed, _say) = (options, seed, say);
        _spanNs = options.FanOutSpan.Ticks * 100;
        _subjects = new SubjectTable(options.MaxSubjects);
        _targets = new RecentSet(1 << 17, _spanNs);
        _proven = new RecentSet(1 << 14, _spanNs);
    }

    public long EvictedCount => _subjects.EvictedCount;

    /// <summary>A source went on after an answer: it receives what is sent to its address.</summary>
    public void Prove(HostAddress source, long nowNs) => _proven.Add(Fingerprint.Of(_seed, source), nowNs);

    /// <summary>Adds an attempt that was judged.</summary>
    /// <param name="attempt">Who tried what.</param>
    /// <param name="protocol">By which protocol.</param>
    /// <param name="packets">Packets of the attempt.</param>
    /// <param name="octets">Their octets.</param>
    /// <param name="verdict">Failed or succeeded.</param>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    /// <param name="sampled">Whether not every packet was looked at.</param>
    public void Add(in PendingAttempt attempt, IpProtocol protocol, long packets, long octets, Verdict verdict, long nowNs, bool sampled)
    {
        var source = Fingerprint.Of(_seed, attempt.Source);
        var service = Fingerprint.Of(_seed, source, ((ulong)protocol << 16) | attempt.Port);
        var pair = Fingerprint.Of(_seed, attempt.Destination, source ^ (ulong)protocol);
        if (verdict == Verdict.Succeeded)
        {
            if (_subjects.TryGet(service, out var answered))
            {
                answered.Successes++;
            }

            if (_subjects.TryGet(pair, out answered))
            {
                answered.Successes++;
            }

            return;
        }

        var proven = _proven.Contains(source);
        var across = Fail(service, DetectionKind.AddressFanOut, in attempt, protocol, packets, octets, Fingerprint.Of(_seed, attempt.Destination), proven, sampled);
        Judge(across, _options.FanOutAddresses, nowNs);
        if (protocol is IpProtocol.Tcp or IpProtocol.Udp)
        {
            var down = Fail(pair, DetectionKind.PortFanOut, in attempt, protocol, packets, octets, attempt.Port, proven, sampled);
            Judge(down, _options.FanOutPorts, nowNs);
        }
    }

    /// <summary>The figure that says how sure the detector is: how far beyond the threshold, how few were answered, whether the source is real.</summary>
    public byte Confidence(Subject subject)
    {
        var threshold = subject.Kind == DetectionKind.AddressFanOut ? _options.FanOutAddresses : _options.FanOutPorts;
        var beyond = Math.Log2((double)Math.Max(subject.Distinct, threshold) / threshold);
        var value = 65 + Math.Min(20, 7 * beyond) + (subject.Proven ? 8 : 0) + (subject.Successes == 0 ? 5 : 0);
        return (byte)(subject.Sampled ? Math.Min(SampledConfidence, value - SampledDoubt) : Math.Min(98, value));
    }

    /// <summary>Tells of open events that have grown since they were told of.</summary>
    public void Update(long nowNs)
    {
        foreach (var subject in _subjects.All)
        {
            if (subject.EventId != 0 && subject.Count != subject.ToldCount)
            {
                Say(subject, first: false, nowNs);
            }
        }
    }

    private Subject Fail(
        ulong key, DetectionKind kind, in PendingAttempt attempt, IpProtocol protocol, long packets, long octets, ulong target, bool proven, bool sampled)
    {
        var subject = _subjects.GetOrAdd(key);
        var over = subject.EventId == 0 ? attempt.TimestampNs - subject.FirstNs > _spanNs : attempt.TimestampNs - subject.LastNs > _spanNs;
        if (subject.Count > 0 && over)
        {
            subject.Begin(key);
        }

        if (subject.Count == 0)
        {
            subject.Kind = kind;
            subject.Address = attempt.Source;
            subject.Protocol = protocol;
            subject.Port = kind == DetectionKind.AddressFanOut ? attempt.Port : (ushort)0;
            subject.FirstNs = attempt.TimestampNs;
        }

        subject.Count++;
        subject.Peer = attempt.Destination;
        subject.LastNs = Math.Max(subject.LastNs, attempt.TimestampNs);
        subject.PacketCount += packets;
        subject.OctetCount += octets;
        subject.Proven |= proven;
        subject.Sampled |= sampled;
        subject.Meter(attempt.TimestampNs, packets);
        if (_targets.Add(Fingerprint.Of(key ^ (ulong)subject.FirstNs, target, 0UL), attempt.TimestampNs))
        {
            subject.Distinct++;
        }

        return subject;
    }

    private void Judge(Subject subject, int threshold, long nowNs)
    {
        if (subject.EventId == 0)
        {
            if (subject.Distinct >= threshold && subject.Count >= subject.Successes * (subject.Sampled ? SampledFailuresPerSuccess : FailuresPerSuccess))
            {
                subject.EventId = Fingerprint.Of(_seed, subject.Key, (ulong)subject.FirstNs) | 1;
                Say(subject, first: true, nowNs);
            }
        }
        else if (subject.Distinct >= subject.SaidCount * 2 || (subject.Proven && !subject.SaidProven))
        {
            Say(subject, first: false, nowNs);
        }
    }

    private void Say(Subject subject, bool first, long nowNs)
    {
        (subject.SaidCount, subject.ToldCount, subject.SaidProven) = (subject.Distinct, subject.Count, subject.Proven);
        _say(subject, first, nowNs);
    }
}
