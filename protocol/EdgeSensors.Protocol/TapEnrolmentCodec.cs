using System.Buffers.Binary;
using System.IO.Hashing;
using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>
/// A <see cref="TapEnrolment"/> as it goes over a tap's serial line and lies in its flash: <c>ESTI</c>, length and CRC-32 (4 octets each, big-endian), and the rule
/// <c>tap-enrolment</c> of the CDDL. Everything must be there, and nothing else.
/// </summary>
public static class TapEnrolmentCodec
{
    /// <summary>The most octets of an enrolment, its head included: what a tap has room for.</summary>
    public const int MaxOctets = 32 * 1024;

    /// <summary>Octets before the map.</summary>
    public const int HeadOctets = 12;

    private const uint Magic = 0x4553_5449;
    private const int MaxPemOctets = 16 * 1024;
    private const int Fields = 11;

    /// <summary>Writes an enrolment; false with the reason when a tap would not take it.</summary>
    public static bool TryEncode(TapEnrolment enrolment, out byte[] octets, out ProtocolError error)
    {
        ArgumentNullException.ThrowIfNull(enrolment);
        var w = new MessageWriter();
        w.StartMap();
        w.Text(1, enrolment.Name.Operator.Text);
        w.Text(2, enrolment.Name.Sensor.Text);
        w.Text(3, enrolment.HubHost);
        w.UInt(4, (ulong)enrolment.MqttPort);
        w.Text(5, enrolment.CertificatePem);
        w.Text(6, enrolment.KeyPem);
        w.Text(7, enrolment.AuthorityPem);
        w.Bytes(8, enrolment.Root.Span);
        w.Bytes(9, enrolment.SealingKey.Span);
        w.Text(10, enrolment.Network);
        w.Text(11, enrolment.NetworkPassphrase);
        w.EndMap();
        var map = w.Encode();
        octets = new byte[HeadOctets + map.Length];
        BinaryPrimitives.WriteUInt32BigEndian(octets, Magic);
        BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(4), map.Length);
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(8), Crc32.HashToUInt32(map));
        map.CopyTo(octets, HeadOctets);
        return TryDecode(octets, out _, out error);
    }

    /// <summary>Reads an enrolment; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> octets, out TapEnrolment? enrolment, out ProtocolError error)
    {
        enrolment = null;
        var head = octets.Span;
        if (head.Length > MaxOctets)
        {
            error = new(ProtocolErrorKind.TooLong, 0, $"{head.Length} octets, more than a tap has room for");
            return false;
        }

        if (head.Length < HeadOctets || BinaryPrimitives.ReadUInt32BigEndian(head) != Magic || BinaryPrimitives.ReadUInt32BigEndian(head[4..]) != head.Length - HeadOctets)
        {
            error = new(ProtocolErrorKind.Malformed, 0, "not an enrolment, or cut short");
            return false;
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(head[8..]) != Crc32.HashToUInt32(head[HeadOctets..]))
        {
            error = new(ProtocolErrorKind.Malformed, 8, "an enrolment that was damaged");
            return false;
        }

        return MessageReader.TryRead(octets[HeadOctets..], MaxOctets, "enrolment", Read, out enrolment, out error);
    }

    private static TapEnrolment Read(MessageReader r)
    {
        string op = "", sensor = "", host = "", certificate = "", key = "", authority = "", network = "", passphrase = "";
        byte[] root = [], sealing = [];
        var port = 0;
        var read = 0;
        r.Map(field =>
        {
            read++;
            switch (field)
            {
                case 1: op = r.Text(3, 63); break;
                case 2: sensor = r.Text(3, 63); break;
                case 3: host = Ascii(r.Text(1, 255), '!'); break;
                case 4: port = (int)r.UInt(ushort.MaxValue); break;
                case 5: certificate = Ascii(r.Text(1, MaxPemOctets)); break;
                case 6: key = Ascii(r.Text(1, MaxPemOctets)); break;
                case 7: authority = Ascii(r.Text(1, MaxPemOctets)); break;
                case 8: root = r.Bytes(1, MaxPemOctets); break;
                case 9: sealing = r.Bytes(32, 32); break;
                case 10: network = r.Text(0, 32); break;
                case 11: passphrase = Ascii(r.Text(0, 64), ' '); break;
                default: throw new FieldException(ProtocolErrorKind.InvalidField, "a key that no enrolment has");
            }

            return true;
        });
        if (read != Fields)
        {
            throw new FieldException(ProtocolErrorKind.MissingField, "an enrolment has eleven fields");
        }

        return SensorName.TryParse($"{op}/{sensor}", out var name) && port > 0
            ? new TapEnrolment
            {
                Name = name,
                HubHost = host,
                MqttPort = port,
                CertificatePem = certificate,
                KeyPem = key,
                AuthorityPem = authority,
                Root = root,
                SealingKey = sealing,
                Network = network,
                NetworkPassphrase = passphrase,
            }
            : throw new FieldException(ProtocolErrorKind.InvalidField, "a name that is no sensor's, or a port of 0");
    }

    /// <summary>Printable ASCII from <paramref name="first"/> on; by default ends of lines too.</summary>
    private static string Ascii(string text, char first = '\n')
    {
        foreach (var c in text)
        {
            if (c < first || c > '~' || (c < ' ' && c != '\n'))
            {
                throw new FieldException(ProtocolErrorKind.InvalidField, "a text with a character that does not belong there");
            }
        }

        return text;
    }
}
