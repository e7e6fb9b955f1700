using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>HMAC-SHA-256 (RFC 2104) of an address under an authorisation's key, cut to 16 octets: the same address is the same pseudonym as long as the key is, and says no more.</summary>
internal sealed class Pseudonymizer
{
    private readonly byte[] _key;

    /// <param name="key">32 octets.</param>
    public Pseudonymizer(byte[] key)
    {
        _key = key;
        SketchKey = BinaryPrimitives.ReadUInt64LittleEndian(HMACSHA256.HashData(key, "EdgeSensors sketch v1"u8));
    }

    /// <summary>A secret derived from the key, for sketches of own addresses.</summary>
    public ulong SketchKey { get; }

    /// <summary>The pseudonym of an address; of IPv4 over its 4 octets, of IPv6 over its 16.</summary>
    public byte[] Of(HostAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, octets[..address.WriteOctets(octets)], code);
        return code[..FlowEnd.PseudonymOctets].ToArray();
    }
}
