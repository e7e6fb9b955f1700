using System.Buffers.Binary;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>A number that copies of a datagram share and different datagrams practically never do: from its length, its first 40 octets and its last 16.</summary>
internal static class Fingerprint
{
    private const int Head = 40;
    private const int Tail = 16;

    public static ulong Of(ReadOnlySpan<byte> message)
    {
        var hash = (ulong)message.Length * 0x9E3779B97F4A7C15;
        Mix(ref hash, message.Length <= Head ? message : message[..Head]);
        if (message.Length > Head)
            Mix(ref hash, message.Length <= Head + Tail ? message[Head..] : message[^Tail..]);
        return hash | 1;
    }

    private static void Mix(ref ulong hash, ReadOnlySpan<byte> octets)
    {
        for (; octets.Length >= 8; octets = octets[8..])
            Add(ref hash, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        foreach (var octet in octets)
            Add(ref hash, octet);
    }

    private static void Add(ref ulong hash, ulong value)
    {
        var high = Math.BigMul(hash ^ value, 0xA0761D6478BD642F, out var low);
        hash = high ^ low;
    }
}
