using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect;

/// <summary>An interface's counters as an sFlow agent reports them (generic interface counters, sFlow v5 §5.4; RFC 2863 names).</summary>
public readonly record struct InterfaceCounters
{
    /// <summary>The sFlow agent.</summary>
    public required HostAddress Agent { get; init; }

    /// <summary>ifIndex.</summary>
    public required uint Interface { get; init; }

    /// <summary>ifSpeed, bits a second; 0 when unknown.</summary>
    public required ulong SpeedBitsPerSecond { get; init; }

    /// <summary>Whether ifAdminStatus and ifOperStatus are both up.</summary>
    public required bool IsUp { get; init; }

    /// <summary>ifInOctets.</summary>
    public required ulong InOctets { get; init; }

    /// <summary>Unicast, multicast and broadcast packets in; counters the agent does not have are left out.</summary>
    public required ulong InPackets { get; init; }

    /// <summary>ifInDiscards; 0xFFFFFFFF when the agent does not have it.</summary>
    public required uint InDiscards { get; init; }

    /// <summary>ifInErrors; 0xFFFFFFFF when the agent does not have it.</summary>
    public required uint InErrors { get; init; }

    /// <summary>ifOutOctets.</summary>
    public required ulong OutOctets { get; init; }

    /// <summary>Unicast, multicast and broadcast packets out; counters the agent does not have are left out.</summary>
    public required ulong OutPackets { get; init; }

    /// <summary>ifOutDiscards; 0xFFFFFFFF when the agent does not have it.</summary>
    public required uint OutDiscards { get; init; }

    /// <summary>ifOutErrors; 0xFFFFFFFF when the agent does not have it.</summary>
    public required uint OutErrors { get; init; }

    /// <summary>When it arrived, nanoseconds since the Unix epoch.</summary>
    public required long ReceivedNs { get; init; }
}
