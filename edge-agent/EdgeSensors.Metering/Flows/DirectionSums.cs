using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>One direction's running sums, 32 octets.</summary>
internal struct DirectionSums
{
    public ulong OctetCount;

    /// <summary>Sum of the squared IP lengths: exact, as a record is divided before it could overflow.</summary>
    public ulong SquaredOctets;

    /// <summary>Sum of the squared gaps in ns². All terms are positive, so after n gaps the relative error is below n × 2⁻⁵³.</summary>
    public double SquaredGaps;
    public uint PacketCount;
    public uint PayloadPacketCount;

    /// <summary>Whether a counter is half full.</summary>
    public readonly bool IsFull
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)((uint)(OctetCount >> 32) | (uint)(SquaredOctets >> 32) | PacketCount) < 0;
    }
}

/// <summary>A direction's TCP control bits; or, of ICMP, which has none, the first message's type and code in the same two octets.</summary>
internal struct DirectionFlags
{
    public TcpControlBits Union;
    public TcpControlBits First;

    public readonly ushort IcmpTypeCode => (ushort)(((int)First << 8) | (int)Union);

    public void SetIcmp(ushort typeCode) => (First, Union) = ((TcpControlBits)(typeCode >> 8), (TcpControlBits)typeCode);
}
