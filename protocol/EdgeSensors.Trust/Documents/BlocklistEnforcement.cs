using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>What is done with the entries of a category.</summary>
/// <param name="Category">Which.</param>
/// <param name="Step">Count, limit or drop.</param>
/// <param name="Direction">Ingress: packets from the entries; egress: packets to them.</param>
public readonly record struct EnforcedCategory(DocumentId Category, MitigationStep Step, SlpfDirection Direction);

/// <summary>
/// That the blocklist is enforced and not only looked for: the target <c>blocklists/enforce.json</c>, signed by the role that signs the lists. Without it, and
/// outside it, no sensor enforces an entry.
/// </summary>
public sealed record BlocklistEnforcement
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "blocklist-enforcement";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The most characters of a category: its hits are told under <see cref="RuleIdOf"/>, which is an id as well.</summary>
    public const int MaxCategoryLength = 58;

    /// <summary>The most <see cref="Tiers"/>.</summary>
    public const int MaxTiers = 16;

    private const string RuleIdStart = "list-";

    /// <summary>Counts up with every change.</summary>
    public required long Version { get; init; }

    /// <summary>The categories, each once, at most 64; of a category that is not here nothing is enforced.</summary>
    public required IReadOnlyList<EnforcedCategory> Categories { get; init; }

    /// <summary>The sensors; at least one pattern.</summary>
    public required IReadOnlyList<SensorPattern> Sensors { get; init; }

    /// <summary>A list with more entries of these categories is not enforced at all: it has grown beyond what was meant. 1 to 4,194,304.</summary>
    public required int MaxEntries { get; init; }

    /// <summary>An IPv4 entry is at least this long: 1 to 32. Wider ones are not enforced.</summary>
    public required int MinPrefixLengthV4 { get; init; }

    /// <summary>An IPv6 entry is at least this long: 1 to 128. Wider ones are not enforced.</summary>
    public required int MinPrefixLengthV6 { get; init; }

    /// <summary>The capacities of the tiers that a sensor may take in the place of a list that is too large for it, ascending, at most 16.</summary>
    public IReadOnlyList<int> Tiers { get; init; } = [];

    /// <summary>The first moment it holds.</summary>
    public required UnixMilliseconds NotBefore { get; init; }

    /// <summary>The first moment it holds no more; an entry may end before.</summary>
    public required UnixMilliseconds NotAfter { get; init; }

    /// <summary>Whether a sensor is meant.</summary>
    public bool IsFor(OperatorId op, SensorId sensor) => Sensors.Any(pattern => pattern.Matches(op, sensor));

    /// <summary>Under which id a category's hits and state are told: <c>list-</c> and its name. Hubs give no rule such an id.</summary>
    public static DocumentId RuleIdOf(DocumentId category) => DocumentId.Parse(RuleIdStart + category.Text);

    /// <summary>The category that an id of <see cref="RuleIdOf"/> tells of; null when it is none.</summary>
    public static string? CategoryOf(string ruleId)
    {
        ArgumentNullException.ThrowIfNull(ruleId);
        return ruleId.StartsWith(RuleIdStart, StringComparison.Ordinal) ? ruleId[RuleIdStart.Length..] : null;
    }

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out BlocklistEnforcement? document, [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Member("categories");
        writer.BeginArray();
        foreach (var (category, step, direction) in Categories)
        {
            writer.BeginObject();
            writer.String("category", category.Text);
            writer.String("direction", Words.Of(Words.SlpfDirections, direction));
            writer.String("step", Words.Of(Words.MitigationSteps, step));
            writer.EndObject();
        }

        writer.EndArray();
        writer.Integer("max_entries", MaxEntries);
        writer.Integer("min_prefix_length_v4", MinPrefixLengthV4);
        writer.Integer("min_prefix_length_v6", MinPrefixLengthV6);
        writer.Integer("not_after", NotAfter.Value);
        writer.Integer("not_before", NotBefore.Value);
        writer.Strings("sensors", Sensors);
        writer.Integer("spec", 1);
        writer.Member("tiers");
        writer.BeginArray();
        foreach (var tier in Tiers)
        {
            writer.Integer(tier);
        }

        writer.EndArray();
        writer.String("type", Type);
        writer.Integer("version", Version);
        writer.EndObject();
        return DocumentCodec.Finish<BlocklistEnforcement>(writer, TryParse);
    }

    private static BlocklistEnforcement Read(ObjectReader reader)
    {
        var (notBefore, notAfter) = reader.Validity();
        var document = new BlocklistEnforcement
        {
            Version = reader.Integer("version", 1, long.MaxValue),
            Categories = reader.List("categories", 1, 64, (item, path) =>
            {
                var entry = new ObjectReader(item, path, reader.Faults);
                var category = new EnforcedCategory(entry.Id("category"), entry.Word("step", Words.MitigationSteps), entry.Word("direction", Words.SlpfDirections));
                entry.RefuseUnknown();
                if (entry.Faults.First is null && category.Category.Text.Length > MaxCategoryLength)
                {
                    entry.Faults.Add(entry.PathOf("category"), $"has more than {MaxCategoryLength} characters");
                }

                return category;
            }),
            Sensors = reader.Sensors(),
            MaxEntries = (int)reader.Integer("max_entries", 1, Blocklists.BlocklistBounds.MaxEntries),
            MinPrefixLengthV4 = (int)reader.Integer("min_prefix_length_v4", 1, 32),
            MinPrefixLengthV6 = (int)reader.Integer("min_prefix_length_v6", 1, 128),
            Tiers = reader.List("tiers", 0, MaxTiers, (item, path) => (int)ObjectReader.AsInteger(item, path, reader.Faults, 1, Blocklists.BlocklistBounds.MaxEntries - 1)),
            NotBefore = notBefore,
            NotAfter = notAfter,
        };
        if (reader.Faults.First is null && document.Categories.DistinctBy(category => category.Category).Count() != document.Categories.Count)
        {
            reader.Faults.Add("categories", "hold one category twice");
        }

        if (document.Tiers.Zip(document.Tiers.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            reader.Faults.Add("tiers", "do not ascend");
        }

        return document;
    }
}
