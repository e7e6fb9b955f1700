using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>Reads the outcome off a record; nothing is kept for it.</summary>
internal static class FlowOutcomes
{
    public static FlowOutcome Of(ref readonly BiflowRecord record)
    {
        if (record.Protocol == IpProtocol.Tcp)
            return OfTcp(in record);
        if (record.RefusedByIcmp)
            return FlowOutcome.Refused;
        if (record.ReverseSums.PacketCount > 0 && record.ForwardSums.PacketCount > 0)
            return FlowOutcome.Established;
        return record.Continued ? FlowOutcome.Unknown : FlowOutcome.Attempted;
    }

    private static FlowOutcome OfTcp(ref readonly BiflowRecord record)
    {
        const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
        var (forward, reverse) = (record.ForwardFlags.Union, record.ReverseFlags.Union);
        var opened = (forward & TcpControlBits.Syn) != 0;

        // What was under way when the capture began is known to have stood once both sides have sent an ACK without a SYN before it.
        var stood = record.HandshakeCompleted || (!opened && (forward & reverse & TcpControlBits.Ack) != 0) || record.ForwardSums.PayloadPacketCount > 0 && record.ReverseSums.PayloadPacketCount > 0;
        if (!stood && (record.RefusedByIcmp || (reverse & TcpControlBits.Rst) != 0))
            return FlowOutcome.Refused;
        if ((reverse & TcpControlBits.Rst) != 0)
            return FlowOutcome.ResetByResponder;
        if ((forward & TcpControlBits.Rst) != 0)
            return FlowOutcome.ResetByInitiator;
        if ((forward & reverse & TcpControlBits.Fin) != 0)
            return FlowOutcome.Closed;
        if (((forward | reverse) & TcpControlBits.Fin) != 0)
            return FlowOutcome.HalfClosed;
        if (record.HandshakeCompleted || (stood && opened))
            return FlowOutcome.Established;
        if (opened && (reverse & SynAck) == SynAck)
            return FlowOutcome.HalfOpen;
        return opened && record.ReverseSums.PacketCount == 0 ? FlowOutcome.Attempted : FlowOutcome.Unknown;
    }
}
