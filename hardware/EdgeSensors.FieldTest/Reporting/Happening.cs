namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Something that happened at a moment, for the time line.</summary>
/// <param name="AtMs">Milliseconds since the start.</param>
/// <param name="Kind">Which kind.</param>
/// <param name="Source">Who: a tap, a gateway, the hub, the scenario.</param>
/// <param name="Words">What, for people. May quote what came over a wire; whoever prints it escapes it.</param>
internal sealed record Happening(long AtMs, HappeningKind Kind, string Source, string Words)
{
    /// <param name="atMs">Milliseconds since the start.</param>
    /// <param name="kind">Which kind.</param>
    /// <param name="source">Who.</param>
    /// <param name="words">What, in both languages.</param>
    public Happening(long atMs, HappeningKind kind, string source, Title words)
        : this(atMs, kind, source, words.En) => WordsJa = words.Ja;

    /// <summary>The same in Japanese, for the report; English where nobody said it.</summary>
    public string WordsJa { get; init; } = Words;

    /// <summary>When a fault ends, milliseconds since the start; null for what is over at once.</summary>
    public long? UntilMs { get; init; }

    /// <summary>Whether the same happened to another unit at the same moment.</summary>
    public bool IsAlike(Happening other) => (AtMs, UntilMs, Kind, Words) == (other.AtMs, other.UntilMs, other.Kind, other.Words);

    /// <summary>The same, said once for all units that it happened to.</summary>
    public Happening ForAll(int units) => units == 1 ? this : this with { Source = FormattableString.Invariant($"{Source} and {units - 1:N0} more") };

    /// <summary>What happened to many units at one moment, said once.</summary>
    public static IEnumerable<Happening> Gather(IEnumerable<Happening> happenings)
    {
        Happening? first = null;
        var units = 0;
        foreach (var happening in happenings)
        {
            if (first is not null && !first.IsAlike(happening))
            {
                yield return first.ForAll(units);
                (first, units) = (null, 0);
            }

            first ??= happening;
            units++;
        }

        if (first is not null)
        {
            yield return first.ForAll(units);
        }
    }

    /// <summary>A name for machines, where the step has one: <c>first_packet</c>.</summary>
    public string? Step { get; init; }
}

/// <summary>What kind of thing happened.</summary>
internal enum HappeningKind
{
    /// <summary>A step of the scenario or of the ring that is none of the others.</summary>
    Step,

    /// <summary>A fault was put in, or ended.</summary>
    Fault,

    /// <summary>A sensor or the hub found something.</summary>
    Alert,

    /// <summary>The policy or a person decided.</summary>
    Decision,

    /// <summary>A rule came in force, was refused, lapsed or was taken back.</summary>
    Rule,

    /// <summary>A signed update was published, verified, applied or refused.</summary>
    Update,
}
