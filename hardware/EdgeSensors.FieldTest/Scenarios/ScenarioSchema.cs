using System.Globalization;
using System.Text;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>Every key that a scenario file may have. Whatever is not here is refused; docs/field-test.md says what is.</summary>
internal static class ScenarioSchema
{
    private static readonly ScenarioKey[] Repeated =
    [
        new ScenarioKey("every", KeyKind.Time, "again so long after the last") { Least = 0.1, Most = LongestSeconds },
        new ScenarioKey("times", KeyKind.Count, "how often in all; without it until the end") { Least = 1, Most = 100_000 },
    ];

    /// <summary>Either world.</summary>
    public static readonly ScenarioWorld[] Both = [ScenarioWorld.Taps, ScenarioWorld.Gateways];

    /// <summary>The longest that a scenario lasts: a week.</summary>
    public const double LongestSeconds = 7 * 86_400;

    /// <summary>The most emulated taps of a scenario.</summary>
    public const int MostTaps = 5_000;

    /// <summary>The keys of the file itself; the lists are <see cref="Sections"/>.</summary>
    public static readonly ScenarioKey[] Head =
    [
        new ScenarioKey("scenario", KeyKind.Word, "the name, as the file's").Required(),
        new ScenarioKey("title", KeyKind.Title, "one line for people").Required(),
        new ScenarioKey("world", KeyKind.Word, "`taps`: emulated taps on emulated time; `gateways`: real programs in namespaces, in real time") { Among = ["taps", "gateways"], Default = null },
        new ScenarioKey("lasts", KeyKind.Time, "emulated time (taps), or the longest that it may take (gateways)") { Least = 1, Most = LongestSeconds, Default = null },
        new ScenarioKey("within", KeyKind.Time, "the longest that a run may take by the machine's clock, on two cores that others use too: a run that takes longer fails") { Least = 1, Most = LongestSeconds, Default = null },
    ];

    /// <summary>The lists, with the key that says which kind an entry is; empty where there is one kind, and null where the kind's own name is a key.</summary>
    public static readonly (string Name, string? Chooser, ScenarioKey[] Common)[] Sections =
    [
        ("boards", "", []),
        ("agents", "", []),
        ("traffic", null,
        [
            new ScenarioKey("to", KeyKind.Word, "whose wire").Required(),
            new ScenarioKey("from", KeyKind.Time, "when it begins") { Default = "0s", Most = LongestSeconds },
        ]),
        ("timeline", "do",
        [
            new ScenarioKey("at", KeyKind.Time, "when, or when first") { Default = null, Most = LongestSeconds },
            .. Repeated,
        ]),
        ("faults", "what",
        [
            new ScenarioKey("at", KeyKind.Time, "when, for one that comes once") { Most = LongestSeconds },
            new ScenarioKey("from", KeyKind.Time, "when first, for one that comes again") { Most = LongestSeconds },
            .. Repeated,
        ]),
        ("expect", null, [new ScenarioKey("words", KeyKind.Text, "said instead of its own words in the result")]),
    ];

    /// <summary>Every kind of entry.</summary>
    public static readonly StepKind[] Kinds = [.. TapKinds.All, .. GatewayKinds.All];

    /// <summary>The kinds of a list in a world.</summary>
    public static IEnumerable<StepKind> KindsOf(string section, ScenarioWorld world) => Kinds.Where(k => k.Section == section && k.Worlds.Contains(world));

    /// <summary>The tables of docs/field-test.md.</summary>
    public static string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| key | takes | default | |\n|---|---|---|---|\n");
        foreach (var key in Head)
        {
            Row(text, key.Name, key);
        }

        foreach (var (section, chooser, common) in Sections)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{section}**");
            text.Append(chooser switch
            {
                null => ", by the key that an entry has:\n\n",
                "" => ":\n\n",
                _ => $", by `{chooser}`:\n\n",
            });
            text.Append("| kind | key | takes | default | |\n|---|---|---|---|---|\n");
            foreach (var key in common)
            {
                Row(text, "all | " + key.Name, key);
            }

            foreach (var kind in Kinds.Where(k => k.Section == section))
            {
                var where = kind.Worlds.Count > 1 ? "" : kind.Worlds[0] == ScenarioWorld.Taps ? " (taps)" : " (gateways)";
                text.Append(CultureInfo.InvariantCulture, $"| `{kind.Name}`{where} | | | | {kind.Meaning}{(kind.Effect.Length > 0 ? $". Counted: {kind.Effect}" : "")} |\n");
                foreach (var key in kind.Keys)
                {
                    Row(text, " | " + key.Name, key);
                }
            }
        }

        return text.ToString();
    }

    /// <summary>What a key takes, for people.</summary>
    public static string Takes(ScenarioKey key)
    {
        if (key.Among.Count > 0)
        {
            return string.Join(", ", key.Among.Select(a => $"`{a}`"));
        }

        var bounds = key.Most < double.MaxValue && key.Kind is KeyKind.Count or KeyKind.Number
            ? string.Create(CultureInfo.InvariantCulture, $" from {key.Least} to {key.Most}{(key.TakesZero ? ", or 0" : "")}") : "";
        return key.Kind switch
        {
            KeyKind.Text => "a line of text",
            KeyKind.Word => "a word",
            KeyKind.Time => "a time such as 30s",
            KeyKind.Count => "a whole number" + bounds,
            KeyKind.Number => "a number" + bounds,
            KeyKind.Flag => "true or false",
            KeyKind.Prefixes => "prefixes",
            KeyKind.Addresses => "addresses",
            KeyKind.Path => "a path",
            KeyKind.Words => "words",
            KeyKind.Options => "names and values",
            _ => "`{en: …, ja: …}` (a text with a comma in quotes)",
        };
    }

    private static void Row(StringBuilder text, string name, ScenarioKey key)
    {
        var usual = key.Default switch { null => "must be given", "" => "", _ => $"`{key.Default}`" };
        var bar = name.LastIndexOf("| ", StringComparison.Ordinal) + 2;
        var named = bar > 1 ? $"{name[..bar]}`{name[bar..]}`" : $"`{name}`";
        text.Append(CultureInfo.InvariantCulture, $"| {named} | {Takes(key)} | {usual} | {key.Meaning} |\n");
    }
}
