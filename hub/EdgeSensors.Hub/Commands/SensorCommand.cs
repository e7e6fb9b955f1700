using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub sensor add OPERATOR SENSOR</c>: a sensor's enrolment folder, and its signed collection authorisation; <c>sensor send</c>: a tap's over its serial line.</summary>
internal static class SensorCommand
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(397);

    public static Command Create()
    {
        var op = new Argument<OperatorId>("OPERATOR") { Description = "Who runs the sensor.", CustomParser = Parsing.Operator };
        var sensor = new Argument<SensorId>("SENSOR") { Description = "The sensor's name.", CustomParser = Parsing.Sensor };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "The enrolment folder to write.", HelpName = "FOLDER", Required = true };
        var own = new Option<Prefix[]>("--own-prefix") { Description = "A prefix of the own network, which is protected and never blocked.", HelpName = "PREFIX", Required = true, CustomParser = Parsing.Prefixes };
        var kind = Parsing.Word("--kind", "What is enrolled: an agent on a gateway, or a tap, which gets one file for its serial line.", "agent", "agent", "tap");
        var wireless = new WirelessAccess();
        var level = Parsing.Word("--level", "How deep it may report.", "concern", "broad", "concern");
        var basis = Parsing.Word("--basis", "What the authorisation rests on.", "consent", "consent", "authorization");
        var network = Parsing.Word("--network", "Whose network the sensor stands in.", "owner", "owner", "carrier");
        var directions = new Option<string>("--directions") { Description = "What may be selected, a list of inbound, outbound, transit, internal.", HelpName = "LIST", DefaultValueFactory = _ => "inbound,outbound" };
        var k = Parsing.Number("--k", "A foreign prefix is reported only when at least this many own addresses met it.", 5, 1, 1_000_000);
        var days = Parsing.Number("--days", "How long the authorisation holds.", 90, 1, 3_650);
        var offline = new OfflineAccess();
        var add = new Command("add", "Enrol a sensor: certificate, keys, signed collection authorisation.")
        {
            op, sensor, directory, output, own, kind, wireless.Network, wireless.PassphraseFile, level, basis, network, directions, k, days, offline.Folder, offline.PassphraseFile,
        };
        add.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var enrolment = Path.GetFullPath(parsed.GetRequiredValue(output));
            if (Directory.Exists(enrolment) && Directory.EnumerateFileSystemEntries(enrolment).Any())
            {
                throw new CommandException("exists", $"{enrolment} is not empty; choose another folder.");
            }

            var isTap = parsed.GetValue(kind) == "tap";
            var uplink = wireless.Read(parsed);
            if (uplink is not null && !isTap)
            {
                throw new CommandException("usage", "--wifi is for a tap; add --kind tap.", ExitCode.Usage);
            }

            var listen = ConfigurationFile.Load(folder.Configuration).Listen;
            var name = new SensorName(parsed.GetValue(op), parsed.GetValue(sensor));
            var flows = Directions(parsed.GetValue(directions)!);
            var repository = folder.OpenRepository(TimeProvider.System);
            var passphrase = offline.Read(parsed, isNew: false);
            using var authority = folder.OpenAuthority(passphrase, TimeProvider.System);
            using var sealing = SealingKey.Create();
            var now = UnixMilliseconds.Now(TimeProvider.System);
            var id = DocumentId.Parse($"{name.Sensor.Text[..Math.Min(40, name.Sensor.Text.Length)].TrimEnd('-')}-{now.Value}");
            var depth = parsed.GetValue(level) == "broad" ? CollectionLevel.Broad : CollectionLevel.Concern;
            var secret = RandomNumberGenerator.GetBytes(PseudonymKeyWrap.KeyLength);
            var authorization = new CollectionAuthorization
            {
                Id = id,
                Operator = name.Operator,
                Sensor = name.Sensor,
                Basis = parsed.GetValue(basis) == "consent" ? CollectionBasis.Consent : CollectionBasis.Authorization,
                Network = parsed.GetValue(network) == "owner" ? NetworkKind.Owner : NetworkKind.Carrier,
                Level = depth,
                Directions = flows,
                OwnPrefixes = [.. parsed.GetValue(own)!.Distinct().Order()],
                K = parsed.GetValue(k),
                PseudonymKey = depth == CollectionLevel.Broad ? null : PseudonymKeyWrap.Seal(secret, sealing.PublicKey, name.Operator, name.Sensor, id),
                NotBefore = new(now.Value - 60_000),
                NotAfter = new(now.Value + (long)TimeSpan.FromDays(parsed.GetValue(days)).TotalMilliseconds),
            };
            CryptographicOperations.ZeroMemory(secret);

            Publish(folder, repository, authorization, passphrase);
            WriteEnrolment(enrolment, name, listen, authority, sealing, repository, isTap);
            if (isTap)
            {
                TapBundle.Write(enrolment, name, listen, uplink);
            }

            Console.Out.WriteLine($"enrolled {name} under authorisation {id} until {authorization.NotAfter}");
            Console.Out.WriteLine(isTap
                ? $"made {enrolment}: edgesensors-hub sensor send {enrolment} --port DEVICE brings it to the tap; keep no copy then"
                : $"made {enrolment}: take it to the sensor, and keep no copy");
            return ExitCode.Ok;
        });
        return new Command("sensor", "Sensors and their authorisations.") { add, SensorSendCommand.Create() };
    }

    private static void Publish(HubFolder folder, TufRepository repository, CollectionAuthorization authorization, string passphrase)
    {
        var role = RepositoryRoles.Authorizations(authorization.Operator);
        if (!repository.ReadRoles().TryGet(out var roles, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        var change = new RepositoryChange().Set(authorization);
        if (roles.Any(status => status.Role == role))
        {
            using var keys = folder.OpenKeys(passphrase, role);
            HubFolder.Publish(repository, change, keys);
            return;
        }

        // The operator's first sensor: the top-level targets delegate the operator's paths to a new key.
        using var ring = folder.OpenKeys(passphrase, "targets");
        var key = SigningKey.Create();
        ring.Add(key);
        Passphrase.TryCreate(passphrase, out var secret);
        using (secret)
        {
            OfflineKeys.Save(folder.Offline, role, key, secret!, KeyProtection.Default);
        }

        HubFolder.Publish(repository, change.Delegate(RoleDelegation.Authorizations(authorization.Operator, key.PublicKey)), ring);
    }

    private static void WriteEnrolment(
        string folder, SensorName name, ListenSettings listen, Identity.CertificateAuthority authority, SealingKey sealing, TufRepository repository, bool isTap)
    {
        if (!repository.ReadRoot().TryGet(out var root, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        var issued = authority.IssueSensor(name, CertificateLife);
        PrivateFile.CreateFolder(folder);
        string In(string file) => Path.Combine(folder, file);
        File.WriteAllText(In("sensor.crt"), issued.CertificatePem + "\n");
        PrivateFile.Write(In("sensor.key"), issued.KeyPem + "\n");
        File.WriteAllText(In("ca.crt"), authority.Certificate.ExportCertificatePem() + "\n");
        File.WriteAllBytes(In("root.json"), root);
        PrivateFile.Write(In("hpke.key"), sealing.ExportSecretBase64() + "\n");
        if (!isTap)
        {
            File.WriteAllText(In("agent.yaml"), AgentConfiguration.Write(name, listen));
        }
    }

    private static FlowDirections Directions(string list)
    {
        var all = FlowDirections.None;
        foreach (var word in list.Split(',', StringSplitOptions.TrimEntries))
        {
            all |= word switch
            {
                "inbound" => FlowDirections.Inbound,
                "outbound" => FlowDirections.Outbound,
                "transit" => FlowDirections.Transit,
                "internal" => FlowDirections.Internal,
                _ => throw new CommandException("usage", $"--directions holds '{word}'; it takes inbound, outbound, transit and internal, with commas between.", ExitCode.Usage),
            };
        }

        return all;
    }
}
