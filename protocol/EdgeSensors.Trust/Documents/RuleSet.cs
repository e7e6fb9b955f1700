using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>A rule and what its grant says of it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Violation">Why no grant covers it; null when one does.</param>
public readonly record struct JudgedRule(MitigationRule Rule, GrantViolation? Violation);

/// <summary>The full desired state of mitigation: the target <c>control/rules.json</c>. A rule that is absent is revoked.</summary>
public sealed record RuleSet
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "rule-set";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>The most rules in one.</summary>
    public const int MaxRules = 10_000;

    /// <summary>Counts up with every change.</summary>
    public required long Revision { get; init; }

    /// <summary>The rules, no id twice.</summary>
    public required IReadOnlyList<MitigationRule> Rules { get; init; }

    /// <summary>
    /// Judges each rule by the grant that it names, in order. Where more rules rest on a grant than it allows, the first that are covered count.
    /// </summary>
    /// <param name="grants">The grants that verified, by name.</param>
    /// <param name="now">The trusted time.</param>
    public IReadOnlyList<JudgedRule> Judge(IReadOnlyDictionary<GrantRef, Grant> grants, UnixMilliseconds now)
    {
        ArgumentNullException.ThrowIfNull(grants);
        var judged = new List<JudgedRule>(Rules.Count);
        var used = new Dictionary<GrantRef, int>();
        foreach (var rule in Rules)
        {
            var violation = grants.TryGetValue(rule.Grant, out var grant) ? grant.Check(rule, now) : GrantViolation.NoSuchGrant;
            if (violation is null)
            {
                var count = used[rule.Grant] = used.GetValueOrDefault(rule.Grant) + 1;
                violation = count > grant!.MaxRules ? GrantViolation.TooManyRules : null;
            }

            judged.Add(new JudgedRule(rule, violation));
        }

        return judged;
    }

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out RuleSet? document, [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson() => DocumentCodec.Finish<RuleSet>(Write(Revision, Rules), TryParse);

    /// <summary>Why a rule can stand in no rule set; null when it can.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="byteCount">The bytes that it takes there.</param>
    public static DocumentError? FindFault(MitigationRule rule, out int byteCount)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var alone = Write(0, [rule]).ToArray();
        byteCount = alone.Length;
        return TryParse(alone, out _, out var error) ? null : error;
    }

    private static CanonicalJsonWriter Write(long revision, IReadOnlyList<MitigationRule> rules)
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Integer("revision", revision);
        writer.Member("rules");
        writer.BeginArray();
        foreach (var rule in rules)
        {
            rule.Write(writer);
        }

        writer.EndArray();
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return writer;
    }

    private static RuleSet Read(ObjectReader reader)
    {
        var rules = reader.List("rules", 0, MaxRules, (item, path) => MitigationRule.Read(new ObjectReader(item, path, reader.Faults)));
        if (reader.Faults.First is null && rules.DistinctBy(rule => rule.Id).Count() != rules.Count)
        {
            reader.Faults.Add("rules", "hold one id twice");
        }

        return new RuleSet { Revision = reader.Integer("revision", 0, long.MaxValue), Rules = rules };
    }
}
