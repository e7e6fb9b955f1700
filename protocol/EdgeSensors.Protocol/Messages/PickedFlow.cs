namespace EdgeSensors.Protocol;

/// <summary>A biflow (RFC 5103) that was picked; the forward direction is the opener's.</summary>
public sealed record PickedFlow
{
    /// <summary>What picked it.</summary>
    public required DetectorKind Reason { get; init; }

    /// <summary>Which way it runs.</summary>
    public required TrafficDirection Direction { get; init; }

    /// <summary>The opener.</summary>
    public required FlowEnd Source { get; init; }

    /// <summary>The other end.</summary>
    public required FlowEnd Destination { get; init; }

    /// <summary>protocolIdentifier (IPFIX 4).</summary>
    public required byte ProtocolIdentifier { get; init; }

    /// <summary>sourceTransportPort (IPFIX 7); 0 where the protocol has none.</summary>
    public ushort SourcePort { get; init; }

    /// <summary>destinationTransportPort (IPFIX 11); 0 where the protocol has none.</summary>
    public ushort DestinationPort { get; init; }

    /// <summary>flowStartMilliseconds (IPFIX 152).</summary>
    public required UnixMilliseconds Start { get; init; }

    /// <summary>flowEndMilliseconds (IPFIX 153).</summary>
    public required UnixMilliseconds End { get; init; }

    /// <summary>packetDeltaCount (IPFIX 2).</summary>
    public ulong Packets { get; init; }

    /// <summary>octetDeltaCount (IPFIX 1).</summary>
    public ulong Octets { get; init; }

    /// <summary>reversePacketDeltaCount.</summary>
    public ulong ReversePackets { get; init; }

    /// <summary>reverseOctetDeltaCount.</summary>
    public ulong ReverseOctets { get; init; }

    /// <summary>tcpControlBits (IPFIX 6), the union over the opener's packets.</summary>
    public ushort TcpControlBits { get; init; }

    /// <summary>reverseTcpControlBits.</summary>
    public ushort ReverseTcpControlBits { get; init; }

    /// <summary>flowEndReason (IPFIX 136), 1 to 5; 0 while it goes on.</summary>
    public byte EndReason { get; init; }
}

/// <summary>One end of a flow: an address in clear, or the pseudonym of a protected one. Never both, never neither.</summary>
public readonly record struct FlowEnd
{
    private FlowEnd(Prefix? address, ReadOnlyMemory<byte> pseudonym)
    {
        Address = address;
        Pseudonym = pseudonym;
    }

    /// <summary>Octets of a pseudonym.</summary>
    public const int PseudonymOctets = 16;

    /// <summary>The address in clear, or none.</summary>
    public Prefix? Address { get; }

    /// <summary>A keyed PRF of the address, 16 octets, or empty.</summary>
    public ReadOnlyMemory<byte> Pseudonym { get; }

    /// <summary>An end in clear; throws <see cref="ArgumentException"/> unless it is one address.</summary>
    public static FlowEnd Clear(Prefix address) =>
        address.IsSingleAddress ? new(address, default) : throw new ArgumentException("A flow's end is a single address.", nameof(address));

    /// <summary>A protected end; throws <see cref="ArgumentException"/> unless it has 16 octets.</summary>
    public static FlowEnd Protected(ReadOnlyMemory<byte> pseudonym) =>
        pseudonym.Length == PseudonymOctets ? new(null, pseudonym) : throw new ArgumentException("A pseudonym has 16 octets.", nameof(pseudonym));

    /// <inheritdoc/>
    public bool Equals(FlowEnd other) => Address == other.Address && Pseudonym.Span.SequenceEqual(other.Pseudonym.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Address);
        hash.AddBytes(Pseudonym.Span);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Address?.ToString() ?? "~" + Convert.ToHexStringLower(Pseudonym.Span);
}
