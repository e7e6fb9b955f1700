using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>A finding, or how it has grown since: all messages about one happening have one <see cref="EventId"/>.</summary>
public sealed record Detection
{
    /// <summary>What it is.</summary>
    public required DetectionKind Kind { get; init; }

    /// <summary>One number for one happening; follows from the seed and the traffic alone, so that a file read again gives the same.</summary>
    public required ulong EventId { get; init; }

    /// <summary>Whether it is the event's first message.</summary>
    public required bool IsFirst { get; init; }

    /// <summary>The scanning source, or the address that a flood strikes.</summary>
    public required HostAddress Subject { get; init; }

    /// <summary>The address at the other side that was seen last: tells which way the traffic runs.</summary>
    public required HostAddress Peer { get; init; }

    /// <summary>IP protocol.</summary>
    public required IpProtocol Protocol { get; init; }

    /// <summary>The port tried at many addresses, or struck; 0 where ports differ or there is none.</summary>
    public required ushort Port { get; init; }

    /// <summary>0 to 100, from the figures.</summary>
    public required byte Confidence { get; init; }

    /// <summary>When it was decided, nanoseconds since the Unix epoch by the packets' clock.</summary>
    public required long DecidedNs { get; init; }

    /// <summary>First packet that counts.</summary>
    public required long FirstNs { get; init; }

    /// <summary>Last packet that counts.</summary>
    public required long LastNs { get; init; }

    /// <summary>Packets that count.</summary>
    public long PacketCount { get; init; }

    /// <summary>Their octets (IP length).</summary>
    public long OctetCount { get; init; }

    /// <summary>Flows opened toward what the event is about.</summary>
    public long Attempts { get; init; }

    /// <summary>Those that failed.</summary>
    public long FailedAttempts { get; init; }

    /// <summary>Distinct addresses at the other side.</summary>
    public long DistinctAddresses { get; init; }

    /// <summary>Distinct ports.</summary>
    public long DistinctPorts { get; init; }

    /// <summary>The most packets in one second.</summary>
    public long PeakPacketsPerSecond { get; init; }

    /// <summary>Whether a source continued a handshake that was answered, so that it is not spoofed blindly. Never true of a flood.</summary>
    public bool SourceProven { get; init; }

    /// <summary>Whether it rests on samples of packets: packets and octets of a fan-out are those looked at, of a flood they are scaled by the stated rate.</summary>
    public bool Sampled { get; init; }
}
