using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace EdgeSensors.Metering.Decode;

/// <summary>
/// An IPv4 or IPv6 address as two 64-bit numbers in big-endian sense, so that it compares and hashes without a pointer.
/// IPv4 is held in the form ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
/// </summary>
/// <param name="High">The first eight octets.</param>
/// <param name="Low">The last eight octets.</param>
public readonly record struct HostAddress(ulong High, ulong Low) : IComparable<HostAddress>
{
    /// <summary>Octets that the longest text of an address takes.</summary>
    public const int MaxTextLength = 39;

    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>Whether the value is an IPv4 address in its mapped form.</summary>
    public bool IsIPv4 => High == 0 && Low >> 32 == 0xFFFF;

    /// <summary>Makes an IPv4 address from its 32-bit number (1.2.3.4 is 0x01020304).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HostAddress FromIPv4(uint address) => new(0, MappedPrefix | address);

    /// <summary>Makes an IPv6 address from sixteen octets in network byte order.</summary>
    public static HostAddress FromIPv6(ReadOnlySpan<byte> octets) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]));

    /// <summary>Makes the value from a framework address.</summary>
    public static HostAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets))
            : FromIPv6(octets);
    }

    /// <summary>The framework's form of this address; a mapped address becomes an IPv4 address.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[16];
        return new IPAddress(octets[..WriteOctets(octets)]);
    }

    /// <summary>Writes the address in network byte order, 4 octets for IPv4 and 16 for IPv6, and returns how many.</summary>
    /// <param name="destination">At least 16 octets.</param>
    public int WriteOctets(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Low);
            return 4;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
        return 16;
    }

    /// <inheritdoc/>
    public int CompareTo(HostAddress other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Orders addresses by their octets.</summary>
    public static bool operator <(HostAddress left, HostAddress right) => left.High < right.High || (left.High == right.High && left.Low < right.Low);

    /// <summary>Orders addresses by their octets.</summary>
    public static bool operator >(HostAddress left, HostAddress right) => right < left;

    /// <summary>Orders addresses by their octets.</summary>
    public static bool operator <=(HostAddress left, HostAddress right) => !(right < left);

    /// <summary>Orders addresses by their octets.</summary>
    public static bool operator >=(HostAddress left, HostAddress right) => !(left < right);

    /// <summary>Writes the text of RFC 5952 (dotted decimal for IPv4) as ASCII without allocating.</summary>
    /// <param name="destination">At least <see cref="MaxTextLength"/> octets.</param>
    /// <param name="length">How many were written.</param>
    public bool TryFormat(Span<byte> destination, out int length)
    {
        length = 0;
        if (destination.Length < MaxTextLength)
            return false;
        length = IsIPv4 ? FormatIPv4(destination) : FormatIPv6(destination);
        return true;
    }

    /// <summary>The text of RFC 5952 (dotted decimal for IPv4).</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[MaxTextLength];
        TryFormat(text, out var length);
        return System.Text.Encoding.ASCII.GetString(text[..length]);
    }

    private int FormatIPv4(Span<byte> destination)
    {
        var length = 0;
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            System.Buffers.Text.Utf8Formatter.TryFormat((byte)(Low >> shift), destination[length..], out var written);
            length += written;
            if (shift > 0)
                destination[length++] = (byte)'.';
        }

        return length;
    }

    /// <summary>RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as "::".</summary>
    private int FormatIPv6(Span<byte> destination)
    {
        var (runStart, runLength) = LongestZeroRun();
        var length = 0;
        for (var group = 0; group < 8; group++)
        {
            if (group == runStart)
            {
                destination[length++] = (byte)':';
                destination[length++] = (byte)':';
                group += runLength - 1;
                continue;
            }

            if (group > 0 && group != runStart + runLength)
                destination[length++] = (byte)':';
            System.Buffers.Text.Utf8Formatter.TryFormat(Group(group), destination[length..], out var written, new System.Buffers.StandardFormat('x'));
            length += written;
        }

        return length;
    }

    private (int Start, int Length) LongestZeroRun()
    {
        var (bestStart, bestLength) = (-8, 1);
        for (var group = 0; group < 8; group++)
        {
            var end = group;
            while (end < 8 && Group(end) == 0)
                end++;
            if (end - group > bestLength)
                (bestStart, bestLength) = (group, end - group);
            group = Math.Max(group, end - 1);
        }

        return (bestStart, bestLength);
    }

    private ushort Group(int group) => (ushort)((group < 4 ? High : Low) >> (48 - (16 * (group & 3))));
}
