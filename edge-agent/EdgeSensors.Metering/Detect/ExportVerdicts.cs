using EdgeSensors.Metering.Collect.Join;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// Judges attempts by exporters' records. The union of a flow's TCP flags says whether it was answered even where the answer is not exported: whoever was answered sends an ACK.
/// Of a sample it says less: a SYN alone may be the one packet of a long conversation that was looked at, so it counts as failed only among many (the detectors want more of them
/// for each that went on).
/// </summary>
internal static class ExportVerdicts
{
    private const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;

    /// <summary>A flow of more octets a packet than these has carried data.</summary>
    private const int MostOctetsOfBareSegment = 80;

    private const int MostProbePackets = 2;
    private const int MostUnansweredDatagrams = 3;

    /// <summary>Judges a conversation.</summary>
    /// <param name="flow">It.</param>
    /// <param name="twoSided">Whether the exporters show both directions of conversations, so that the lack of one means something.</param>
    public static Verdict Of(ref readonly JoinedFlow flow, bool twoSided) => flow.Protocol switch
    {
        IpProtocol.Tcp when flow.IsSampled => OfSampledTcp(flow.Forward, flow.Reverse),
        IpProtocol.Tcp => OfTcp(flow.Forward, flow.Reverse),
        IpProtocol.Udp => OfUdp(in flow, twoSided),
        IpProtocol.Icmp or IpProtocol.IcmpV6 => Verdict.Failed, // an echo request carries no service: that it is answered makes a sweep no less one
        _ => Verdict.Unknown,
    };

    /// <summary>Whether the initiator tries the responder at all.</summary>
    public static bool IsAttempt(ref readonly JoinedFlow flow)
    {
        var forward = flow.Forward;
        if (forward.PacketCount == 0 || Openings.IsGroup(flow.Destination))
            return false;
        return flow.Protocol switch
        {
            IpProtocol.Tcp => forward.TcpFlags != TcpControlBits.None,
            IpProtocol.Udp => Openings.Of(Header(in flow)) == Opening.Attempt,
            IpProtocol.Icmp or IpProtocol.IcmpV6 => forward.HasIcmp && Openings.Of(Header(in flow)) == Opening.Attempt,
            _ => false,
        };
    }

    private static PacketHeader Header(ref readonly JoinedFlow flow) => new()
    {
        Source = flow.Source,
        Destination = flow.Destination,
        SourcePort = flow.SourcePort,
        DestinationPort = flow.DestinationPort,
        Protocol = flow.Protocol,
        HasPorts = true,
        HasIcmp = flow.Forward.HasIcmp,
        IcmpType = (byte)(flow.Forward.IcmpTypeCode >> 8),
    };

    private static Verdict OfTcp(JoinedDirection forward, JoinedDirection reverse)
    {
        var (sent, answered) = (forward.TcpFlags, reverse.TcpFlags);
        if ((sent & (TcpControlBits.Ack | TcpControlBits.Psh)) == (TcpControlBits.Ack | TcpControlBits.Psh) || (answered & TcpControlBits.Psh) != 0)
            return Verdict.Succeeded;
        var reset = ((sent | answered) & TcpControlBits.Rst) != 0;
        if ((sent & TcpControlBits.Syn) == 0)
        {
            // FIN and XMAS probes. No flags at all are those of an exporter that gives none.
            return sent != TcpControlBits.None && (sent & (TcpControlBits.Ack | TcpControlBits.Rst)) == 0 && forward.PacketCount <= MostProbePackets && (reverse.PacketCount == 0 || reset)
                ? Verdict.Failed
                : Verdict.Unknown;
        }

        if (reset)
            return Verdict.Failed;
        if ((sent & TcpControlBits.Ack) == 0)
            return reverse.PacketCount == 0 ? Verdict.Failed : Verdict.Unknown;
        if (forward.OctetCount > MostOctetsOfBareSegment * forward.PacketCount)
            return Verdict.Succeeded;
        return (sent & TcpControlBits.Fin) != 0 ? Verdict.Failed : Verdict.Unknown;
    }

    private static Verdict OfSampledTcp(JoinedDirection forward, JoinedDirection reverse)
    {
        var sent = forward.TcpFlags;
        if ((sent & TcpControlBits.Ack) != 0)
            return (sent & TcpControlBits.Rst) != 0 ? Verdict.Unknown : Verdict.Succeeded;
        if ((sent & TcpControlBits.Syn) == 0)
            return Verdict.Unknown;
        if ((reverse.TcpFlags & TcpControlBits.Psh) != 0)
            return Verdict.Succeeded;
        return (reverse.TcpFlags & (SynAck | TcpControlBits.Rst)) == SynAck ? Verdict.Unknown : Verdict.Failed;
    }

    private static Verdict OfUdp(ref readonly JoinedFlow flow, bool twoSided)
    {
        if (flow.Reverse.PacketCount > 0)
            return Verdict.Succeeded;
        return !flow.IsSampled && twoSided && flow.Forward.PacketCount <= MostUnansweredDatagrams ? Verdict.Failed : Verdict.Unknown;
    }
}
