using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.Protocol;

/// <summary>An IPv4 or IPv6 prefix with all host bits zero (RFC 4632 §3.1, RFC 4291 §2.3); a single address is a /32 or /128.</summary>
public readonly record struct Prefix : IComparable<Prefix>
{
    private readonly UInt128 _bits; // network byte order, left-aligned: an IPv4 address fills the top 32 bits
    private readonly byte _length;
    private readonly byte _addressLength; // 4 or 16; 0 only in default

    private Prefix(UInt128 bits, int length, int addressLength)
    {
        _bits = bits;
        _length = (byte)length;
        _addressLength = (byte)addressLength;
    }

    /// <summary>The number of leading bits that are fixed: 0 to 32 or 0 to 128.</summary>
    public int Length => _length;

    /// <summary>Whether this is an IPv4 prefix.</summary>
    public bool IsIPv4 => _addressLength == 4;

    /// <summary>Octets of an address of this family: 4 or 16.</summary>
    public int AddressLength => _addressLength;

    /// <summary>Whether it holds exactly one address.</summary>
    public bool IsSingleAddress => _length == _addressLength * 8;

    /// <summary>The first address.</summary>
    public IPAddress Address
    {
        get
        {
            Span<byte> octets = stackalloc byte[16];
            return new IPAddress(octets[..CopyAddress(octets)]);
        }
    }

    /// <summary>A prefix from an address in network byte order; false when the lengths do not fit or a host bit is set.</summary>
    /// <param name="address">4 or 16 octets.</param>
    /// <param name="length">Leading bits that count.</param>
    /// <param name="prefix">The prefix.</param>
    public static bool TryCreate(ReadOnlySpan<byte> address, int length, out Prefix prefix)
    {
        prefix = default;
        if (address.Length is not (4 or 16) || length < 0 || length > address.Length * 8)
        {
            return false;
        }

        var bits = Align(address);
        if ((bits & ~Mask(length)) != 0)
        {
            return false;
        }

        prefix = new Prefix(bits, length, address.Length);
        return true;
    }

    /// <summary>The prefix of a given length that an address lies in; throws <see cref="ArgumentException"/> when the lengths do not fit.</summary>
    /// <param name="address">4 or 16 octets in network byte order.</param>
    /// <param name="length">Leading bits that count; the address's own length when left out.</param>
    public static Prefix Of(ReadOnlySpan<byte> address, int? length = null)
    {
        var bits = length ?? address.Length * 8;
        if (address.Length is not (4 or 16) || bits < 0 || bits > address.Length * 8)
        {
            throw new ArgumentException("An address has 4 or 16 octets and a prefix no more bits than its address.");
        }

        return new Prefix(Align(address) & Mask(bits), bits, address.Length);
    }

    /// <summary>The single-address prefix of an address.</summary>
    public static Prefix Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Of(address.GetAddressBytes());
    }

    /// <summary>Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c> or a single address; false on anything else, a set host bit or a scope id included.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Prefix prefix)
    {
        prefix = default;
        if (text is null || text.Length > 43)
        {
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var addressText = slash < 0 ? text : text[..slash];
        // IPAddress reads "1" and "0x7f.1" as addresses too; RFC 4632 knows dotted quads of decimal numbers only.
        if (!IPAddress.TryParse(addressText, out var address) || addressText.Contains('%', StringComparison.Ordinal)
            || addressText.Contains('[', StringComparison.Ordinal)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != addressText))
        {
            return false;
        }

        var octets = address.GetAddressBytes();
        var length = octets.Length * 8;
        if (slash >= 0 && (slash + 1 >= text.Length || (text[slash + 1] == '0' && text.Length > slash + 2)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length)))
        {
            return false;
        }

        return TryCreate(octets, length, out prefix);
    }

    /// <summary>Reads a prefix that is known to be right; throws <see cref="FormatException"/> when it is not.</summary>
    public static Prefix Parse(string text) =>
        TryParse(text, out var prefix) ? prefix : throw new FormatException($"'{text}' is not an IP prefix with its host bits zero.");

    /// <summary>Whether an address (4 or 16 octets, network byte order) lies inside; false for the other family.</summary>
    public bool Contains(ReadOnlySpan<byte> address) =>
        address.Length == _addressLength && _addressLength != 0 && (Align(address) & Mask(_length)) == _bits;

    /// <summary>Whether every address of another prefix lies inside this one.</summary>
    public bool Contains(Prefix other) =>
        other._addressLength == _addressLength && other._length >= _length && (other._bits & Mask(_length)) == _bits;

    /// <summary>Whether the two share an address.</summary>
    public bool Overlaps(Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>Writes the first address in network byte order and returns its octets, 4 or 16.</summary>
    public int CopyAddress(Span<byte> destination)
    {
        if (_addressLength == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(_bits >> 96));
        }
        else if (_addressLength == 16)
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _bits);
        }

        return _addressLength;
    }

    /// <summary>IPv4 before IPv6, then by address, then the wider first.</summary>
    public int CompareTo(Prefix other)
    {
        var byFamily = _addressLength.CompareTo(other._addressLength);
        var byAddress = byFamily != 0 ? byFamily : _bits.CompareTo(other._bits);
        return byAddress != 0 ? byAddress : _length.CompareTo(other._length);
    }

    /// <summary>Sort order, see <see cref="CompareTo"/>.</summary>
    public static bool operator <(Prefix a, Prefix b) => a.CompareTo(b) < 0;

    /// <summary>Sort order, see <see cref="CompareTo"/>.</summary>
    public static bool operator >(Prefix a, Prefix b) => a.CompareTo(b) > 0;

    /// <summary>Sort order, see <see cref="CompareTo"/>.</summary>
    public static bool operator <=(Prefix a, Prefix b) => a.CompareTo(b) <= 0;

    /// <summary>Sort order, see <see cref="CompareTo"/>.</summary>
    public static bool operator >=(Prefix a, Prefix b) => a.CompareTo(b) >= 0;

    /// <summary>RFC 5952 text with the length, <c>192.0.2.0/24</c>; a single address without it.</summary>
    public override string ToString() =>
        _addressLength == 0 ? "" : IsSingleAddress ? Address.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Address}/{_length}");

    private static UInt128 Align(ReadOnlySpan<byte> address) => address.Length == 4
        ? (UInt128)BinaryPrimitives.ReadUInt32BigEndian(address) << 96
        : BinaryPrimitives.ReadUInt128BigEndian(address);

    // A shift of 128 would be a shift of 0.
    private static UInt128 Mask(int length) => length == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - length);
}
