using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <content>What a packet does to its record.</content>
public sealed partial class FlowTable
{
    private const int SumsApart = 112;
    private const int LastApart = 72;

    private static void Begin(ref BiflowRecord record, in KeyedPacket packet)
    {
        record.Key.Tail.Marks |= packet.FromA ? RecordMarks.InitiatorIsA : 0;
        record.Tunnel = packet.Tunnel;
        record.TunnelId = packet.TunnelId;
    }

    /// <remarks>Both ways are one path: which direction's fields are meant is an offset, because a branch on it would be mispredicted every other time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(ref BiflowRecord record, in KeyedPacket packet)
    {
        var fromA = packet.FromA;
        var back = (((int)record.Key.Tail.Marks >> 1) & 1) ^ Unsafe.As<bool, byte>(ref fromA);
        ref var sums = ref Unsafe.AddByteOffset(ref record.ForwardSums, back * SumsApart);
        ref var lastNs = ref Unsafe.AddByteOffset(ref record.ForwardLastNs, back * LastApart);
        ref var flags = ref Unsafe.Add(ref record.ForwardFlags, back);

        var length = (ulong)(uint)packet.IpLength;
        sums.OctetCount += length;
        sums.SquaredOctets += length * length;
        sums.PayloadPacketCount += packet.PayloadLength > 0 ? 1u : 0;
        if (sums.PacketCount++ == 0)
        {
            BeginDirection(ref record, in packet, ref flags, back == 0);
            lastNs = packet.TimestampNs;
        }
        else
        {
            var gap = packet.TimestampNs - lastNs;
            if (gap >= 0)
            {
                lastNs = packet.TimestampNs;
                sums.SquaredGaps += (double)gap * gap;
            }
            else
            {
                AddEarlier(ref record, packet.TimestampNs, back == 0);
            }
        }

        if (sums.IsFull)
            record.Key.Tail.Marks |= RecordMarks.Full;
        if (packet.Key.Protocol == IpProtocol.Tcp)
        {
            flags.Union |= packet.TcpFlags;
            FollowTcp(ref record, in packet, back == 0);
        }
    }

    private static void BeginDirection(ref BiflowRecord record, in KeyedPacket packet, ref DirectionFlags flags, bool forward)
    {
        ref var marks = ref record.Key.Tail.Marks;
        if (packet.HasIcmp)
        {
            flags.SetIcmp(packet.FlagsOrIcmp);
            marks |= forward ? RecordMarks.ForwardHasIcmp : RecordMarks.ReverseHasIcmp;
        }
        else
        {
            flags.First = packet.TcpFlags;
        }

        var other = forward ? record.ReverseSums.PacketCount : record.ForwardSums.PacketCount;
        if (other == 0)
        {
            record.RecordFirstNs = packet.TimestampNs;
            marks = (marks & ~(RecordMarks.Empty | RecordMarks.ReverseIsFirst)) | (forward ? 0 : RecordMarks.ReverseIsFirst);
            return;
        }

        record.OtherFirstNs = packet.TimestampNs;
        OrderFirsts(ref record);
    }

    /// <summary>A packet that was overtaken in its direction: it may be the first all the same.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddEarlier(ref BiflowRecord record, long timestampNs, bool forward)
    {
        ref var first = ref forward == record.Is(RecordMarks.ReverseIsFirst) ? ref record.OtherFirstNs : ref record.RecordFirstNs;
        if (timestampNs >= first)
            return;
        first = timestampNs;
        if (record.ForwardSums.PacketCount > 0 && record.ReverseSums.PacketCount > 0)
            OrderFirsts(ref record);
    }

    private static void OrderFirsts(ref BiflowRecord record)
    {
        if (record.OtherFirstNs >= record.RecordFirstNs)
            return;
        (record.RecordFirstNs, record.OtherFirstNs) = (record.OtherFirstNs, record.RecordFirstNs);
        record.Key.Tail.Marks ^= RecordMarks.ReverseIsFirst;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FollowTcp(ref BiflowRecord record, in KeyedPacket packet, bool forward)
    {
        var flags = packet.TcpFlags;
        ref var marks = ref record.Key.Tail.Marks;
        if ((marks & RecordMarks.HandshakeCompleted) == 0 && (flags & TcpControlBits.Ack) != 0)
            FollowHandshake(ref record, in packet, forward);
        if ((flags & (TcpControlBits.Rst | TcpControlBits.Fin)) != 0
            && ((flags & TcpControlBits.Rst) != 0 || (record.ForwardFlags.Union & record.ReverseFlags.Union & TcpControlBits.Fin) != 0))
        {
            marks |= RecordMarks.Closed;
        }
    }

    private static void FollowHandshake(ref BiflowRecord record, in KeyedPacket packet, bool forward)
    {
        const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
        if (!forward)
        {
            if ((packet.TcpFlags & (SynAck | TcpControlBits.Rst)) == SynAck)
            {
                record.ResponderSequence = packet.TcpSequence;
                record.Key.Tail.Marks |= RecordMarks.ResponderSequenceKnown;
            }
        }
        else if (record.Is(RecordMarks.ResponderSequenceKnown) && (packet.TcpFlags & TcpControlBits.Rst) == 0)
        {
            // Data of the responder may be acknowledged along with its SYN; anything under a window's length ahead counts.
            var ahead = packet.TcpAcknowledgement - record.ResponderSequence;
            if (ahead is >= 1 and <= 1 << 20)
                record.Key.Tail.Marks |= RecordMarks.HandshakeCompleted;
        }
    }
}
