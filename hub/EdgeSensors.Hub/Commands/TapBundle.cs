using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>tap.enrolment</c> in a tap's enrolment folder: all of it in the one file that goes over the serial line, octet for octet.</summary>
internal static class TapBundle
{
    public const string FileName = "tap.enrolment";

    // Where the certificate is to come: the request for it stands in its place.
    private const string DraftName = "tap.request";

    /// <summary>Writes what the folder's other files do not say, until the certificate is there.</summary>
    public static void Begin(string folder, SensorName name, ListenSettings listen, (string Network, string Passphrase)? uplink) =>
        PrivateFile.Write(Path.Combine(folder, DraftName), Encode(Fill(folder, SensorEnrolment.RequestFile, new TapEnrolment
        {
            Name = name,
            HubHost = listen.Host,
            MqttPort = listen.MqttPort,
            CertificatePem = "",
            KeyPem = "",
            AuthorityPem = "",
            Root = default,
            SealingKey = default,
            Network = uplink?.Network ?? "",
            NetworkPassphrase = uplink?.Passphrase ?? "",
        })));

    /// <summary>Whether a folder is a tap's.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Whether a folder waits for a tap's certificate.</summary>
    public static bool IsBegun(string folder) => File.Exists(Path.Combine(folder, DraftName));

    /// <summary>Writes the file, now that the certificate is in the folder.</summary>
    public static void Finish(string folder, SensorName name)
    {
        var draft = Path.Combine(folder, DraftName);
        if (!TapEnrolmentCodec.TryDecode(File.ReadAllBytes(draft), out var begun, out var error) || begun!.Name != name)
        {
            throw new CommandException("enrolment", $"{draft}: {(begun is null ? error.ToString() : $"it is {begun.Name}'s, and the certificate {name}'s")}; make it anew with sensor add --kind tap.");
        }

        var bundle = Path.Combine(folder, FileName);
        File.Delete(bundle); // of a run that was cut off
        PrivateFile.Write(bundle, Encode(Fill(folder, SensorEnrolment.CertificateFile, begun)));
        File.Delete(draft);
    }

    /// <summary>Reads it again, for the network that it names or another.</summary>
    public static byte[] Read(string folder, (string Network, string Passphrase)? uplink)
    {
        var path = Path.Combine(folder, FileName);
        if (!IsIn(folder))
        {
            throw new CommandException("enrolment", $"{path}: no such file; {(IsBegun(folder) ? "it waits for its certificate: sensor certify" : "make it with sensor add --kind tap")}.");
        }

        return !TapEnrolmentCodec.TryDecode(File.ReadAllBytes(path), out var enrolment, out var error)
            ? throw new CommandException("enrolment", $"{path}: {error}; make it anew with sensor add --kind tap.")
            : Encode(uplink is { } other ? enrolment!.On(other.Network, other.Passphrase) : enrolment!);
    }

    private static TapEnrolment Fill(string folder, string certificate, TapEnrolment enrolment)
    {
        string In(string file) => Path.Combine(folder, file);
        return enrolment with
        {
            CertificatePem = File.ReadAllText(In(certificate)),
            KeyPem = File.ReadAllText(In(SensorEnrolment.KeyFile)),
            AuthorityPem = File.ReadAllText(In(SensorEnrolment.AuthorityFile)),
            Root = File.ReadAllBytes(In(TrustedRoot.FileName)),
            SealingKey = Convert.FromBase64String(File.ReadAllText(In(SensorEnrolment.SealingKeyFile)).Trim()),
        };
    }

    private static byte[] Encode(TapEnrolment enrolment) => TapEnrolmentCodec.TryEncode(enrolment, out var octets, out var error)
        ? octets
        : throw new CommandException("enrolment", $"a tap would not take it: {error}.");
}
