using System;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Firmware.Run;

namespace EdgeSensors.Firmware.Platform.Host;

/// <summary>The folder that the hub's <c>sensor add</c> writes, read for a tap on this machine.</summary>
internal static class EnrolmentFolder
{
    /// <summary>Reads an enrolment; throws <see cref="IOException"/> where a file is missing.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="operator">Who runs the tap.</param>
    /// <param name="sensor">Its name.</param>
    /// <param name="host">The hub.</param>
    /// <param name="port">Its broker's port.</param>
    public static TapIdentity Read(string folder, string @operator, string sensor, string host, int port)
    {
        return new TapIdentity
        {
            Operator = @operator,
            Sensor = sensor,
            Host = host,
            Port = port,
            Certificate = File.ReadAllText(Path.Combine(folder, "sensor.crt")),
            CertificateKey = File.ReadAllText(Path.Combine(folder, "sensor.key")),
            Authority = File.ReadAllText(Path.Combine(folder, "ca.crt")),
            Root = File.ReadAllBytes(Path.Combine(folder, "root.json")),
            SealingKey = Convert.FromBase64String(File.ReadAllText(Path.Combine(folder, "hpke.key")).Trim()),
        };
    }

    /// <summary>Reads the file that the hub's <c>sensor add --kind tap</c> writes for the serial line; throws <see cref="IOException"/> where it is none.</summary>
    public static TapIdentity ReadBundle(string file)
    {
        byte[] octets = File.ReadAllBytes(file);
        return IdentityStore.Read(octets, octets.Length) ?? throw new IOException($"{file} is no enrolment of a tap");
    }

    /// <summary>A link with the enrolment's certificate.</summary>
    public static MqttHubLink Connect(TapIdentity identity)
    {
        using X509Certificate2 pem = X509Certificate2.CreateFromPem(identity.Certificate, identity.CertificateKey);
        return new MqttHubLink(
            (identity.Operator, identity.Sensor), identity.Host, identity.Port, X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null),
            X509Certificate2.CreateFromPem(identity.Authority));
    }
}
