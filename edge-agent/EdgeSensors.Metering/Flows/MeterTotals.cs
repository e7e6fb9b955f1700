using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>What a meter has seen in all, independent of any flow.</summary>
public sealed class MeterTotals
{
    private static readonly int StatusCount = Enum.GetValues<DecodeStatus>().Length;

    private readonly long[] _byStatus = new long[StatusCount];
    private readonly long[] _packetsByProtocol = new long[256];
    private readonly long[] _octetsByProtocol = new long[256];

    /// <summary>Frames, IP or not.</summary>
    public long PacketCount { get; private set; }

    /// <summary>Octets of all frames as they were on the wire, link headers included.</summary>
    public long FrameOctetCount { get; private set; }

    /// <summary>IP packets that were metered.</summary>
    public long IpPacketCount { get; private set; }

    /// <summary>Octets of the metered packets by their IP headers' lengths.</summary>
    public long IpOctetCount { get; private set; }

    /// <summary>Octets on the wire, link headers included, of the frames with a metered packet.</summary>
    public long IpFrameOctetCount { get; private set; }

    /// <summary>Metered packets that are IPv6; part of <see cref="IpPacketCount"/>.</summary>
    public long IPv6PacketCount { get; private set; }

    /// <summary>Fragments; part of <see cref="IpPacketCount"/>.</summary>
    public long FragmentCount { get; private set; }

    /// <summary>Frames of which fewer octets were captured than were on the wire.</summary>
    public long CutPacketCount { get; private set; }

    /// <summary>Frames by what became of them.</summary>
    public long Count(DecodeStatus status) => _byStatus[(int)status];

    /// <summary>Metered packets of a protocol.</summary>
    public long PacketsOf(IpProtocol protocol) => _packetsByProtocol[(int)protocol];

    /// <summary>Octets (IP length) of a protocol.</summary>
    public long OctetsOf(IpProtocol protocol) => _octetsByProtocol[(int)protocol];

    /// <summary>Takes in what another meter has seen of the same traffic.</summary>
    public void Merge(MeterTotals other)
    {
        ArgumentNullException.ThrowIfNull(other);
        PacketCount += other.PacketCount;
        FrameOctetCount += other.FrameOctetCount;
        IpPacketCount += other.IpPacketCount;
        IpOctetCount += other.IpOctetCount;
        IpFrameOctetCount += other.IpFrameOctetCount;
        IPv6PacketCount += other.IPv6PacketCount;
        FragmentCount += other.FragmentCount;
        CutPacketCount += other.CutPacketCount;
        for (var i = 0; i < _byStatus.Length; i++)
            _byStatus[i] += other._byStatus[i];
        for (var i = 0; i < _packetsByProtocol.Length; i++)
        {
            _packetsByProtocol[i] += other._packetsByProtocol[i];
            _octetsByProtocol[i] += other._octetsByProtocol[i];
        }
    }

    /// <summary>Adds what <see cref="PlainFrame"/> has read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddPlain(in KeyedPacket packet, int capturedLength, int originalLength)
    {
        PacketCount++;
        FrameOctetCount += originalLength;
        _byStatus[(int)DecodeStatus.Ok]++;
        CutPacketCount += capturedLength < originalLength ? 1 : 0;
        IpPacketCount++;
        IpOctetCount += packet.IpLength;
        IpFrameOctetCount += originalLength;
        _packetsByProtocol[(int)packet.Key.Protocol]++;
        _octetsByProtocol[(int)packet.Key.Protocol] += packet.IpLength;
        IPv6PacketCount += packet.Key.IpVersion == 6 ? 1 : 0;
    }

    internal void Add(DecodeStatus status, in PacketHeader header, int capturedLength, int originalLength)
    {
        PacketCount++;
        FrameOctetCount += originalLength;
        _byStatus[(int)status]++;
        if (capturedLength < originalLength)
            CutPacketCount++;
        if (header.IpVersion == 0)
            return;
        IpPacketCount++;
        IpOctetCount += header.IpLength;
        IpFrameOctetCount += originalLength;
        _packetsByProtocol[(int)header.Protocol]++;
        _octetsByProtocol[(int)header.Protocol] += header.IpLength;
        IPv6PacketCount += header.IpVersion == 6 ? 1 : 0;
        if (header.Fragment != FragmentKind.Whole)
            FragmentCount++;
    }
}
