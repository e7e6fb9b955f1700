using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>What a capture file says about one of its interfaces: framing and the unit of its timestamps.</summary>
internal readonly struct CaptureInterface
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>In the year 2116: far enough, and sums with timeouts stay within 64 bits.</summary>
    private const long LatestNs = 1L << 62;

    private readonly ulong _multiply;
    private readonly ulong _divide;
    private readonly int _shift;
    private readonly Int128 _offsetNs;
    private readonly bool _plain;

    /// <param name="linkType">Framing.</param>
    /// <param name="snapshotLength">Octets kept of each packet; 0 for no limit.</param>
    /// <param name="resolution">if_tsresol: 10 to the power of minus this, or, with the top bit set, 2 to the power of minus the rest.</param>
    /// <param name="offsetSeconds">if_tsoffset: seconds to add.</param>
    public CaptureInterface(LinkType linkType, uint snapshotLength, byte resolution, long offsetSeconds)
    {
        LinkType = linkType;
        SnapshotLength = snapshotLength;
        _offsetNs = (Int128)offsetSeconds * NanosecondsPerSecond;
        _multiply = 1;
        _divide = 1;
        var exponent = resolution & 0x7F;
        if ((resolution & 0x80) != 0)
        {
            _multiply = NanosecondsPerSecond;
            _shift = exponent;
        }
        else if (exponent <= 9)
        {
            _multiply = PowerOfTen(9 - exponent);
        }
        else
        {
            // Beyond 10^-28 not even the largest timestamp reaches a nanosecond.
            _divide = exponent - 9 > 19 ? ulong.MaxValue : PowerOfTen(exponent - 9);
        }

        // Microseconds, as nearly every file has them: no wide arithmetic needed.
        _plain = _multiply == 1000 && _divide == 1 && _shift == 0 && offsetSeconds == 0;
    }

    public LinkType LinkType { get; }

    public uint SnapshotLength { get; }

    /// <summary>A raw timestamp in nanoseconds since the Unix epoch, held between 1970 and <see cref="LatestNs"/> whatever the file says.</summary>
    public long ToNanoseconds(ulong raw)
    {
        if (_plain && raw < LatestNs / 1000)
            return (long)(raw * _multiply);
        var ns = (Int128)((UInt128)raw * _multiply >> _shift) / _divide + _offsetNs;
        return ns < 0 ? 0 : ns > LatestNs ? LatestNs : (long)ns;
    }

    private static ulong PowerOfTen(int exponent)
    {
        ulong power = 1;
        while (exponent-- > 0)
            power *= 10;
        return power;
    }
}
