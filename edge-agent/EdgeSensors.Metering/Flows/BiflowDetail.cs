using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// What is kept of a biflow beyond its record where <see cref="FlowTableOptions.Detail"/> asks for it: headers only, in fixed memory. Counts of a record that continues another
/// begin anew.
/// </summary>
public struct BiflowDetail
{
    internal DirectionDetail ForwardDetail;
    internal DirectionDetail ReverseDetail;
    private FirstPackets _first;
    private long _lastNs;
    private long _synNs;
    private long _synAckNs;
    private byte _firstCount;

    /// <summary>From the initiator to the responder.</summary>
    public readonly DirectionDetail Forward => ForwardDetail;

    /// <summary>From the responder to the initiator.</summary>
    public readonly DirectionDetail Reverse => ReverseDetail;

    /// <summary>The record's first packets in their order, 16 at most.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<FirstPacket> First => ((ReadOnlySpan<FirstPacket>)_first)[.._firstCount];

    /// <summary>TCP: nanoseconds from the initiator's last SYN before the answer to the responder's first SYN and ACK; 0 where one of them was not seen, or their order was not so.</summary>
    public readonly long HandshakeNs => _synNs != 0 && _synAckNs > _synNs ? _synAckNs - _synNs : 0;

    internal void Add(in KeyedPacket packet, bool forward)
    {
        if (_firstCount < FirstPackets.Length)
        {
            var gapUs = _firstCount == 0 ? 0 : Math.Max(0, packet.TimestampNs - _lastNs) / 1000;
            _first[_firstCount++] = new FirstPacket((uint)Math.Min(gapUs, uint.MaxValue), (ushort)Math.Min(packet.IpLength, ushort.MaxValue), forward);
            _lastNs = packet.TimestampNs;
        }

        ref var direction = ref forward ? ref ForwardDetail : ref ReverseDetail;
        direction.Add(in packet);
        if (packet.Key.Protocol != IpProtocol.Tcp)
            return;
        direction.AddTcp(in packet);
        const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
        var opening = packet.TcpFlags & (SynAck | TcpControlBits.Rst);
        if (forward && opening == TcpControlBits.Syn && _synAckNs == 0)
            _synNs = packet.TimestampNs;
        else if (!forward && opening == SynAck && _synAckNs == 0)
            _synAckNs = packet.TimestampNs;
    }

    [InlineArray(Length)]
    private struct FirstPackets
    {
        public const int Length = 16;
        private FirstPacket _packet;
    }
}
