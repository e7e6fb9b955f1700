using System.CommandLine;
using System.Globalization;
using EdgeSensors.Hub.Blocklists.Publish;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub blocklist enforce</c>: signs which categories of the published list sensors enforce, how, where and until when.</summary>
internal static class BlocklistEnforceCommand
{
    public static Command Create()
    {
        var categories = new Argument<string[]>("CATEGORY[=STEP[,DIRECTION]]")
        {
            Description = "What is enforced: a category, observe, rate-limit or drop (default: observe), ingress, egress or both (default: both). Others are looked for only.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var sensors = new Option<string[]>("--sensor") { Description = "Where: *, operator/* or operator/sensor (default: *).", HelpName = "PATTERN" };
        var most = new Option<int?>("--max-entries") { Description = "A list that has grown beyond this is not enforced at all (default: twice what is listed now).", HelpName = "N" };
        var days = Parsing.Number("--days", "How long it holds; what is listed may end before.", 30, 1, 366);
        var least4 = Parsing.Number("--min-prefix-length-v4", "No IPv4 entry wider than this.", 24, 1, 32);
        var least6 = Parsing.Number("--min-prefix-length-v6", "No IPv6 entry wider than this.", 48, 1, 128);
        var off = new Option<bool>("--off") { Description = "Enforce nothing of the list any more." };
        var directory = BlocklistCommand.DirectoryOption();
        var offline = new OfflineAccess();
        var command = new Command("enforce", "Sign what of the published list sensors enforce, within their owners' limits. Without it they only look for it.")
        {
            categories, sensors, most, days, least4, least6, off, directory, offline.Folder, offline.PassphraseFile, offline.Request, offline.GivenUp,
        };
        command.SetAction(parsed =>
        {
            var folder = BlocklistCommand.FolderOf(parsed, directory, offline);
            var repository = folder.OpenRepository(TimeProvider.System);
            using var store = BlocklistCommand.OpenStore(folder);
            var asked = (parsed.GetValue(categories) ?? []).Select(Category).ToList();
            var change = new RepositoryChange();
            if (parsed.GetValue(off) != (asked.Count == 0))
            {
                throw new CommandException("usage", "Name the categories that are enforced, or --off.", ExitCode.Usage);
            }

            BlocklistEnforcement? document = null;
            if (asked.Count == 0)
            {
                change.RemoveTarget(TargetNames.BlocklistEnforcement);
            }
            else
            {
                document = Document(asked, new BlocklistPublisher(repository, store), (parsed.GetValue(sensors) ?? []).Select(Pattern).ToList(), parsed.GetValue(most), parsed.GetValue(days)) with
                {
                    MinPrefixLengthV4 = parsed.GetValue(least4),
                    MinPrefixLengthV6 = parsed.GetValue(least6),
                };
                Publish(change, document);
            }

            if (!offline.Publish(parsed, folder, repository, change, RepositoryRoles.Blocklists))
            {
                return ExitCode.Ok;
            }

            Console.Out.WriteLine(document is null
                ? "enforced: nothing; sensors take it back as soon as they have verified it"
                : string.Create(CultureInfo.InvariantCulture, $"enforced: {string.Join(", ", parsed.GetValue(categories)!)} of at most {document.MaxEntries} entries until {document.NotAfter}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Publish(RepositoryChange change, BlocklistEnforcement document)
    {
        try
        {
            change.Set(document);
        }
        catch (InvalidOperationException exception)
        {
            throw new CommandException("usage", $"{exception.Message.TrimEnd('.')}.", ExitCode.Usage);
        }
    }

    private static BlocklistEnforcement Document(List<EnforcedCategory> asked, BlocklistPublisher publisher, List<SensorPattern> sensors, int? most, int days)
    {
        var list = publisher.Current(Tier.Full) ?? throw new CommandException("input", "No list is published; publish one first: edgesensors-hub blocklist publish.");
        var named = asked.Select(category => category.Category).ToHashSet();
        var entries = list.Sections.Where(section => named.Contains(section.Key.Category)).Sum(section => section.Count);
        if (asked.Find(category => list.Sections.All(section => section.Key.Category != category.Category)) is { Category: var unknown } && unknown != default)
        {
            throw new CommandException("input", $"The published list has no category {unknown}; see edgesensors-hub blocklist list.");
        }

        var bound = most ?? Math.Min(2 * entries, BlocklistBounds.MaxEntries);
        if (bound < entries)
        {
            throw new CommandException("input", $"The list has {entries} entries of these categories already, and --max-entries is {bound}.");
        }

        var now = UnixMilliseconds.Now(TimeProvider.System);
        return new BlocklistEnforcement
        {
            Version = (publisher.Enforcement()?.Version ?? 0) + 1,
            Categories = asked,
            Sensors = sensors.Count > 0 ? sensors : [SensorPattern.All],
            MaxEntries = bound,
            MinPrefixLengthV4 = 32,
            MinPrefixLengthV6 = 128,
            Tiers = BlocklistPublisher.EnforceableTiers(publisher.Tiers()),
            NotBefore = new(now.Value - 60_000),
            NotAfter = new(now.Value + (long)TimeSpan.FromDays(days).TotalMilliseconds),
        };
    }

    private static EnforcedCategory Category(string text)
    {
        var (name, rest) = text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, "observe");
        var words = rest.Split(',');
        var (step, direction) = (default(MitigationStep), SlpfDirection.Both);
        return DocumentId.TryParse(name, out var category) && words.Length <= 2 && Api.Word.TryRead(words[0], out step) && (words.Length == 1 || Api.Word.TryRead(words[1], out direction))
            ? new EnforcedCategory(category, step, direction)
            : throw new CommandException("usage", $"'{text}' is not CATEGORY=STEP,DIRECTION, such as c2=drop,both.", ExitCode.Usage);
    }

    private static SensorPattern Pattern(string text) => SensorPattern.TryParse(text, out var pattern)
        ? pattern
        : throw new CommandException("usage", $"--sensor takes *, operator/* or operator/sensor, not '{text}'.", ExitCode.Usage);
}
