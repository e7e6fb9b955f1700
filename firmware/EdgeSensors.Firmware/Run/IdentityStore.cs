using System.Text;
using EdgeSensors.Firmware.Link;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// The enrolment as it goes over the serial line and lies in flash: <c>ESTI</c>, length and CRC-32 (4 octets each, big-endian), and rule <c>tap-enrolment</c> of
/// protocol/edgesensors.cddl. Any octets give an enrolment or none.
/// </summary>
internal static class IdentityStore
{
    /// <summary>Octets before the map.</summary>
    public const int HeadSize = 12;

    /// <summary>What it begins with.</summary>
    public const uint Magic = 0x45535449;

    private const int Fields = 11;
    private const int MostFile = 16 * 1024;
    private const int MostHost = 255;
    private const int MostLabel = 63;
    private const int MostNetwork = 32;
    private const int MostPassphrase = 64;

    /// <summary>The octets of an enrolment by its head; 0 if it is none.</summary>
    public static int LengthOf(byte[] head)
    {
        uint length = BigEndian.Get32(head, 4);
        return BigEndian.Get32(head, 0) == Magic && length <= FlashMap.IdentitySize - HeadSize ? (int)length + HeadSize : 0;
    }

    /// <summary>Whether the octets are those that the head's checksum was made of.</summary>
    public static bool IsWhole(byte[] from, int length)
    {
        return Crc32.Of(from, HeadSize, length - HeadSize) == BigEndian.Get32(from, 8);
    }

    /// <summary>Reads an enrolment. Null if the octets are none, or something of it is missing.</summary>
    public static TapIdentity? Read(byte[] from, int length)
    {
        if (length < HeadSize || LengthOf(from) != length || !IsWhole(from, length))
        {
            return null;
        }

        byte[] map = new byte[length - HeadSize];
        System.Array.Copy(from, HeadSize, map, 0, map.Length);
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

        bool whole = r.IsAtEnd && IsLabel(identity.Operator) && IsLabel(identity.Sensor) && identity.Host.Length > 0 && identity.SealingKey.Length == 32
            && identity.Certificate.Length > 0 && identity.CertificateKey.Length > 0 && identity.Authority.Length > 0 && identity.Root.Length > 0;
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
        if (!(octets ? r.TryBytes(Most(field)) : r.TryText(Most(field))))
        {
            return false;
        }

        byte[] value = new byte[r.BytesLength];
        System.Array.Copy(map, r.BytesStart, value, 0, value.Length);
        if (octets)
        {
            identity.Root = field == 8 ? value : identity.Root;
            identity.SealingKey = field == 9 ? value : identity.SealingKey;
            return true;
        }

        if (!IsText(value, field))
        {
            return false;
        }

        string text = Encoding.UTF8.GetString(value, 0, value.Length);
        switch (field)
        {
            case 1: identity.Operator = text; break;
            case 2: identity.Sensor = text; break;
            case 3: identity.Host = text; break;
            case 5: identity.Certificate = text; break;
            case 6: identity.CertificateKey = text; break;
            case 7: identity.Authority = text; break;
            case 10: identity.Network = text; break;
            default: identity.NetworkPassword = text; break;
        }

        return true;
    }

    private static int Most(int field)
    {
        switch (field)
        {
            case 1:
            case 2: return MostLabel;
            case 3: return MostHost;
            case 9: return 32;
            case 10: return MostNetwork;
            case 11: return MostPassphrase;
            default: return MostFile;
        }
    }

    /// <summary>Texts are printable ASCII, files with ends of lines; a network's name may be any UTF-8.</summary>
    private static bool IsText(byte[] value, int field)
    {
        if (field == 10)
        {
            byte[] again = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(value, 0, value.Length));
            bool same = again.Length == value.Length;
            for (int i = 0; same && i < value.Length; i++)
            {
                same = again[i] == value[i];
            }

            return same;
        }

        bool file = field == 5 || field == 6 || field == 7;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] > '~' || (value[i] < (field == 3 ? '!' : ' ') && !(file && value[i] == '\n')))
            {
                return false;
            }
        }

        return true;
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
