using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Hub.Commands;

/// <summary>
/// A sensor's enrolment folder. It is begun where the repository is, with all but the certificate, and finished where the authority's key is: the same place, or another to which it is carried.
/// </summary>
internal static class SensorEnrolment
{
    public const string RequestFile = "sensor.csr";
    public const string CertificateFile = "sensor.crt";
    public const string KeyFile = "sensor.key";
    public const string AuthorityFile = "ca.crt";
    public const string SealingKeyFile = "hpke.key";

    public static readonly TimeSpan CertificateLife = TimeSpan.FromDays(397);

    /// <summary>Makes the sensor's key and writes the folder, with a request in the place of the certificate.</summary>
    public static void Begin(string folder, SensorName name, ListenSettings listen, string authorityPem, byte[] root, SealingKey sealing, bool isTap, (string Network, string Passphrase)? uplink)
    {
        var (key, request) = SensorRequest.Make(name);
        PrivateFile.CreateFolder(folder);
        string In(string file) => Path.Combine(folder, file);
        File.WriteAllText(In(RequestFile), request + "\n");
        PrivateFile.Write(In(KeyFile), key + "\n");
        File.WriteAllText(In(AuthorityFile), authorityPem + "\n");
        File.WriteAllBytes(In(TrustedRoot.FileName), root);
        PrivateFile.Write(In(SealingKeyFile), sealing.ExportSecretBase64() + "\n");
        if (isTap)
        {
            TapBundle.Begin(folder, name, listen, uplink);
        }
        else
        {
            File.WriteAllText(In("agent.yaml"), AgentConfiguration.Write(name, listen));
        }
    }

    /// <summary>What a folder that was begun asks for; throws with one line when it asks for nothing, or for what is no sensor's.</summary>
    public static SensorRequest ReadRequest(string folder)
    {
        var file = Path.Combine(folder, RequestFile);
        return !File.Exists(file) ? throw new CommandException("enrolment", $"{file}: no such file; sensor add --request makes a folder that waits for its certificate.")
            : SensorRequest.TryParse(File.ReadAllText(file), out var request) ? request
            : throw new CommandException("enrolment", $"{file} is no request of a sensor's key; make the folder anew with sensor add.");
    }

    /// <summary>What is to be done with a finished folder.</summary>
    public static string Made(string folder) => TapBundle.IsIn(folder)
        ? $"made {folder}: edgesensors-hub sensor send {folder} --port DEVICE brings it to the tap; keep no copy then"
        : $"made {folder}: take it to the sensor, and keep no copy";

    /// <summary>Puts the certificate in the place of its request. What stands beside it as the authority's is the authority's afterwards, and nothing else.</summary>
    public static void Finish(string folder, SensorRequest request, CertificateAuthority authority)
    {
        string In(string file) => Path.Combine(folder, file);
        File.WriteAllText(In(CertificateFile), authority.CertifySensor(request, CertificateLife) + "\n");
        File.WriteAllText(In(AuthorityFile), authority.Certificate.ExportCertificatePem() + "\n");
        if (TapBundle.IsBegun(folder))
        {
            TapBundle.Finish(folder, request.Name);
        }

        File.Delete(In(RequestFile));
    }
}
