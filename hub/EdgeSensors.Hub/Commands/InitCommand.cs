using System.CommandLine;
using System.Net;
using EdgeSensors.Hub.Commands.Keys;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub init DIR</c>: keys, certificates, a TUF repository, a standing grant and a configuration.</summary>
internal static class InitCommand
{
    private static readonly TimeSpan ServerCertificateLife = TimeSpan.FromDays(397);

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The hub's folder; it must not exist, or be empty." };
        var operators = new Option<OperatorId[]>("--operator") { Description = "A person who may decide; a client certificate is made for each.", HelpName = "NAME", CustomParser = Parsing.Operators, DefaultValueFactory = _ => [OperatorId.Parse("admin")] };
        var hosts = new Option<string[]>("--host") { Description = "A DNS name or address that the server's certificate is for; the first is written into profiles and enrolments.", HelpName = "NAME", DefaultValueFactory = _ => ["localhost", "127.0.0.1", "::1"] };
        var listen = new Option<string>("--listen") { Description = "The address to listen on.", HelpName = "ADDRESS", DefaultValueFactory = _ => "0.0.0.0" };
        var mqtt = Parsing.Number("--mqtt-port", "MQTT over TLS.", 8883, 1, 65_535);
        var https = Parsing.Number("--https-port", "The API and the updates.", 8443, 1, 65_535);
        var issuer = new Option<OperatorId>("--issuer") { Description = "Who gives the standing grant.", HelpName = "NAME", CustomParser = Parsing.Operator, DefaultValueFactory = _ => OperatorId.Parse("authority") };
        var policy = Parsing.Word("--policy", "What the hub decides without a person: nothing; it proposes; it also approves, within the standing grant.", "propose", "manual", "propose", "approve");
        var domestic = new Option<string?>("--domestic") { Description = "A file of domestic prefixes, one a line.", HelpName = "FILE" };
        var listed = new Option<string?>("--listed") { Description = "A file of addresses to watch for: prefix and category, one pair a line.", HelpName = "FILE" };
        var never = new Option<Prefix[]>("--never") { Description = "Never to be mitigated, by policy or person.", HelpName = "PREFIX", CustomParser = Parsing.Prefixes };
        var witnesses = new Option<string[]>("--witness") { Description = "The card of a witness (witness.pub); sensors refuse what too few of the witnesses named here have seen.", HelpName = "FILE", Required = true };
        var quorum = Parsing.Number("--quorum", "How many witnesses must have seen an update (default: more than half).", 0, 1, WitnessPolicy.MaxKeys);
        var logName = new Option<string?>("--log-name") { Description = "The transparency log's name, its URL without https:// (default: host:port/log).", HelpName = "NAME" };
        var offline = new OfflineAccess();
        var generate = new Option<string?>("--generate-passphrase") { Description = "Write a random passphrase to a new file (for trials; keep it away from the hub).", HelpName = "FILE" };

        var command = new Command("init", "Make a hub: keys, certificates, a TUF repository, a standing grant and hub.yaml.")
        {
            directory, operators, hosts, listen, mqtt, https, issuer, policy, domestic, listed, never, witnesses, quorum, logName, offline.Folder, offline.PassphraseFile, generate,
        };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, offline.FolderOf(parsed, path));
            Check(folder, parsed.GetValue(listen)!, parsed.GetValue(hosts)!);
            var domesticPrefixes = ReadPrefixes(parsed.GetValue(domestic));
            var listedPrefixes = ReadListed(parsed.GetValue(listed));
            var cards = parsed.GetRequiredValue(witnesses).Select(ReadCard).ToList();
            var logUrl = $"{Host(parsed.GetValue(hosts)![0])}:{parsed.GetValue(https)}/log";
            if (!NoteKey.IsName(parsed.GetValue(logName) ?? logUrl))
            {
                throw new CommandException("usage", "--log-name takes 1 to 200 characters without spaces and '+'.", ExitCode.Usage);
            }

            using var log = NoteSigner.Create(parsed.GetValue(logName) ?? logUrl, NoteKeyKind.Ed25519);
            using var spare = NoteSigner.Create(LogRotation.NameAfter(log.Key.Name), NoteKeyKind.Ed25519);
            var witnessPolicy = PolicyOf([log.Key, spare.Key], cards, parsed.GetValue(quorum));

            var passphrase = parsed.GetValue(generate) is { } file ? OfflineAccess.Generate(file) : offline.Read(parsed, isNew: true);
            var names = parsed.GetValue(hosts)!;
            var issuerName = parsed.GetValue(issuer);

            FoundRepository(folder, issuerName, witnessPolicy, passphrase, parsed.GetValue(never) ?? [], domesticPrefixes, listedPrefixes);
            log.SaveTo(folder.LogKey, "log", null, KeyProtection.Default);
            SaveSpare(folder, spare, passphrase);
            File.Copy(Path.Combine(folder.Repository, "metadata", "1.root.json"), Path.Combine(folder.Offline, TrustedRoot.FileName));
            var card = new LogCard(log.Key, new Uri($"https://{logUrl}/"));
            MakeCertificates(folder, names, parsed.GetValue(operators)!, parsed.GetValue(https), card, passphrase);
            Directory.CreateDirectory(folder.In("data"));
            File.WriteAllText(folder.Configuration, ConfigurationTemplate.Write(
                parsed.GetValue(listen)!, names[0], parsed.GetValue(mqtt), parsed.GetValue(https), folder.Offline, cards.Select(witness => witness.Url), parsed.GetValue(policy)!, parsed.GetValue(never) ?? []));

            Console.Out.WriteLine($"made {folder.Path}");
            Console.Out.WriteLine($"offline keys, encrypted: {folder.Offline} (put them away: serve needs none of them)");
            Console.Out.WriteLine($"for each witness: edgesensors-witness trust {folder.In("overseer")} (a folder with a key: hand it over safely)");
            Console.Out.WriteLine($"next: edgesensors-hub serve --config {folder.Configuration}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Check(HubFolder folder, string listen, string[] hosts)
    {
        if (hosts.FirstOrDefault(host => Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } wrong)
        {
            throw new CommandException("usage", $"--host {wrong} is no DNS name or address; give it without https:// and port.", ExitCode.Usage);
        }

        if (!IPAddress.TryParse(listen, out _))
        {
            throw new CommandException("usage", $"--listen {listen} is no IP address; give one of this machine, or 0.0.0.0.", ExitCode.Usage);
        }

        if (Directory.Exists(folder.Path) && Directory.EnumerateFileSystemEntries(folder.Path).Any())
        {
            throw new CommandException("exists", $"{folder.Path} is not empty; choose another folder, or remove it first.");
        }

        if (folder.Offline.StartsWith(folder.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new CommandException("usage", "The offline keys must not lie in the hub's folder; choose another with --offline.", ExitCode.Usage);
        }

        // Said before anything is written, and not as something to remove: keys of another hub may lie there.
        if (Path.Exists(folder.Offline))
        {
            throw new CommandException("exists", $"{folder.Offline} is there already, where the offline keys would go; choose another folder with --offline.");
        }
    }

    private static void FoundRepository(
        HubFolder folder, OperatorId issuer, WitnessPolicy witnesses, string passphrase, IReadOnlyList<Prefix> never, IReadOnlyList<Prefix> domestic, IReadOnlyList<ListedPrefix> listed)
    {
        Directory.CreateDirectory(folder.Path);
        Passphrase.TryCreate(passphrase, out var secret);
        using (secret)
        {
            var places = new RepositoryFolders(folder.Repository, folder.Online, folder.Offline);
            if (!TufRepository.Found(places, new RepositoryPlan { Issuers = [issuer], WitnessPolicy = witnesses }, secret!, KeyProtection.Default, RepositoryOptions.Default, TimeProvider.System)
                .TryGet(out var repository, out var error))
            {
                throw new CommandException("repository", $"{error}.");
            }

            var now = UnixMilliseconds.Now(TimeProvider.System);
            using var keys = folder.OpenKeys(passphrase, RepositoryRoles.Mitigations(issuer), RepositoryRoles.Blocklists);
            folder.RememberFounding(repository);
            folder.Publish(
                repository,
                new RepositoryChange()
                    .Set(StandingGrant.Make(issuer, never, now))
                    .Set(new DomesticPrefixTable { Version = 1, Prefixes = domestic })
                    .Set(new AddressList { Version = 1, Entries = listed }),
                keys,
                []);
        }
    }

    private static void SaveSpare(HubFolder folder, NoteSigner spare, string passphrase)
    {
        Passphrase.TryCreate(passphrase, out var secret);
        using (secret)
        {
            spare.SaveTo(folder.Offline, "log", secret, KeyProtection.Default);
        }
    }

    private static void MakeCertificates(HubFolder folder, string[] names, OperatorId[] operators, int httpsPort, LogCard log, string passphrase)
    {
        using var authority = CertificateAuthority.Create(TimeProvider.System);
        folder.SaveAuthorityKey(authority, passphrase);
        PrivateFile.CreateFolder(folder.In("tls"));
        File.WriteAllText(folder.Authority, authority.Certificate.ExportCertificatePem() + "\n");
        var server = authority.IssueServer(names, ServerCertificateLife);
        File.WriteAllText(folder.In("tls/server.crt"), server.CertificatePem + "\n");
        PrivateFile.Write(folder.In("tls/server.key"), server.KeyPem + "\n");
        foreach (var name in operators)
        {
            OperatorCommand.WriteProfile(folder.In($"operators/{name}"), authority, name, $"https://{Host(names[0])}:{httpsPort}");
        }

        File.WriteAllText(folder.In(OverseerCommand.CardFile), log + "\n");
        OverseerCommand.WriteAccess(folder.In("overseer"), authority, OperatorId.Parse("overseer"), log);
    }

    /// <summary>The policy of some witnesses; more than half of them where no quorum is given (0).</summary>
    public static WitnessPolicy PolicyOf(IReadOnlyList<NoteKey> logs, IReadOnlyList<LogCard> witnesses, int quorum) =>
        WitnessPolicy.TryCreate(logs, [.. witnesses.Select(card => card.Key)], quorum > 0 ? quorum : witnesses.Count / 2 + 1, out var policy)
            ? policy
            : throw new CommandException("usage", $"--quorum is more than the witnesses, a witness is named twice, or there are more than {WitnessPolicy.MaxKeys}.", ExitCode.Usage);

    public static LogCard ReadCard(string file) => File.Exists(file) && LogCard.TryParse(File.ReadAllText(file), out var card) && card.Key.Kind == NoteKeyKind.Cosignature
        ? card
        : throw new CommandException("witness", $"{file} {(File.Exists(file) ? "is no witness's card" : "is not there")}; take the witness.pub that edgesensors-witness init wrote.", ExitCode.Usage);

    private static string Host(string name) => name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name;

    private static List<Prefix> ReadPrefixes(string? file) => [.. Lines(file).Select(line =>
        Prefix.TryParse(line.Text, out var prefix) ? prefix : throw new CommandException("input", $"{file}:{line.Number}: '{line.Text}' is no prefix with its host bits zero."))];

    private static List<ListedPrefix> ReadListed(string? file) => [.. Lines(file).Select(line =>
        line.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var first, var second]
        && Prefix.TryParse(first, out var prefix) && DocumentId.TryParse(second, out var category)
            ? new ListedPrefix(prefix, category)
            : throw new CommandException("input", $"{file}:{line.Number}: '{line.Text}' is not a prefix and a category."))];

    private static IEnumerable<(int Number, string Text)> Lines(string? file) => file is null
        ? []
        : File.ReadLines(file)
            .Select((line, i) => (Number: i + 1, Text: line.Split('#')[0].Trim()))
            .Where(line => line.Text.Length > 0);
}
