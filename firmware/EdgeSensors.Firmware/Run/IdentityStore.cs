using EdgeSensors.Firmware.Link;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// The enrolment as it goes over the serial line and lies in flash: <c>ESTI</c>, length and CRC-32 (4 octets each, big-endian), and a CBOR map with the keys
/// 1 to 11 in the order of <see cref="TapIdentity"/>'s fields; numbers and texts as they are, root and sealing key as octets.
/// </summary>
internal static class IdentityStore
{
    /// <summary>Octets before the map.</summary>
    public const int HeadSize = 12;

    private const uint Magic = 0x45535449;
    private const int Fields = 11;

    /// <summary>Writes an enrolment. Returns its octets; 0 if it does not fit.</summary>
    public static int Write(TapIdentity identity, byte[] to)
    {
        byte[] map = new byte[FlashMap.IdentitySize];
        CborWriter w = new CborWriter(map);
        w.BeginMap();
        w.Field(1, identity.Operator);
        w.Field(2, identity.Sensor);
        w.Field(3, identity.Host);
        w.Field(4, (ulong)identity.Port);
        w.Field(5, identity.Certificate);
        w.Field(6, identity.CertificateKey);
        w.Field(7, identity.Authority);
        w.Key(8);
        w.Bytes(identity.Root, 0, identity.Root.Length);
        w.Key(9);
        w.Bytes(identity.SealingKey, 0, identity.SealingKey.Length);
        w.Field(10, identity.Network);
        w.Field(11, identity.NetworkPassword);
        w.EndMap();
        if (w.Overflowed || w.Length + HeadSize > to.Length || w.Length + HeadSize > FlashMap.IdentitySize)
        {
            return 0;
        }

        BigEndian.Put32(to, 0, Magic);
        BigEndian.Put32(to, 4, (uint)w.Length);
        BigEndian.Put32(to, 8, Crc32.Of(map, 0, w.Length));
        System.Array.Copy(map, 0, to, HeadSize, w.Length);
        return w.Length + HeadSize;
    }

    /// <summary>The octets of an enrolment by its head; 0 if it is none.</summary>
    public static int LengthOf(byte[] head)
    {
        uint length = BigEndian.Get32(head, 4);
        return BigEndian.Get32(head, 0) == Magic && length <= FlashMap.IdentitySize - HeadSize ? (int)length + HeadSize : 0;
    }

    /// <summary>Reads an enrolment. Null if the octets are none, or something of it is missing.</summary>
    public static TapIdentity? Read(byte[] from, int length)
    {
        if (length < HeadSize || LengthOf(from) != length)
        {
            return null;
        }

        byte[] map = new byte[length - HeadSize];
        System.Array.Copy(from, HeadSize, map, 0, map.Length);
        if (Crc32.Of(map, 0, map.Length) != BigEndian.Get32(from, 8))
        {
            return null;
        }

        CborReader r = new CborReader();
        r.Begin(map, map.Length);
        TapIdentity identity = new TapIdentity();
        if (!r.TryMap(out int entries) || entries != Fields)
        {
            return null;
        }

        for (int i = 1; i <= Fields; i++)
        {
            if (!r.TryKey(out long key) || key != i || !ReadField(r, map, i, identity))
            {
                return null;
            }
        }

        bool whole = r.IsAtEnd && IsLabel(identity.Operator) && IsLabel(identity.Sensor) && identity.Host.Length > 0 && identity.SealingKey.Length == 32;
        return whole ? identity : null;
    }

    /// <summary>Reads the enrolment in flash. Null if there is none.</summary>
    public static TapIdentity? Load(IFlash flash)
    {
        byte[] octets = new byte[FlashMap.IdentitySize];
        flash.Read(FlashMap.Identity, octets, 0, HeadSize);
        int length = LengthOf(octets);
        if (length == 0)
        {
            return null;
        }

        flash.Read(FlashMap.Identity, octets, 0, length);
        return Read(octets, length);
    }

    private static bool ReadField(CborReader r, byte[] map, int field, TapIdentity identity)
    {
        if (field == 4)
        {
            bool good = r.TryUInt(65_535, out ulong port) && port > 0;
            identity.Port = (int)port;
            return good;
        }

        bool octets = field == 8 || field == 9;
        if (!(octets ? r.TryBytes(FlashMap.IdentitySize) : r.TryText(FlashMap.IdentitySize)))
        {
            return false;
        }

        byte[] value = new byte[r.BytesLength];
        System.Array.Copy(map, r.BytesStart, value, 0, value.Length);
        switch (field)
        {
            case 1: identity.Operator = Text(value); break;
            case 2: identity.Sensor = Text(value); break;
            case 3: identity.Host = Text(value); break;
            case 5: identity.Certificate = Text(value); break;
            case 6: identity.CertificateKey = Text(value); break;
            case 7: identity.Authority = Text(value); break;
            case 8: identity.Root = value; break;
            case 9: identity.SealingKey = value; break;
            case 10: identity.Network = Text(value); break;
            default: identity.NetworkPassword = Text(value); break;
        }

        return true;
    }

    private static string Text(byte[] value)
    {
        char[] text = new char[value.Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)value[i];
        }

        return new string(text);
    }

    private static bool IsLabel(string text)
    {
        bool good = text.Length >= 3 && text.Length <= 63 && text[0] != '-' && text[text.Length - 1] != '-';
        for (int i = 0; good && i < text.Length; i++)
        {
            char c = text[i];
            good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        }

        return good;
    }
}
