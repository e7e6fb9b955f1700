using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>One rule of a <see cref="RuleSet"/>: an OpenC2 command, and around it what the SLPF profile has no words for.</summary>
public sealed record MitigationRule
{
    /// <summary>The most characters of <see cref="ReasonText"/> and <see cref="ExpectedCollateral"/>.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>The most patterns of <see cref="Sensors"/>.</summary>
    public const int MaxSensors = 4_096;

    /// <summary>Names the rule; receipts and counters quote it.</summary>
    public required DocumentId Id { get; init; }

    /// <summary>The grant it rests on.</summary>
    public required GrantRef Grant { get; init; }

    /// <summary>The tier of that grant which it keeps to.</summary>
    public required DocumentId Tier { get; init; }

    /// <summary>How many approved it.</summary>
    public RuleApprovals Approvals { get; init; }

    /// <summary>How far it has come: the number of its stage of canaries, from 0; the number of the tier's stages when it has reached the fleet. 0 to 8.</summary>
    public int Stage { get; init; }

    /// <summary>The command.</summary>
    public required SlpfCommand OpenC2 { get; init; }

    /// <summary>Why, for a person: see <see cref="IsText"/>.</summary>
    public required string ReasonText { get; init; }

    /// <summary>The ids of the alerts that it rests on, at most 64 of at most 64 characters each.</summary>
    public IReadOnlyList<string> ReasonAlerts { get; init; } = [];

    /// <summary>Why it is at its step of the ladder and not below, for a person: see <see cref="IsText"/>. Empty only at <see cref="MitigationStep.Observe"/>.</summary>
    public string Because { get; init; } = "";

    /// <summary>The sensors that are to apply it; 1 to <see cref="MaxSensors"/> patterns.</summary>
    public required IReadOnlyList<SensorPattern> Sensors { get; init; }

    /// <summary>The step of the ladder.</summary>
    public required MitigationStep Step { get; init; }

    /// <summary>Whom else it is expected to hit, for a person: see <see cref="IsText"/>.</summary>
    public required string ExpectedCollateral { get; init; }

    /// <summary>The first moment it holds no more, whatever the command says.</summary>
    public required UnixMilliseconds NotAfter { get; init; }

    /// <summary>It takes itself back after this many hits; null when nothing but time ends it.</summary>
    public long? RevertAtHits { get; init; }

    /// <summary>The first moment it holds no more: the earlier of <see cref="NotAfter"/> and the command's stop time.</summary>
    public UnixMilliseconds EffectiveUntil => NotAfter < OpenC2.StopTime ? NotAfter : OpenC2.StopTime;

    /// <summary>Whether a text may be a reason or an expected collateral: one line, at most <see cref="MaxTextLength"/> characters, no control character.</summary>
    public static bool IsText(string text) => text is { Length: <= MaxTextLength } && !text.Any(char.IsControl);

    /// <summary>Whether a sensor is to apply it.</summary>
    public bool IsFor(OperatorId op, SensorId sensor) => Sensors.Any(pattern => pattern.Matches(op, sensor));

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.Member("approvals");
        writer.BeginObject();
        writer.Integer("persons", Approvals.Persons);
        writer.Boolean("policy", Approvals.Policy);
        writer.EndObject();
        writer.String("expected_collateral", ExpectedCollateral);
        writer.String("grant", Grant.ToString());
        writer.String("id", Id.Text);
        writer.Integer("not_after", NotAfter.Value);
        writer.Member("openc2");
        OpenC2.Write(writer);
        writer.Member("reason");
        writer.BeginObject();
        writer.Strings("alerts", ReasonAlerts);
        writer.String("because", Because);
        writer.String("text", ReasonText);
        writer.EndObject();
        if (RevertAtHits is { } hits)
        {
            writer.Member("revert_at");
            writer.BeginObject();
            writer.Integer("hits", hits);
            writer.EndObject();
        }

        writer.Member("scope");
        writer.BeginObject();
        writer.Strings("sensors", Sensors);
        writer.EndObject();
        writer.Integer("stage", Stage);
        writer.String("step", Words.Of(Words.MitigationSteps, Step));
        writer.String("tier", Tier.Text);
        writer.EndObject();
    }

    internal static MitigationRule Read(ObjectReader reader)
    {
        if (!GrantRef.TryParse(reader.String("grant"), out var grant))
        {
            reader.Faults.Add(reader.PathOf("grant"), "is not 'issuer/id'");
        }

        var reason = reader.Object("reason");
        var scope = reader.Object("scope");
        var approvals = reader.Object("approvals");
        var revertAt = reader.Has("revert_at") ? reader.Object("revert_at") : null;
        var rule = new MitigationRule
        {
            Id = reader.Id("id"),
            Grant = grant,
            Tier = reader.Id("tier"),
            Approvals = new RuleApprovals((int)approvals.Integer("persons", 0, GrantTier.MaxApprovals), approvals.Boolean("policy")),
            Stage = (int)reader.Integer("stage", 0, GrantTier.MaxApprovals),
            OpenC2 = SlpfCommand.Read(reader.Object("openc2")),
            ReasonText = reason.String("text", MaxTextLength),
            Because = reason.String("because", MaxTextLength),
            ReasonAlerts = reason.List("alerts", 0, 64, (item, path) => ObjectReader.AsString(item, path, reader.Faults, 64)),
            Sensors = scope.Sensors(),
            Step = reader.Word("step", Words.MitigationSteps),
            ExpectedCollateral = reader.String("expected_collateral", MaxTextLength),
            NotAfter = reader.Time("not_after"),
            RevertAtHits = revertAt?.Integer("hits", 1, long.MaxValue),
        };
        approvals.RefuseUnknown();
        reason.RefuseUnknown();
        scope.RefuseUnknown();
        revertAt?.RefuseUnknown();
        reader.RefuseUnknown();
        return rule;
    }
}
