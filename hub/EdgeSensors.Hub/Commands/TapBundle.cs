using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>tap.enrolment</c> in a tap's enrolment folder: all of it in the one file that goes over the serial line, octet for octet.</summary>
internal static class TapBundle
{
    public const string FileName = "tap.enrolment";

    /// <summary>Writes it from the folder's other files.</summary>
    public static void Write(string folder, SensorName name, ListenSettings listen, (string Network, string Passphrase)? uplink)
    {
        string In(string file) => Path.Combine(folder, file);
        var enrolment = new TapEnrolment
        {
            Name = name,
            HubHost = listen.Host,
            MqttPort = listen.MqttPort,
            CertificatePem = File.ReadAllText(In("sensor.crt")),
            KeyPem = File.ReadAllText(In("sensor.key")),
            AuthorityPem = File.ReadAllText(In("ca.crt")),
            Root = File.ReadAllBytes(In("root.json")),
            SealingKey = Convert.FromBase64String(File.ReadAllText(In("hpke.key")).Trim()),
            Network = uplink?.Network ?? "",
            NetworkPassphrase = uplink?.Passphrase ?? "",
        };
        PrivateFile.Write(In(FileName), Encode(enrolment));
    }

    /// <summary>Reads it again, for the network that it names or another.</summary>
    public static byte[] Read(string folder, (string Network, string Passphrase)? uplink)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new CommandException("enrolment", $"{path}: no such file; make it with sensor add --kind tap.");
        }

        return !TapEnrolmentCodec.TryDecode(File.ReadAllBytes(path), out var enrolment, out var error)
            ? throw new CommandException("enrolment", $"{path}: {error}; make it anew with sensor add --kind tap.")
            : Encode(uplink is { } other ? enrolment!.On(other.Network, other.Passphrase) : enrolment!);
    }

    private static byte[] Encode(TapEnrolment enrolment) => TapEnrolmentCodec.TryEncode(enrolment, out var octets, out var error)
        ? octets
        : throw new CommandException("enrolment", $"a tap would not take it: {error}.");
}
