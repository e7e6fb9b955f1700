namespace EdgeSensors.Protocol.Encoding;

/// <summary>CBOR of <see cref="PickedFlow"/>; rule <c>picked-flow</c> of the CDDL.</summary>
internal static class PickedFlowFields
{
    public static void Write(MessageWriter w, PickedFlow f)
    {
        w.StartMap();
        w.Count(Keys.OctetDeltaCount, f.Octets);
        w.Count(Keys.PacketDeltaCount, f.Packets);
        w.UInt(Keys.ProtocolIdentifier, (ulong)f.ProtocolIdentifier);
        w.Count(Keys.TcpControlBits, f.TcpControlBits);
        w.Count(Keys.SourceTransportPort, f.SourcePort);
        w.Count(Keys.DestinationTransportPort, f.DestinationPort);
        Write(w, f.Source, Keys.SourceIPv4Address, Keys.SourceIPv6Address, Keys.SourcePseudonym);
        Write(w, f.Destination, Keys.DestinationIPv4Address, Keys.DestinationIPv6Address, Keys.DestinationPseudonym);
        w.Count(Keys.FlowEndReason, f.EndReason);
        w.Time(Keys.FlowStartMilliseconds, f.Start);
        w.Time(Keys.FlowEndMilliseconds, f.End);
        w.UInt(Keys.Direction, (ulong)f.Direction);
        w.UInt(Keys.Reason, (ulong)f.Reason);
        w.Count(-Keys.OctetDeltaCount, f.ReverseOctets);
        w.Count(-Keys.PacketDeltaCount, f.ReversePackets);
        w.Count(-Keys.TcpControlBits, f.ReverseTcpControlBits);
        w.EndMap();
    }

    public static void Write(MessageWriter w, FlowEnd end, int ipv4Key, int ipv6Key, int pseudonymKey)
    {
        if (end.Address is { } address)
        {
            w.Address(address.IsIPv4 ? ipv4Key : ipv6Key, address);
        }
        else
        {
            w.Bytes(pseudonymKey, end.Pseudonym.Span);
        }
    }

    public static PickedFlow Read(MessageReader r)
    {
        FlowEnd? source = null, destination = null;
        ulong? protocol = null, direction = null;
        DetectorKind? reason = null;
        UnixMilliseconds? start = null, end = null;
        ulong packets = 0, octets = 0, reversePackets = 0, reverseOctets = 0, endReason = 0;
        ushort sourcePort = 0, destinationPort = 0, bits = 0, reverseBits = 0;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.OctetDeltaCount: octets = r.UInt(); return true;
                case Keys.PacketDeltaCount: packets = r.UInt(); return true;
                case -Keys.OctetDeltaCount: reverseOctets = r.UInt(); return true;
                case -Keys.PacketDeltaCount: reversePackets = r.UInt(); return true;
                case Keys.ProtocolIdentifier: protocol = r.UInt(byte.MaxValue); return true;
                case Keys.TcpControlBits: bits = (ushort)r.UInt(ushort.MaxValue); return true;
                case -Keys.TcpControlBits: reverseBits = (ushort)r.UInt(ushort.MaxValue); return true;
                case Keys.SourceTransportPort: sourcePort = (ushort)r.UInt(ushort.MaxValue); return true;
                case Keys.DestinationTransportPort: destinationPort = (ushort)r.UInt(ushort.MaxValue); return true;
                case Keys.SourceIPv4Address: source = Once(source, FlowEnd.Clear(r.Address(4))); return true;
                case Keys.SourceIPv6Address: source = Once(source, FlowEnd.Clear(r.Address(16))); return true;
                case Keys.SourcePseudonym: source = Once(source, Pseudonym(r)); return true;
                case Keys.DestinationIPv4Address: destination = Once(destination, FlowEnd.Clear(r.Address(4))); return true;
                case Keys.DestinationIPv6Address: destination = Once(destination, FlowEnd.Clear(r.Address(16))); return true;
                case Keys.DestinationPseudonym: destination = Once(destination, Pseudonym(r)); return true;
                case Keys.FlowEndReason: endReason = r.UInt(5); return true;
                case Keys.FlowStartMilliseconds: start = r.Time(); return true;
                case Keys.FlowEndMilliseconds: end = r.Time(); return true;
                case Keys.Direction: direction = r.UInt(3); return true;
                case Keys.Reason: reason = Detector(r); return true;
                default: return false;
            }
        });
        return new PickedFlow
        {
            Reason = FieldException.Required(reason, "reason"),
            Direction = (TrafficDirection)FieldException.Required(direction, "direction"),
            Source = FieldException.Required(source, "source"),
            Destination = FieldException.Required(destination, "destination"),
            ProtocolIdentifier = (byte)FieldException.Required(protocol, "protocolIdentifier"),
            SourcePort = sourcePort,
            DestinationPort = destinationPort,
            Start = FieldException.Required(start, "flowStartMilliseconds"),
            End = FieldException.Required(end, "flowEndMilliseconds"),
            Packets = packets,
            Octets = octets,
            ReversePackets = reversePackets,
            ReverseOctets = reverseOctets,
            TcpControlBits = bits,
            ReverseTcpControlBits = reverseBits,
            EndReason = (byte)endReason,
        };
    }

    public static DetectorKind Detector(MessageReader r) => r.Enumeration(v => v is >= 1 and <= 5 ? (DetectorKind?)v : null);

    public static FlowEnd Pseudonym(MessageReader r) => FlowEnd.Protected(r.Bytes(FlowEnd.PseudonymOctets, FlowEnd.PseudonymOctets));

    /// <summary>Refuses an end that is given twice, which would say in clear what the pseudonym hides.</summary>
    public static FlowEnd Once(FlowEnd? before, FlowEnd now) =>
        before is null ? now : throw new FieldException(ProtocolErrorKind.InvalidField, "an end that is given twice");
}
