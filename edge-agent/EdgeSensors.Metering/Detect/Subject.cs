using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>What a detector remembers of one subject.</summary>
internal sealed class Subject
{
    public ulong Key { get; set; }

    public DetectionKind Kind { get; set; }

    public HostAddress Address { get; set; }

    public HostAddress Peer { get; set; }

    public IpProtocol Protocol { get; set; }

    public ushort Port { get; set; }

    public long FirstNs { get; set; }

    public long LastNs { get; set; }

    public long PacketCount { get; set; }

    public long OctetCount { get; set; }

    /// <summary>What is counted: failed attempts, or packets of a flood.</summary>
    public long Count { get; set; }

    /// <summary>Attempts that did not fail.</summary>
    public long Successes { get; set; }

    /// <summary>Distinct targets of failed attempts, or distinct sources of a flood.</summary>
    public long Distinct { get; set; }

    public long PeakPerSecond { get; set; }

    public bool Proven { get; set; }

    /// <summary>Whether not every packet was looked at.</summary>
    public bool Sampled { get; set; }

    /// <summary>Times that something was counted.</summary>
    public long Records { get; set; }

    /// <summary>0 while nothing was said.</summary>
    public ulong EventId { get; set; }

    /// <summary>What the next growth is measured by: the distinct targets, or packets, that the last message told of.</summary>
    public long SaidCount { get; set; }

    /// <summary><see cref="Count"/> as the last message told it.</summary>
    public long ToldCount { get; set; }

    public bool SaidProven { get; set; }

    public long SecondNs { get; set; }

    public long SecondCount { get; set; }

    public long SliceNs { get; set; }

    public long SliceCount { get; set; }

    /// <summary>Makes it about another key, or about the same anew.</summary>
    public void Begin(ulong key)
    {
        Key = key;
        (PacketCount, OctetCount, Count, Successes, Distinct, PeakPerSecond) = (0, 0, 0, 0, 0, 0);
        (FirstNs, LastNs, SaidCount, ToldCount) = (0, 0, 0, 0);
        (SecondNs, SecondCount, SliceNs, SliceCount) = (0, 0, 0, 0);
        (EventId, Proven, SaidProven, Sampled, Records) = (0, false, false, false, 0);
    }

    /// <summary>Counts packets into the second and the quarter of a second that they fall in, or into longer spans.</summary>
    public void Meter(long timestampNs, long packets, int seconds = 1)
    {
        var span = 1_000_000_000L * seconds;
        if (timestampNs - SecondNs >= span || timestampNs < SecondNs)
        {
            (SecondNs, SecondCount) = (timestampNs, 0);
        }

        if (timestampNs - SliceNs >= span / 4 || timestampNs < SliceNs)
        {
            (SliceNs, SliceCount) = (timestampNs, 0);
        }

        SecondCount += packets;
        SliceCount += packets;
        PeakPerSecond = Math.Max(PeakPerSecond, SecondCount / seconds);
    }
}
