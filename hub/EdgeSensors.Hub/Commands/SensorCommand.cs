using System.CommandLine;
using System.Security.Cryptography;
using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Hub.Commands;

/// <summary>
/// <c>edgesensors-hub sensor add OPERATOR SENSOR...</c>: sensors' enrolment folders, and their signed collection authorisations; <c>sensor certify</c>: those of which both are signed elsewhere;
/// <c>sensor send</c>: a tap's over its serial line.
/// </summary>
internal static class SensorCommand
{
    public static Command Create()
    {
        var op = new Argument<OperatorId>("OPERATOR") { Description = "Who runs the sensor.", CustomParser = Parsing.Operator };
        var sensors = new Argument<SensorId[]>("SENSOR") { Description = "The sensor's name; several are enrolled alike, each with keys of its own.", Arity = ArgumentArity.OneOrMore, CustomParser = Parsing.Sensors };
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var outputFolder = new Option<string>("--out") { Description = "The enrolment folder to write; of several sensors, the folder in which each gets its own.", HelpName = "FOLDER", Required = true };
        var own = new Option<Prefix[]>("--own-prefix") { Description = "A prefix of the own network, which is protected and never blocked.", HelpName = "PREFIX", Required = true, CustomParser = Parsing.Prefixes };
        var kind = Parsing.Word("--kind", "What is enrolled: an agent on a gateway, or a tap, which gets one file for its serial line.", "agent", "agent", "tap");
        var wireless = new WirelessAccess();
        var level = Parsing.Word("--level", "How deep it may report.", "concern", "broad", "concern");
        var basis = Parsing.Word("--basis", "What the authorisation rests on; consent is for the owner's own network only.", "consent", "consent", "authorization");
        var network = Parsing.Word("--network", "Whose network the sensor stands in.", "owner", "owner", "carrier");
        var directions = new Option<string>("--directions") { Description = "What may be selected, a list of inbound, outbound, transit, internal.", HelpName = "LIST", DefaultValueFactory = _ => "inbound,outbound" };
        var k = Parsing.Number("--k", "A foreign prefix is reported only when at least this many own addresses met it.", 5, 1, 1_000_000);
        var days = Parsing.Number("--days", "How long the authorisation holds.", 90, 1, 3_650);
        var card = new Option<string?>("--key") { Description = "With --request, for an operator's first sensor: the card of its authorisations' key (keys new authorizations-OPERATOR).", HelpName = "FILE" };
        var offline = new OfflineAccess();
        var add = new Command("add", "Enrol sensors: certificates, keys, signed collection authorisations.")
        {
            op, sensors, directory, outputFolder, own, kind, wireless.Network, wireless.PassphraseFile, level, basis, network, directions, k, days, offline.Folder, offline.PassphraseFile, offline.Request, card, offline.GivenUp,
        };
        add.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            var output = Path.GetFullPath(parsed.GetRequiredValue(outputFolder));
            var names = parsed.GetRequiredValue(sensors).Distinct().Select(sensor => new SensorName(parsed.GetValue(op), sensor)).ToList();
            string FolderOf(SensorName name) => names.Count == 1 ? output : Path.Combine(output, name.Sensor.Text);
            if (names.Select(FolderOf).FirstOrDefault(place => Directory.Exists(place) && Directory.EnumerateFileSystemEntries(place).Any()) is { } taken)
            {
                throw new CommandException("exists", $"{taken} is not empty; choose another folder.");
            }

            var isTap = parsed.GetValue(kind) == "tap";
            var uplink = wireless.Read(parsed);
            if (uplink is not null && !isTap)
            {
                throw new CommandException("usage", "--wifi is for a tap; add --kind tap.", ExitCode.Usage);
            }

            var (basisGiven, networkGiven) = (parsed.GetValue(basis) == "consent" ? CollectionBasis.Consent : CollectionBasis.Authorization, parsed.GetValue(network) == "owner" ? NetworkKind.Owner : NetworkKind.Carrier);
            if (basisGiven == CollectionBasis.Consent && networkGiven != NetworkKind.Owner)
            {
                throw new CommandException("usage", "A carrier's users have not consented; add --basis authorization.", ExitCode.Usage);
            }

            var listen = ConfigurationFile.Load(folder.Configuration).Listen;
            var flows = Directions(parsed.GetValue(directions)!);
            var repository = folder.OpenRepository(TimeProvider.System);
            TellOfEarlier(repository, names);
            var isElsewhere = offline.IsElsewhere(parsed);
            if (parsed.GetValue(card) is not null && !isElsewhere)
            {
                throw new CommandException("usage", "--key is for --request; without it the key is made in the offline folder.", ExitCode.Usage);
            }

            var passphrase = isElsewhere ? "" : offline.Read(parsed, isNew: false);
            using var authority = isElsewhere ? null : folder.OpenAuthority(passphrase, TimeProvider.System);
            var enrolments = new List<(CollectionAuthorization Authorization, SealingKey Sealing)>();
            try
            {
                foreach (var name in names)
                {
                    var sealing = SealingKey.Create();
                    enrolments.Add((Authorize(name, sealing), sealing));
                }

                var authorizations = enrolments.ConvertAll(enrolment => enrolment.Authorization);
                if (isElsewhere)
                {
                    Ask(parsed, offline, repository, authorizations, parsed.GetValue(card));
                }
                else
                {
                    Publish(folder, repository, authorizations, passphrase, offline.GivenUpOf(parsed));
                }

                var root = repository.ReadRoot().TryGet(out var read, out var error) ? read : throw new CommandException("repository", $"{error}.");
                var authorityPem = File.ReadAllText(folder.Authority).TrimEnd();
                foreach (var (authorization, sealing) in enrolments)
                {
                    var name = new SensorName(authorization.Operator, authorization.Sensor);
                    var enrolment = FolderOf(name);
                    SensorEnrolment.Begin(enrolment, name, listen, authorityPem, root, sealing, isTap, uplink);
                    if (authority is null)
                    {
                        Console.Out.WriteLine($"began {enrolment} for {name}: take it where the request goes; edgesensors-hub sensor certify {enrolment} --offline FOLDER finishes it");
                        continue;
                    }

                    SensorEnrolment.Finish(enrolment, SensorEnrolment.ReadRequest(enrolment), authority);
                    Console.Out.WriteLine($"enrolled {name} under authorisation {authorization.Id} until {authorization.NotAfter}");
                    Console.Out.WriteLine(SensorEnrolment.Made(enrolment));
                }
            }
            finally
            {
                enrolments.ForEach(enrolment => enrolment.Sealing.Dispose());
            }

            return ExitCode.Ok;

            CollectionAuthorization Authorize(SensorName name, SealingKey sealing)
            {
                var now = UnixMilliseconds.Now(TimeProvider.System);
                var id = DocumentId.Parse($"{name.Sensor.Text[..Math.Min(40, name.Sensor.Text.Length)].TrimEnd('-')}-{now.Value}");
                var depth = parsed.GetValue(level) == "broad" ? CollectionLevel.Broad : CollectionLevel.Concern;
                var secret = RandomNumberGenerator.GetBytes(PseudonymKeyWrap.KeyLength);
                var authorization = new CollectionAuthorization
                {
                    Id = id,
                    Operator = name.Operator,
                    Sensor = name.Sensor,
                    Basis = basisGiven,
                    Network = networkGiven,
                    Level = depth,
                    Directions = flows,
                    OwnPrefixes = [.. parsed.GetValue(own)!.Distinct().Order()],
                    K = parsed.GetValue(k),
                    PseudonymKey = depth == CollectionLevel.Broad ? null : PseudonymKeyWrap.Seal(secret, sealing.PublicKey, name.Operator, name.Sensor, id),
                    NotBefore = new(now.Value - 60_000),
                    NotAfter = new(now.Value + (long)TimeSpan.FromDays(parsed.GetValue(days)).TotalMilliseconds),
                };
                CryptographicOperations.ZeroMemory(secret);
                return authorization;
            }
        });
        return new Command("sensor", "Sensors and their authorisations.") { add, SensorCertifyCommand.Create(), SensorSendCommand.Create(), RevokeCommand.Sensor() };
    }

    // Not refused, since an authorisation is renewed like this; but whoever replaces a lost sensor must hear of the certificate that is still about.
    private static void TellOfEarlier(TufRepository repository, List<SensorName> names)
    {
        var published = repository.ListTargets().TryGet(out var targets, out _) ? targets.ToHashSet(StringComparer.Ordinal) : [];
        foreach (var name in names.Where(name => published.Contains(TargetNames.Authorization(name.Operator, name.Sensor))))
        {
            Console.Error.WriteLine($"{name} was enrolled before: the certificate of then counts beside the new one; to shut it out, edgesensors-hub sensor revoke {name.Operator} {name.Sensor} and then add it again");
        }
    }

    // One publication for all of them, however many.
    private static void Publish(HubFolder folder, TufRepository repository, List<CollectionAuthorization> authorizations, string passphrase, string[] givenUp)
    {
        var (op, role, isKnown) = OperatorOf(repository, authorizations);
        var change = ChangeOf(authorizations);
        if (isKnown)
        {
            using var keys = folder.OpenKeys(passphrase, role);
            folder.Publish(repository, change, keys, givenUp);
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

        folder.Publish(repository, change.Delegate(RoleDelegation.Authorizations(op, key.PublicKey)), ring, givenUp);
    }

    // The same as one request. An operator's first key was made where the others are, and came as a card.
    private static void Ask(ParseResult parsed, OfflineAccess offline, TufRepository repository, List<CollectionAuthorization> authorizations, string? card)
    {
        var (op, role, isKnown) = OperatorOf(repository, authorizations);
        if (isKnown == card is not null)
        {
            throw new CommandException(
                "keys",
                isKnown ? $"{op} has its key already; leave --key out (keys rotate {role} gives it another)." : $"{op} has no key yet; make one where the offline keys are (keys new {role}) and give its card with --key.",
                ExitCode.Usage);
        }

        var change = ChangeOf(authorizations);
        offline.WriteRequest(parsed, repository, card is null ? change : change.Delegate(RoleDelegation.Authorizations(op, KeysNewCommand.ReadCard(card).Key)));
    }

    private static (OperatorId Operator, string Role, bool IsKnown) OperatorOf(TufRepository repository, List<CollectionAuthorization> authorizations)
    {
        var op = authorizations[0].Operator;
        var role = RepositoryRoles.Authorizations(op);
        return repository.ReadRoles().TryGet(out var roles, out var error)
            ? (op, role, roles.Any(status => status.Role == role))
            : throw new CommandException("repository", $"{error}.");
    }

    private static RepositoryChange ChangeOf(List<CollectionAuthorization> authorizations) =>
        authorizations.Aggregate(new RepositoryChange(), (all, authorization) => all.Set(authorization));

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
