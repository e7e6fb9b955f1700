using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <content>What a packet does to its record.</content>
public sealed partial class FlowTable
{
    private static void Begin(ref BiflowRecord record, in PacketHeader header, bool fromA)
    {
        record.InitiatorIsA = fromA;
        record.VlanId = header.VlanId;
        record.CustomerVlanId = header.CustomerVlanId;
        record.Tunnel = header.Tunnel;
        record.TunnelId = header.TunnelId;
        record.FirstNs = header.TimestampNs;
        record.LastNs = header.TimestampNs;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(ref BiflowRecord record, in PacketHeader header, bool forward)
    {
        var timestampNs = header.TimestampNs;
        if (timestampNs > record.LastNs)
            record.LastNs = timestampNs;
        else if (timestampNs < record.FirstNs)
            record.FirstNs = timestampNs;

        ref var direction = ref forward ? ref record.ForwardCounters : ref record.ReverseCounters;
        if (direction.PacketCount++ == 0)
        {
            direction.FirstNs = timestampNs;
            direction.LastNs = timestampNs;
            direction.HasIcmp = header.HasIcmp;
            direction.IcmpTypeCode = (ushort)((header.IcmpType << 8) | header.IcmpCode);
        }
        else if (timestampNs > direction.LastNs)
        {
            direction.LastNs = timestampNs;
        }
        else if (timestampNs < direction.FirstNs)
        {
            direction.FirstNs = timestampNs;
        }

        direction.OctetCount += header.IpLength;
        if (header.PayloadLength > 0)
            direction.PayloadPacketCount++;
        if (header.Protocol == IpProtocol.Tcp)
            AccumulateTcp(ref record, ref direction, in header, forward);
    }

    private static void AccumulateTcp(ref BiflowRecord record, ref DirectionCounters direction, in PacketHeader header, bool forward)
    {
        var flags = header.TcpFlags;
        direction.TcpFlags |= flags;
        if (!record.HandshakeCompleted && (flags & TcpControlBits.Ack) != 0)
            FollowHandshake(ref record, in header, forward);
        if ((flags & TcpControlBits.Rst) != 0)
            record.Closed = true;
        else if ((flags & TcpControlBits.Fin) != 0
            && (record.ForwardCounters.TcpFlags & record.ReverseCounters.TcpFlags & TcpControlBits.Fin) != 0)
            record.Closed = true;
    }

    private static void FollowHandshake(ref BiflowRecord record, in PacketHeader header, bool forward)
    {
        const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
        if (!forward)
        {
            if ((header.TcpFlags & (SynAck | TcpControlBits.Rst)) == SynAck)
            {
                record.ResponderSequence = header.TcpSequence;
                record.ResponderSequenceKnown = true;
            }
        }
        else if (record.ResponderSequenceKnown && (header.TcpFlags & TcpControlBits.Rst) == 0)
        {
            // Data of the responder may be acknowledged along with its SYN; anything under a window's length ahead counts.
            var ahead = header.TcpAcknowledgement - record.ResponderSequence;
            record.HandshakeCompleted = ahead is >= 1 and <= 1 << 20;
        }
    }
}
