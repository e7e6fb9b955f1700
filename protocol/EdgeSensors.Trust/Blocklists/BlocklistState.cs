using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>The hash that names what a blocklist holds, however it was coded: SHA-256 over each section's key, count and addresses.</summary>
internal static class BlocklistState
{
    /// <summary>Octets of a state.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    public static byte[] Of(IReadOnlyList<BlocklistSection> sections)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var section in sections)
        {
            var head = new FileWriter();
            head.Key(section.Key);
            head.UInt32((uint)section.Count);
            hash.AppendData(head.ToArray());
            Append(hash, section.IPv4.Span, BinaryPrimitives.ReverseEndianness);
            Append(hash, section.IPv6.Span, BinaryPrimitives.ReverseEndianness);
        }

        return hash.GetHashAndReset();
    }

    private delegate void Reverse<T>(ReadOnlySpan<T> source, Span<T> destination);

    private static void Append<T>(IncrementalHash hash, ReadOnlySpan<T> addresses, Reverse<T> reverse)
        where T : unmanaged
    {
        var piece = new T[Math.Min(4096, addresses.Length)];
        for (var at = 0; at < addresses.Length; at += piece.Length)
        {
            var source = addresses.Slice(at, Math.Min(piece.Length, addresses.Length - at));
            var octets = piece.AsSpan(0, source.Length);
            if (BitConverter.IsLittleEndian)
            {
                reverse(source, octets);
            }
            else
            {
                source.CopyTo(octets);
            }

            hash.AppendData(MemoryMarshal.AsBytes(octets));
        }
    }
}
