using System.CommandLine;
using System.Globalization;
using EdgeSensors.Hub.Blocklists.Import;
using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Hub.Blocklists.Publish;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub blocklist import|remove|list|never|publish|enforce|export</c>: lists of others, merged, signed and passed on.</summary>
internal static class BlocklistCommand
{
    private static readonly string[] Formats = ["auto", "text", "csv", "crowdsec", "misp", "stix"];

    public static Command Create() => new("blocklist", "Lists of addresses to stop: import, merge, publish, export.")
    {
        Import(), Remove(), List(), BlocklistNeverCommand.Create(), Publish(), BlocklistEnforceCommand.Create(), BlocklistExportCommand.Create(),
    };

    public static Option<string> DirectoryOption() => new("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };

    public static Option<int> MinScoreOption() => Parsing.Number("--min-score", "Leave out what is less sure than this.", 1, 1, 100);

    public static HubFolder FolderOf(ParseResult parsed, Option<string> directory, OfflineAccess? offline = null)
    {
        var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
        return new HubFolder(path, offline?.FolderOf(parsed, path) ?? path);
    }

    public static BlocklistStore OpenStore(HubFolder folder) => Directory.Exists(folder.In("data"))
        ? BlocklistStore.Open(folder.In("data/blocklists.sqlite"))
        : throw new CommandException("input", $"{folder.Path} is no hub's folder; give the one that init made.");

    /// <summary>What is never listed: what the Internet rests on, what is nobody's, every sensor's own network, what the grants leave out, and what a person put there.</summary>
    public static NeverList NeverOf(BlocklistStore store, TufRepository repository)
    {
        if (!repository.ListTargets().TryGet(out var names, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        var never = new List<Prefix>([.. NeverList.CriticalServices, .. NeverList.SpecialPurpose, .. store.Never().Select(entry => entry.Prefix)]);
        foreach (var name in names)
        {
            if (!repository.ReadTarget(name).TryGet(out var bytes, out error))
            {
                throw new CommandException("repository", $"{error}.");
            }

            if (CollectionAuthorization.TryParse(bytes, name, out var authorization, out _))
            {
                never.AddRange(authorization.OwnPrefixes);
            }
            else if (Grant.TryParse(bytes, name, out var grant, out _))
            {
                never.AddRange(grant.ExcludedPrefixes);
            }
        }

        return new NeverList(never);
    }

    /// <summary>What is listed now, merged, sure enough.</summary>
    public static List<MergedEntry> Merged(BlocklistStore store, TufRepository repository, int minScore) =>
        [.. store.Merged(UnixMilliseconds.Now(TimeProvider.System), NeverOf(store, repository)).Where(entry => entry.Score >= minScore)];

    private static Command Import()
    {
        var file = new Argument<string>("FILE") { Description = "The list, or - for standard input." };
        var source = SourceOption();
        var format = Parsing.Word("--format", "How it is written.", "auto", Formats);
        var category = new Option<string>("--category") { Description = "Why entries are listed that do not say.", HelpName = "WORD", DefaultValueFactory = _ => "listed" };
        var score = Parsing.Number("--score", "How sure entries are that do not say, in percent.", 50, 1, 100);
        var days = Parsing.Number("--days", "How long entries hold that name no end (rounded up to a Monday).", 7, 1, (int)ImportDefaults.LongestLife.TotalDays);
        var directory = DirectoryOption();
        var command = new Command("import", "Take a list in the place of what its source listed before.") { file, source, format, category, score, days, directory };
        command.SetAction(parsed =>
        {
            var folder = FolderOf(parsed, directory);
            var name = Id(parsed.GetRequiredValue(source), "--source");
            using var store = OpenStore(folder);
            var now = UnixMilliseconds.Now(TimeProvider.System);
            var defaults = new ImportDefaults(Id(parsed.GetRequiredValue(category), "--category"), parsed.GetValue(score), now, TimeSpan.FromDays(parsed.GetValue(days)));
            var sink = new ImportSink(defaults, NeverOf(store, folder.OpenRepository(TimeProvider.System)));
            var path = parsed.GetRequiredValue(file);
            var word = parsed.GetRequiredValue(format);
            if (!ListReader.TryRead(Read(path), word == "auto" ? null : Enum.Parse<ListFormat>(word, ignoreCase: true), sink, out var found, out var error))
            {
                throw new CommandException(error.Kind, $"{path}: {error.Message}.");
            }

            // A download that failed is empty, or a page that says so: it must not put out what its source listed.
            if (sink.Entries.Count == 0)
            {
                var first = sink.Skipped.Select(skipped => $" ({skipped.Value.Count} left out: {skipped.Key}, such as '{Shown(skipped.Value.Example)}')").FirstOrDefault();
                throw new CommandException("empty", $"{path} holds no entry that can be listed{first}; what {name} listed before stays. To forget that: edgesensors-hub blocklist remove {name}.");
            }

            store.Replace(name, found.Value, now, sink.Entries);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {sink.Entries.Count} entries ({found.Value.ToString().ToLowerInvariant()})"));
            foreach (var (reason, (count, example)) in sink.Skipped)
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  left out {count}: {reason}, such as '{Shown(example)}'"));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove()
    {
        var source = new Argument<string>("SOURCE") { Description = "The source's name." };
        var directory = DirectoryOption();
        var command = new Command("remove", "Forget what a source listed.") { source, directory };
        command.SetAction(parsed =>
        {
            using var store = OpenStore(FolderOf(parsed, directory));
            var name = Id(parsed.GetRequiredValue(source), "SOURCE");
            return store.Remove(name) ? ExitCode.Ok : throw new CommandException("input", $"there is no source '{name}'; see blocklist list.");
        });
        return command;
    }

    private static Command List()
    {
        var directory = DirectoryOption();
        var minScore = MinScoreOption();
        var entries = new Option<bool>("--entries") { Description = "Print every entry: prefix, category, score, end, sources." };
        var command = new Command("list", "Print the sources, and what they come to merged.") { directory, minScore, entries };
        command.SetAction(parsed =>
        {
            var folder = FolderOf(parsed, directory);
            using var store = OpenStore(folder);
            var merged = Merged(store, folder.OpenRepository(TimeProvider.System), parsed.GetValue(minScore));
            if (parsed.GetValue(entries))
            {
                foreach (var entry in merged)
                {
                    Console.Out.WriteLine($"{entry.Prefix} {entry.Category} {entry.Score} {entry.NotAfter} {string.Join(',', entry.Sources)}");
                }

                return ExitCode.Ok;
            }

            foreach (var source in store.Sources())
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"source {source.Name} {source.EntryCount} entries ({source.Format}, {source.ImportedAt})"));
            }

            foreach (var category in merged.GroupBy(entry => entry.Category.Text).OrderBy(category => category.Key, StringComparer.Ordinal))
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"category {category.Key} {category.Count()} entries"));
            }

            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{merged.Count} entries merged"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Publish()
    {
        var directory = DirectoryOption();
        var minScore = MinScoreOption();
        var capacities = new Option<int[]>("--at-most")
        {
            Description = "Also a list of the surest for sensors with room for so many entries; once published, a tier is kept up.",
            HelpName = "N",
            Arity = ArgumentArity.ZeroOrMore,
        };
        capacities.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int[]>()?.Any(capacity => capacity is < 1 or >= BlocklistBounds.MaxEntries) == true)
            {
                result.AddError($"--at-most takes a whole number from 1 to {BlocklistBounds.MaxEntries - 1}.");
            }
        });
        var offline = new OfflineAccess();
        var command = new Command("publish", "Sign the merged list and publish it: a snapshot, and deltas from the versions before.") { directory, minScore, capacities, offline.Folder, offline.PassphraseFile, offline.Request, offline.GivenUp };
        command.SetAction(parsed =>
        {
            var folder = FolderOf(parsed, directory, offline);
            var repository = folder.OpenRepository(TimeProvider.System);
            using var store = OpenStore(folder);
            var publisher = new BlocklistPublisher(repository, store);
            KeyRing Open() => folder.OpenKeys(offline.Read(parsed, isNew: false), RepositoryRoles.Blocklists);
            if (!offline.IsElsewhere(parsed) && UnattendedPublication.Resume(folder, repository, Open, offline.GivenUpOf(parsed)))
            {
                Console.Out.WriteLine("published what the run before was cut off in");
                foreach (var tier in publisher.Tiers().ToList())
                {
                    var current = publisher.Current(tier)!;
                    store.Keep(tier.Name, current.Version, current.ToSnapshot(), BlocklistPublisher.DeltaBases); // for deltas, as that run would have
                }
            }

            var entries = Merged(store, repository, parsed.GetValue(minScore));
            try
            {
                var announced = AnnouncedCapacities.Read(Path.Combine(ConfigurationFile.Load(folder.Configuration).Store.Folder, "decisions.db"), entries.Count);
                var tiers = publisher.Tiers().Append(Tier.Full).Concat((parsed.GetValue(capacities) ?? []).Select(capacity => new Tier(capacity))).Concat(announced).Distinct().OrderBy(tier => tier.Capacity).ToList();
                var (change, published) = publisher.Prepare(tiers, entries);
                publisher.NameTiers(change, tiers);
                if (published.Any(tier => tier.Snapshot is not null))
                {
                    if (offline.IsElsewhere(parsed))
                    {
                        offline.WriteRequest(parsed, repository, change);
                    }
                    else
                    {
                        using var keys = Open();
                        UnattendedPublication.Publish(folder, repository, change, keys, offline.GivenUpOf(parsed));
                    }
                }

                foreach (var tier in published)
                {
                    if (tier.Snapshot is not null)
                    {
                        store.Keep(tier.Tier.Name, tier.Version, tier.Snapshot, BlocklistPublisher.DeltaBases);
                    }

                    var size = tier.Snapshot is null ? "unchanged" : $"snapshot {tier.SnapshotOctets} octets" + string.Concat(tier.Deltas.Take(1).Select(delta => $", delta from {delta.From} {delta.Octets} octets"));
                    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tier.Tier.Name}: version {tier.Version}, {tier.EntryCount} entries, {size}"));
                }

                return ExitCode.Ok;
            }
            catch (InvalidDataException exception)
            {
                throw new CommandException("repository", $"{exception.Message}; restore the repository from a copy.");
            }
            catch (InvalidOperationException exception)
            {
                throw new CommandException("too-many", $"{exception.Message.TrimEnd('.')}; raise --min-score or remove a source.");
            }
        });
        return command;
    }

    private static Option<string> SourceOption() => new("--source") { Description = "What the list is called here.", HelpName = "NAME", Required = true };

    private static DocumentId Id(string text, string option) => DocumentId.TryParse(text, out var id)
        ? id
        : throw new CommandException("usage", $"{option} takes 1 to 63 of a-z, 0-9 and '-'.", ExitCode.Usage);

    // Somebody else's octets, on this person's screen.
    private static string Shown(string example) => string.Concat(example.Select(c => char.IsControl(c) ? ' ' : c));

    private static byte[] Read(string path)
    {
        using var stream = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        using var bytes = new MemoryStream();
        var piece = new byte[1 << 16];
        for (int count; (count = stream.Read(piece)) > 0 && bytes.Length <= ImportBounds.MaxTextOctets;)
        {
            bytes.Write(piece, 0, count);
        }

        return bytes.ToArray();
    }
}
