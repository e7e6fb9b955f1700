using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Collect.Join;

/// <summary>A conversation put together from exporters' records of its two directions, as far as they came. Times are on our clock.</summary>
public struct JoinedFlow
{
    internal JoinKey Key;
    internal bool InitiatorIsA;
    internal bool InitiatorIsSure;
    internal JoinedDirection FromA;
    internal JoinedDirection FromB;
    internal bool HasUnknownRate;

    /// <summary>The initiator, as far as flags, times and ports tell.</summary>
    public readonly HostAddress Source => InitiatorIsA ? Key.A : Key.B;

    /// <summary>The responder.</summary>
    public readonly HostAddress Destination => InitiatorIsA ? Key.B : Key.A;

    /// <summary>The initiator's port; 0 where the protocol has none.</summary>
    public readonly ushort SourcePort => InitiatorIsA ? Key.PortA : Key.PortB;

    /// <summary>The responder's port; 0 where the protocol has none.</summary>
    public readonly ushort DestinationPort => InitiatorIsA ? Key.PortB : Key.PortA;

    /// <summary>protocolIdentifier.</summary>
    public readonly IpProtocol Protocol => Key.Protocol;

    /// <summary>From the initiator to the responder.</summary>
    public readonly JoinedDirection Forward => InitiatorIsA ? FromA : FromB;

    /// <summary>From the responder to the initiator.</summary>
    public readonly JoinedDirection Reverse => InitiatorIsA ? FromB : FromA;

    /// <summary>When its first record arrived, nanoseconds since the Unix epoch.</summary>
    public long ArrivedNs { readonly get; internal set; }

    /// <summary>One packet in how many was looked at, the least dense of its records; 0 while none stated a rate.</summary>
    public double OneIn { readonly get; internal set; }

    /// <summary>Why it ended, as its newest record said.</summary>
    public FlowEndReason EndReason { readonly get; internal set; }

    /// <summary>A mark of whoever selects (<see cref="FlowJoin.Label"/>); 0 of a new one.</summary>
    public byte Label { readonly get; internal set; }

    /// <summary>Whether not every packet was looked at, or nobody said that every one was.</summary>
    public readonly bool IsSampled => HasUnknownRate || OneIn > 1;

    /// <summary>What its packet and octet counts stand for; 1 where the rate is unknown, so that nothing is made larger than it was seen.</summary>
    public readonly double Scale => HasUnknownRate || OneIn < 1 ? 1 : OneIn;

    /// <summary>First packet of either direction, nanoseconds since the Unix epoch.</summary>
    public readonly long FirstNs => FromA.PacketCount == 0 ? FromB.FirstNs : FromB.PacketCount == 0 ? FromA.FirstNs : Math.Min(FromA.FirstNs, FromB.FirstNs);

    /// <summary>Last packet of either direction, nanoseconds since the Unix epoch.</summary>
    public readonly long LastNs => Math.Max(FromA.LastNs, FromB.LastNs);

    /// <summary>
    /// Whether the initiator receives what is sent to its address: the responder has sent data, which it does only to who acknowledged the number that it chose (RFC 9293 §3.5). A
    /// flow record does not tell the numbers, so all of it must have been seen: every packet, both ways, and no reset, with which a device in between may have answered.
    /// </summary>
    public readonly bool SourceProven
    {
        get
        {
            const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
            var (forward, reverse) = (Forward, Reverse);
            return !IsSampled && Protocol == IpProtocol.Tcp && (forward.TcpFlags & SynAck) == SynAck
                && (reverse.TcpFlags & (SynAck | TcpControlBits.Psh | TcpControlBits.Rst)) == (SynAck | TcpControlBits.Psh);
        }
    }

    /// <summary>What selection looks at.</summary>
    public readonly FlowSummary Summary
    {
        get
        {
            var (forward, reverse) = (Forward, Reverse);
            return new FlowSummary
            {
                Source = Source,
                Destination = Destination,
                SourcePort = SourcePort,
                DestinationPort = DestinationPort,
                Protocol = Protocol,
                FirstNs = FirstNs,
                LastNs = LastNs,
                Forward = new DirectionSummary(forward.PacketCount, forward.OctetCount, forward.TcpFlags),
                Reverse = new DirectionSummary(reverse.PacketCount, reverse.OctetCount, reverse.TcpFlags),
                EndReason = EndReason,
                SourceProven = SourceProven,
                IsSampled = IsSampled,
            };
        }
    }
}

/// <summary>What exporters told of one direction.</summary>
public struct JoinedDirection
{
    /// <summary>Packets, not scaled; at least 1 of a direction that was told of.</summary>
    public long PacketCount { readonly get; internal set; }

    /// <summary>Octets, not scaled.</summary>
    public long OctetCount { readonly get; internal set; }

    /// <summary>First packet, nanoseconds since the Unix epoch on our clock.</summary>
    public long FirstNs { readonly get; internal set; }

    /// <summary>Last packet, nanoseconds since the Unix epoch on our clock.</summary>
    public long LastNs { readonly get; internal set; }

    /// <summary>Union of the TCP control bits; none where the exporter does not give them.</summary>
    public TcpControlBits TcpFlags { readonly get; internal set; }

    /// <summary>Whether ICMP type and code were given.</summary>
    public bool HasIcmp { readonly get; internal set; }

    /// <summary>ICMP type × 256 + code.</summary>
    public ushort IcmpTypeCode { readonly get; internal set; }
}
