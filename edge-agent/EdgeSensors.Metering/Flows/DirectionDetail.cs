using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>What is kept of one direction beyond its counters; all 0 when it had no packet.</summary>
public struct DirectionDetail
{
    private ulong _ttlSum;
    private uint _packets;
    private uint _nextSequence;
    private bool _sequenceKnown;

    /// <summary>The smallest IP length in octets (IPFIX minimumIpTotalLength).</summary>
    public int MinIpLength { get; private set; }

    /// <summary>The largest IP length in octets (IPFIX maximumIpTotalLength).</summary>
    public int MaxIpLength { get; private set; }

    /// <summary>The smallest time to live or hop limit (IPFIX minimumTTL).</summary>
    public byte MinTtl { get; private set; }

    /// <summary>The largest time to live or hop limit (IPFIX maximumTTL).</summary>
    public byte MaxTtl { get; private set; }

    /// <summary>The mean time to live or hop limit.</summary>
    public readonly double TtlMean => _packets == 0 ? 0 : (double)_ttlSum / _packets;

    /// <summary>
    /// TCP segments with SYN, FIN or payload that begin before the end of what the direction had sent already: sent again, or overtaken on the way; keep-alives
    /// (RFC 9293 §3.8.4: one octet before it) are none.
    /// </summary>
    public uint RetransmissionCount { get; private set; }

    /// <summary>TCP segments without SYN, FIN and RST that announce a window of 0.</summary>
    public uint ZeroWindowCount { get; private set; }

    internal void Add(in KeyedPacket packet)
    {
        var first = _packets++ == 0;
        MinIpLength = first ? packet.IpLength : Math.Min(MinIpLength, packet.IpLength);
        MaxIpLength = Math.Max(MaxIpLength, packet.IpLength);
        MinTtl = first ? packet.HopLimit : Math.Min(MinTtl, packet.HopLimit);
        MaxTtl = Math.Max(MaxTtl, packet.HopLimit);
        _ttlSum += packet.HopLimit;
    }

    internal void AddTcp(in KeyedPacket packet)
    {
        const TcpControlBits Ends = TcpControlBits.Syn | TcpControlBits.Fin;
        if (packet.TcpSequence == 0 && packet.TcpAcknowledgement == 0 && packet.TcpWindow == 0)
            return; // the header was cut before them, or is that of a probe
        var flags = packet.TcpFlags;
        if (packet.TcpWindow == 0 && (flags & (Ends | TcpControlBits.Rst)) == 0)
            ZeroWindowCount++;
        var length = (uint)packet.PayloadLength + ((flags & TcpControlBits.Syn) != 0 ? 1u : 0) + ((flags & TcpControlBits.Fin) != 0 ? 1u : 0);
        if (length == 0 || (flags & TcpControlBits.Rst) != 0)
            return;
        var end = packet.TcpSequence + length;
        var keepAlive = length == 1 && (flags & Ends) == 0 && end == _nextSequence;
        if (_sequenceKnown && (int)(packet.TcpSequence - _nextSequence) < 0 && !keepAlive)
            RetransmissionCount++;
        if (!_sequenceKnown || (int)(end - _nextSequence) > 0)
            _nextSequence = end;
        _sequenceKnown = true;
    }
}
