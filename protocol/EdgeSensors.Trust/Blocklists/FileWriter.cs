using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>Writes the fields of a blocklist file in their order.</summary>
internal sealed class FileWriter
{
    private readonly ArrayBufferWriter<byte> _file = new();

    public int Length => _file.WrittenCount;

    public void Octets(ReadOnlySpan<byte> octets) => _file.Write(octets);

    public void UInt8(int value) => Octets([(byte)value]);

    public void UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_file.GetSpan(2), (ushort)value);
        _file.Advance(2);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_file.GetSpan(4), value);
        _file.Advance(4);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_file.GetSpan(8), value);
        _file.Advance(8);
    }

    public void Key(SectionKey key)
    {
        UInt8(key.Category.Text.Length);
        Octets(Encoding.ASCII.GetBytes(key.Category.Text));
        UInt8(key.IsIPv4 ? 4 : 6);
        UInt8(key.PrefixLength);
        Int64(key.NotAfter.Value);
    }

    public void Coded(BitWriter coded)
    {
        var octets = coded.Finish();
        UInt32((uint)octets.Length);
        Octets(octets);
    }

    public byte[] ToArray() => _file.WrittenSpan.ToArray();
}
