using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>What was read from one record before it makes sense as a whole: both address families, times in the exporter's units, sampling figures.</summary>
internal struct RecordValues
{
    public const long None = long.MinValue;

    /// <summary>What NTP counts from (RFC 5905), in seconds before the Unix epoch.</summary>
    private const long NtpEpochSeconds = 2_208_988_800;

    public HostAddress Source4;
    public HostAddress Destination4;
    public HostAddress Source6;
    public HostAddress Destination6;
    public HostAddress NextHop4;
    public HostAddress NextHop6;
    public bool HasSource4;
    public bool HasDestination4;
    public bool HasSource6;
    public bool HasDestination6;
    public bool HasIcmpType;
    public bool HasNextHop4;
    public bool HasNextHop6;
    public bool HasSampling;
    public bool HasTemplateScope;
    public byte IpVersion;
    public byte IcmpType;
    public byte IcmpCode;
    public ushort TemplateScope;
    public uint FrameSize;

    /// <summary>Nanoseconds since the Unix epoch, or <see cref="None"/>.</summary>
    public long StartNs;
    public long EndNs;
    public long ObservationNs;
    public long SystemInitNs;
    public long DurationNs;

    /// <summary>Nanoseconds before the export time, or <see cref="None"/>.</summary>
    public long StartDeltaNs;
    public long EndDeltaNs;

    /// <summary>Milliseconds since the exporter's start, or <see cref="None"/>.</summary>
    public long StartUptimeMs;
    public long EndUptimeMs;

    public double Interval;
    public double PacketInterval;

    /// <summary>Not a number where it was not given.</summary>
    public double PacketSpace;

    public double Size;
    public double Population;
    public double Probability;

    public void Reset()
    {
        this = default;
        StartNs = EndNs = ObservationNs = SystemInitNs = DurationNs = StartDeltaNs = EndDeltaNs = StartUptimeMs = EndUptimeMs = None;
        PacketSpace = double.NaN;
    }

    /// <summary>Reads a big-endian unsigned integer of 1 to 8 octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Unsigned(ReadOnlySpan<byte> octets) => octets.Length switch
    {
        1 => octets[0],
        2 => BinaryPrimitives.ReadUInt16BigEndian(octets),
        4 => BinaryPrimitives.ReadUInt32BigEndian(octets),
        8 => BinaryPrimitives.ReadUInt64BigEndian(octets),
        _ => OddLength(octets),
    };

    /// <summary>A 64-bit NTP timestamp (RFC 7011 §6.1.9) in nanoseconds since the Unix epoch.</summary>
    public static long Ntp(ReadOnlySpan<byte> octets)
    {
        var value = BinaryPrimitives.ReadUInt64BigEndian(octets);
        var fraction = ((value & 0xFFFF_FFFF) * 1_000_000_000) >> 32;
        return Scale((long)(value >> 32) - NtpEpochSeconds, 1_000_000_000) + (long)fraction;
    }

    /// <summary>A count of a unit since the Unix epoch in nanoseconds; what no clock can mean becomes <see cref="None"/>.</summary>
    public static long Scale(ulong value, long unitNs) => value <= (ulong)(long.MaxValue / unitNs / 2) ? (long)value * unitNs : None;

    private static long Scale(long value, long unitNs) => value * unitNs;

    private static ulong OddLength(ReadOnlySpan<byte> octets)
    {
        ulong value = 0;
        foreach (var octet in octets)
            value = (value << 8) | octet;
        return value;
    }
}
