using System.Buffers.Binary;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Export;

/// <summary>Writes a data record field by field, in the order of its <see cref="FlowTemplate"/>.</summary>
/// <param name="octets">Where to.</param>
internal ref struct FlowRecordWriter(Span<byte> octets)
{
    /// <summary>biflowDirection (RFC 5103 §6.3): the record's source sent the first packet.</summary>
    private const byte Initiator = 1;

    /// <summary>biflowDirection: the record's destination sent the first packet.</summary>
    private const byte ReverseInitiator = 2;

    /// <summary>The first octet of layer2SegmentId says what numbers it.</summary>
    private const byte VxlanSegment = 1;
    private const byte NvgreSegment = 2;

    private Span<byte> _rest = octets;

    /// <summary>What a record of this flow must hold.</summary>
    /// <param name="record">The flow.</param>
    /// <param name="withReverse">Both directions, not one.</param>
    public static FlowShape ShapeOf(ref readonly BiflowRecord record, bool withReverse)
    {
        var shape = record.IpVersion == 6 ? FlowShape.IPv6 : FlowShape.None;
        if (record.Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
            shape |= FlowShape.Ports;
        if (record.Protocol == IpProtocol.Tcp)
            shape |= FlowShape.TcpFlags;
        if (record.Forward.HasIcmp || record.Reverse.HasIcmp)
            shape |= FlowShape.Icmp;
        if (record.VlanId != 0 || record.CustomerVlanId != 0)
            shape |= FlowShape.Vlan;
        shape |= record.Tunnel switch
        {
            TunnelKind.Vxlan or TunnelKind.Nvgre => FlowShape.Segment,
            TunnelKind.GtpU => FlowShape.GtpTunnel,
            _ => FlowShape.None, // the registry has no element for the rest
        };
        return withReverse ? shape | FlowShape.Reverse : shape;
    }

    /// <summary>Both directions in one record; its times are those of the first and last packet of either.</summary>
    public void WriteBiflow(ref readonly BiflowRecord record, FlowShape shape)
    {
        var (forward, reverse) = (record.Forward, record.Reverse);
        WriteKey(in record, shape, fromInitiator: true);
        WriteTimes(record.FirstNs, record.LastNs);
        WriteCounters(in forward, shape);
        WriteContext(in record, shape, Initiator);
        WriteTimes(reverse.FirstNs, reverse.LastNs);
        WriteCounters(in reverse, shape);
    }

    /// <summary>One direction, with the times of its own packets.</summary>
    public void WriteUniflow(ref readonly BiflowRecord record, FlowShape shape, bool fromInitiator)
    {
        var direction = fromInitiator ? record.Forward : record.Reverse;
        WriteKey(in record, shape, fromInitiator);
        WriteTimes(direction.FirstNs, direction.LastNs);
        WriteCounters(in direction, shape);
        WriteContext(in record, shape, fromInitiator ? Initiator : ReverseInitiator);
    }

    private void WriteKey(ref readonly BiflowRecord record, FlowShape shape, bool fromInitiator)
    {
        WriteAddress(fromInitiator ? record.Source : record.Destination, shape);
        WriteAddress(fromInitiator ? record.Destination : record.Source, shape);
        if ((shape & FlowShape.Ports) != 0)
        {
            U16(fromInitiator ? record.SourcePort : record.DestinationPort);
            U16(fromInitiator ? record.DestinationPort : record.SourcePort);
        }

        U8((byte)record.Protocol);
    }

    private void WriteTimes(long firstNs, long lastNs)
    {
        U64((ulong)(firstNs / 1_000_000));
        U64((ulong)(lastNs / 1_000_000));
    }

    private void WriteCounters(ref readonly DirectionCounters direction, FlowShape shape)
    {
        U64((ulong)direction.PacketCount);
        U64((ulong)direction.OctetCount);
        if ((shape & FlowShape.TcpFlags) != 0)
        {
            U8((byte)direction.TcpFlags);
            U8((byte)direction.FirstTcpFlags);
        }

        if ((shape & FlowShape.Icmp) != 0)
            U16(direction.IcmpTypeCode);
    }

    private void WriteContext(ref readonly BiflowRecord record, FlowShape shape, byte biflowDirection)
    {
        if ((shape & FlowShape.Vlan) != 0)
        {
            U16(record.VlanId);
            U16(record.CustomerVlanId);
        }

        if ((shape & FlowShape.Segment) != 0)
            U64(((ulong)(record.Tunnel == TunnelKind.Vxlan ? VxlanSegment : NvgreSegment) << 56) | record.TunnelId);
        if ((shape & FlowShape.GtpTunnel) != 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_rest, record.TunnelId);
            _rest = _rest[4..];
        }

        U8((byte)record.EndReason);
        U8(biflowDirection);
    }

    /// <summary>A record's shape says the family, not the address: an IPv6 packet may name an IPv4-mapped address.</summary>
    private void WriteAddress(HostAddress address, FlowShape shape)
    {
        if ((shape & FlowShape.IPv6) != 0)
        {
            U64(address.High);
            U64(address.Low);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(_rest, (uint)address.Low);
            _rest = _rest[4..];
        }
    }

    private void U8(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    private void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_rest, value);
        _rest = _rest[2..];
    }

    private void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_rest, value);
        _rest = _rest[8..];
    }
}
