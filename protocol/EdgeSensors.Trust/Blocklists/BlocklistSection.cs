using System.Buffers.Binary;
using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>A sorted set of prefixes of one category, family, length and expiry. Addresses are numbers whose top bit is the address's first.</summary>
public sealed class BlocklistSection
{
    private readonly uint[] _ipv4;
    private readonly UInt128[] _ipv6;

    private BlocklistSection(SectionKey key, uint[] ipv4, UInt128[] ipv6)
    {
        Key = key;
        _ipv4 = ipv4;
        _ipv6 = ipv6;
    }

    /// <summary>What the entries have in common.</summary>
    public SectionKey Key { get; }

    /// <summary>Entries: at least one.</summary>
    public int Count => _ipv4.Length + _ipv6.Length;

    /// <summary>The first addresses of the prefixes, ascending, each once; empty in an IPv6 section.</summary>
    public ReadOnlyMemory<uint> IPv4 => _ipv4;

    /// <summary>The first addresses of the prefixes, ascending, each once; empty in an IPv4 section.</summary>
    public ReadOnlyMemory<UInt128> IPv6 => _ipv6;

    /// <summary>The prefix at a place, counted from 0.</summary>
    public Prefix this[int index]
    {
        get
        {
            Span<byte> address = stackalloc byte[16];
            if (Key.IsIPv4)
            {
                BinaryPrimitives.WriteUInt32BigEndian(address, _ipv4[index]);
            }
            else
            {
                BinaryPrimitives.WriteUInt128BigEndian(address, _ipv6[index]);
            }

            return Prefix.Of(address[..Key.AddressLength], Key.PrefixLength);
        }
    }

    internal static BlocklistSection Of(SectionKey key, uint[] addresses) => new(key, addresses, []);

    internal static BlocklistSection Of(SectionKey key, UInt128[] addresses) => new(key, [], addresses);
}
