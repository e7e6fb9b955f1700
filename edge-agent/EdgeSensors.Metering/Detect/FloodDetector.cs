using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// Floods: many packets a second to one address that lead to nothing. Failed TCP attempts and unanswered datagrams count by the port they strike, answers that nobody asked
/// for and ICMP by the address alone. What a host downloads is answered, and so is not counted.
/// </summary>
internal sealed class FloodDetector
{
    /// <summary>One-way UDP of more packets a flow is a stream, not a flood.</summary>
    private const int MostPacketsOfFloodFlow = 10;

    private const long QuietNs = 60_000_000_000;

    /// <summary>Of samples: records that are wanted before anything is said, how many must have come to nothing for each that was answered, and how sure they can be.</summary>
    private const int FewestSamples = 20;
    private const int SampledFailuresPerAnswer = 8;
    private const int SampledConfidence = 75;
    private const int SampledDoubt = 15;

    private readonly int _rateSeconds;
    private readonly int _perSpan;
    private readonly int _perSlice;
    private readonly ulong _seed;
    private readonly SubjectTable _subjects;
    private readonly RecentSet _sources = new(1 << 17, QuietNs);
    private readonly Action<Subject, bool, long> _say;

    /// <param name="options">Thresholds.</param>
    /// <param name="seed">Keys all hashes.</param>
    /// <param name="say">Takes a subject to speak of, whether it is the first time, and the time.</param>
    /// <param name="rateSeconds">The span that a rate is taken over.</param>
    public FloodDetector(DetectorOptions options, ulong seed, Action<Subject, bool, long> say, int rateSeconds = 1)
    {
        (_seed, _say) = (seed, say);
        _rateSeconds = rateSeconds;
        _perSpan = options.FloodPacketsPerSecond * rateSeconds;
        _perSlice = Math.Max(options.FloodPacketsPerSecond / 4, 50) * rateSeconds;
        _subjects = new SubjectTable(options.MaxSubjects);
    }

    public long EvictedCount => _subjects.EvictedCount;

    /// <summary>Looks at a packet of the flow's opener.</summary>
    public void AddPacket(in PacketHeader header, ref readonly BiflowRecord record, bool opens)
    {
        switch (header.Protocol)
        {
            case IpProtocol.Udp when record.Reverse.PacketCount == 0 && !Openings.IsGroup(header.Destination):
                if (Openings.Amplifies(header.SourcePort))
                {
                    Count(DetectionKind.ReflectedFlood, in header, header.SourcePort);
                }
                else if (record.Forward.PacketCount <= MostPacketsOfFloodFlow || !header.HasPorts)
                {
                    Count(DetectionKind.Flood, in header, header.DestinationPort);
                }

                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6 when !Openings.IsGroup(header.Destination):
                Count(DetectionKind.Flood, in header, 0);
                break;
            case IpProtocol.Tcp when opens && Openings.Of(in header) == Opening.UnaskedAnswer:
                Count(DetectionKind.ReflectedFlood, in header, 0);
                break;
        }
    }

    /// <summary>Adds a TCP attempt that came to nothing.</summary>
    public void AddFailed(in PendingAttempt attempt, ref readonly BiflowRecord record, long nowNs)
    {
        if (record.Protocol == IpProtocol.Tcp)
        {
            var forward = record.Forward;
            Count(
                DetectionKind.Flood, attempt.Source, attempt.Destination, IpProtocol.Tcp, attempt.Port, attempt.TimestampNs, attempt.TimestampNs, forward.PacketCount, forward.OctetCount, sampled: false, nowNs);
        }
    }

    /// <summary>Adds an exporter's flow that came to nothing; its packets are metered when it is told of, as the flows of a router come in bursts and out of order.</summary>
    public void AddFlow(
        DetectionKind kind, HostAddress source, HostAddress target, IpProtocol protocol, ushort port, long firstNs, long packets, long octets, bool sampled, long nowNs) =>
        Count(kind, source, target, protocol, port, firstNs, nowNs, packets, octets, sampled, nowNs);

    /// <summary>Notes what was answered at a service that is watched already.</summary>
    public void NoteAnswered(HostAddress target, IpProtocol protocol, ushort port, long packets)
    {
        if (_subjects.TryGet(KeyOf(DetectionKind.Flood, target, protocol, port), out var subject))
        {
            subject.Successes += packets;
        }
    }

    /// <summary>How sure: how far beyond the threshold; one source may be one mistake, many are none.</summary>
    public byte Confidence(Subject subject)
    {
        var perSlice = _perSlice / _rateSeconds;
        var beyond = Math.Log2((double)Math.Max(subject.PeakPerSecond, perSlice) / perSlice);
        var value = 55 + Math.Min(30, 6 * beyond) + (subject.Distinct > 16 ? 10 : 0);
        return (byte)(subject.Sampled ? Math.Min(SampledConfidence, value - SampledDoubt) : Math.Min(95, value));
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

    private void Count(DetectionKind kind, in PacketHeader header, ushort port) =>
        Count(
            kind, header.Source, header.Destination, header.Protocol, port, header.TimestampNs, header.TimestampNs, 1, header.IpLength, sampled: false, header.TimestampNs);

    private void Count(
        DetectionKind kind, HostAddress source, HostAddress target, IpProtocol protocol, ushort port, long timestampNs, long meteredNs, long packets, long octets, bool sampled, long nowNs)
    {
        var key = KeyOf(kind, target, protocol, port);
        var subject = _subjects.GetOrAdd(key);
        var quiet = subject.EventId == 0 ? 2_000_000_000L * _rateSeconds : QuietNs;
        if (subject.Count > 0 && timestampNs - subject.LastNs > quiet)
        {
            subject.Begin(key);
        }

        if (subject.Count == 0)
        {
            (subject.Kind, subject.Address, subject.Protocol, subject.Port, subject.FirstNs) = (kind, target, protocol, port, timestampNs);
        }

        subject.Count += packets;
        subject.PacketCount += packets;
        subject.OctetCount += octets;
        subject.Peer = source;
        subject.LastNs = Math.Max(subject.LastNs, timestampNs);
        subject.Sampled |= sampled;
        subject.Records++;
        subject.Meter(meteredNs, packets, _rateSeconds);
        if (_sources.Add(Fingerprint.Of(key ^ (ulong)subject.FirstNs, source), timestampNs))
        {
            subject.Distinct++;
        }

        if (subject.EventId == 0)
        {
            if ((subject.SecondCount >= _perSpan || subject.SliceCount >= _perSlice) && (!subject.Sampled || IsSureOfSamples(subject)))
            {
                subject.EventId = Fingerprint.Of(_seed, key, (ulong)subject.FirstNs) | 1;
                Say(subject, first: true, nowNs);
            }
        }
        else if (subject.Count >= subject.SaidCount * 4)
        {
            Say(subject, first: false, nowNs);
        }
    }

    private static bool IsSureOfSamples(Subject subject) => subject.Records >= FewestSamples && subject.Count >= subject.Successes * SampledFailuresPerAnswer;

    private ulong KeyOf(DetectionKind kind, HostAddress target, IpProtocol protocol, ushort port) =>
        Fingerprint.Of(_seed, target, ((ulong)kind << 32) | ((ulong)protocol << 16) | port);

    private void Say(Subject subject, bool first, long nowNs)
    {
        (subject.SaidCount, subject.ToldCount) = (subject.Count, subject.Count);
        _say(subject, first, nowNs);
    }
}
