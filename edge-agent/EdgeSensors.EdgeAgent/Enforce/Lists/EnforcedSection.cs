using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>One section of a blocklist as it is to be enforced: less what is never to be.</summary>
/// <param name="Key">What the entries have in common.</param>
/// <param name="IPv4">The first addresses of the prefixes, ascending, each once; empty in an IPv6 section.</param>
/// <param name="IPv6">Likewise; empty in an IPv4 section.</param>
/// <param name="Step">Count, limit or drop.</param>
/// <param name="Direction">Which end of a packet is looked at.</param>
/// <param name="EndsAt">The first moment that the entries are enforced no more.</param>
internal sealed record EnforcedSection(
    SectionKey Key, ReadOnlyMemory<uint> IPv4, ReadOnlyMemory<UInt128> IPv6, MitigationStep Step, SlpfDirection Direction, UnixMilliseconds EndsAt)
{
    /// <summary>Entries.</summary>
    public int Count => IPv4.Length + IPv6.Length;

    /// <summary>The family and length of its prefixes.</summary>
    public ListShape Shape => new(Key.IsIPv4, Key.PrefixLength);

    /// <summary>The prefix at a place, counted from 0.</summary>
    public Prefix this[int index]
    {
        get
        {
            Span<byte> address = stackalloc byte[16];
            if (Key.IsIPv4)
            {
                BinaryPrimitives.WriteUInt32BigEndian(address, IPv4.Span[index]);
            }
            else
            {
                BinaryPrimitives.WriteUInt128BigEndian(address, IPv6.Span[index]);
            }

            return Prefix.Of(address[..Key.AddressLength], Key.PrefixLength);
        }
    }

    /// <summary>The addresses as numbers, whatever the family.</summary>
    public ReadOnlySpan<T> Addresses<T>()
        where T : unmanaged => typeof(T) == typeof(uint)
        ? MemoryMarshal.Cast<uint, T>(IPv4.Span)
        : MemoryMarshal.Cast<UInt128, T>(IPv6.Span);

    /// <summary>Whether it goes before another for an address that both hold: what drops before what limits before what counts, then what holds longer.</summary>
    public bool GoesBefore(EnforcedSection other) => Step != other.Step ? Step > other.Step
        : EndsAt != other.EndsAt ? EndsAt > other.EndsAt
        : Key < other.Key;
}

/// <summary>Which table of the kernel entries lie in.</summary>
/// <param name="IsIPv4">The family.</param>
/// <param name="PrefixLength">Leading bits that count.</param>
internal readonly record struct ListShape(bool IsIPv4, int PrefixLength)
{
    /// <summary>Whether entries are single addresses.</summary>
    public bool IsSingle => PrefixLength == (IsIPv4 ? 32 : 128);
}
