using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>A conversation as selection looks at it, whether its packets were metered here or an exporter told of it.</summary>
public readonly record struct FlowSummary
{
    /// <summary>The initiator.</summary>
    public required HostAddress Source { get; init; }

    /// <summary>The responder.</summary>
    public required HostAddress Destination { get; init; }

    /// <summary>The initiator's port; 0 where the protocol has none.</summary>
    public required ushort SourcePort { get; init; }

    /// <summary>The responder's port; 0 where the protocol has none.</summary>
    public required ushort DestinationPort { get; init; }

    /// <summary>IP protocol.</summary>
    public required IpProtocol Protocol { get; init; }

    /// <summary>First packet, nanoseconds since the Unix epoch.</summary>
    public required long FirstNs { get; init; }

    /// <summary>Last packet, nanoseconds since the Unix epoch.</summary>
    public required long LastNs { get; init; }

    /// <summary>From the initiator to the responder.</summary>
    public required DirectionSummary Forward { get; init; }

    /// <summary>From the responder to the initiator.</summary>
    public required DirectionSummary Reverse { get; init; }

    /// <summary>Why the record ended.</summary>
    public required FlowEndReason EndReason { get; init; }

    /// <summary>Whether the initiator is known to receive what is sent to its address, so that it is not spoofed blindly.</summary>
    public required bool SourceProven { get; init; }

    /// <summary>Whether not every packet was looked at, or it is not known whether.</summary>
    public bool IsSampled { get; init; }

    /// <summary>Packets of both directions.</summary>
    public long PacketCount => Forward.PacketCount + Reverse.PacketCount;

    /// <summary>Octets of both directions.</summary>
    public long OctetCount => Forward.OctetCount + Reverse.OctetCount;

    /// <summary>The summary of a metered biflow.</summary>
    public static FlowSummary Of(ref readonly BiflowRecord record)
    {
        var (forward, reverse) = (record.Forward, record.Reverse);
        return new FlowSummary
        {
            Source = record.Source,
            Destination = record.Destination,
            SourcePort = record.SourcePort,
            DestinationPort = record.DestinationPort,
            Protocol = record.Protocol,
            FirstNs = record.FirstNs,
            LastNs = record.LastNs,
            Forward = new DirectionSummary(forward.PacketCount, forward.OctetCount, forward.TcpFlags),
            Reverse = new DirectionSummary(reverse.PacketCount, reverse.OctetCount, reverse.TcpFlags),
            EndReason = record.EndReason,
            SourceProven = record.HandshakeCompleted,
        };
    }
}

/// <summary>What one direction carried.</summary>
/// <param name="PacketCount">Packets, not scaled.</param>
/// <param name="OctetCount">Octets, not scaled.</param>
/// <param name="TcpFlags">Union of the TCP control bits.</param>
public readonly record struct DirectionSummary(long PacketCount, long OctetCount, TcpControlBits TcpFlags);
