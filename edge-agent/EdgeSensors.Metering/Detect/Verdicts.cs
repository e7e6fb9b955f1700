using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>What became of an attempt.</summary>
internal enum Verdict
{
    /// <summary>Not to be said: a handshake that stands open, or half a connection seen.</summary>
    Unknown,

    /// <summary>Unanswered, refused, unreachable, or opened and shut without a word.</summary>
    Failed,

    /// <summary>It led to a conversation.</summary>
    Succeeded,
}

/// <summary>Judges attempts a moment after they were made.</summary>
internal static class Verdicts
{
    /// <summary>A stealth probe is this many packets at most; more without payload is one side of a connection.</summary>
    private const int MostProbePackets = 2;

    /// <summary>One-way UDP of more packets is a stream whose answers take another path.</summary>
    private const int MostUnansweredDatagrams = 3;

    public static Verdict Of(ref readonly BiflowRecord record) => record.Protocol switch
    {
        IpProtocol.Tcp => OfTcp(in record),
        IpProtocol.Udp => OfUdp(in record),
        _ => Verdict.Failed, // an echo request carries no service: that it is answered makes a sweep no less one
    };

    private static Verdict OfTcp(ref readonly BiflowRecord record)
    {
        var (forward, reverse) = (record.Forward, record.Reverse);
        // Data in a SYN, or without an ACK, is no sign that anybody listens (RFC 9293 §3.10.7.4: such a segment is dropped).
        if (reverse.PayloadPacketCount > 0 || (forward.PayloadPacketCount > 0 && (forward.TcpFlags & TcpControlBits.Ack) != 0))
        {
            return Verdict.Succeeded;
        }

        if (record.RefusedByIcmp || record.Closed)
        {
            return Verdict.Failed;
        }

        if ((forward.TcpFlags & TcpControlBits.Syn) == 0)
        {
            return forward.PacketCount <= MostProbePackets && (reverse.PacketCount == 0 || (reverse.TcpFlags & TcpControlBits.Rst) != 0)
                ? Verdict.Failed
                : Verdict.Unknown;
        }

        // The opener's ACK says that it was answered, even where the answer went another way.
        return reverse.PacketCount == 0 && (forward.TcpFlags & TcpControlBits.Ack) == 0 ? Verdict.Failed : Verdict.Unknown;
    }

    private static Verdict OfUdp(ref readonly BiflowRecord record)
    {
        if (record.RefusedByIcmp)
        {
            return Verdict.Failed;
        }

        return record.Reverse.PacketCount > 0 ? Verdict.Succeeded
            : record.Forward.PacketCount <= MostUnansweredDatagrams ? Verdict.Failed
            : Verdict.Unknown;
    }
}
