using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// The widest that an issuer allows the online control role to go: the target <c>mitigations/{issuer}/{id}.json</c>.
/// A rule counts only while a verified grant covers it, see <see cref="Check"/>.
/// </summary>
public sealed record Grant
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "grant";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Names it among the issuer's grants.</summary>
    public required DocumentId Id { get; init; }

    /// <summary>Who gives it; the delegated role of its path signs it.</summary>
    public required OperatorId Issuer { get; init; }

    /// <summary>The steps of the ladder that a rule may take; at least one.</summary>
    public required IReadOnlySet<MitigationStep> Actions { get; init; }

    /// <summary>A rule's IPv4 prefix is at least this long: 0 to 32.</summary>
    public required int MinPrefixLengthV4 { get; init; }

    /// <summary>A rule's IPv6 prefix is at least this long: 0 to 128.</summary>
    public required int MinPrefixLengthV6 { get; init; }

    /// <summary>A rule's time from start to stop is at most this many milliseconds.</summary>
    public required long MaxDurationMs { get; init; }

    /// <summary>At most this many rules may rest on it at once: 1 to 100,000.</summary>
    public required int MaxRules { get; init; }

    /// <summary>The sensors where it holds; at least one pattern.</summary>
    public required IReadOnlyList<SensorPattern> Sensors { get; init; }

    /// <summary>Only rules for connections of these protocols; null when for any, and for whole addresses.</summary>
    public IReadOnlySet<L4Protocol>? Protocols { get; init; }

    /// <summary>Only rules for connections with one of these ports at either end, at most 1,024; null when for any, and for whole addresses.</summary>
    public IReadOnlySet<int>? Ports { get; init; }

    /// <summary>No rule may touch an address of these.</summary>
    public IReadOnlyList<Prefix> ExcludedPrefixes { get; init; } = [];

    /// <summary>What each kind of rule needs, at least one and no id twice; a rule of none of these kinds is not covered.</summary>
    public required IReadOnlyList<GrantTier> Tiers { get; init; }

    /// <summary>The first moment it holds.</summary>
    public required UnixMilliseconds NotBefore { get; init; }

    /// <summary>The first moment it holds no more.</summary>
    public required UnixMilliseconds NotAfter { get; init; }

    /// <summary>Its full name.</summary>
    public GrantRef Reference => new(Issuer, Id);

    /// <summary>Where it lies in the repository.</summary>
    public string TargetName => TargetNames.Grant(Reference);

    /// <summary>Why a rule is not covered at a moment; null when it is. The count of rules is looked at by <see cref="RuleSet.Judge"/>.</summary>
    public GrantViolation? Check(MitigationRule rule, UnixMilliseconds now) =>
        CheckBounds(rule, now) ?? (FindTier(rule.Tier) is { } tier ? tier.Check(rule, now) : GrantViolation.OutsideTier);

    /// <summary>Why a rule is beyond the grant's own bounds, whatever its tier asks for; null when it is within.</summary>
    public GrantViolation? CheckBounds(MitigationRule rule, UnixMilliseconds now)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var target = rule.OpenC2.Target;
        var accused = target.Accused(rule.OpenC2.Direction);
        return rule switch
        {
            _ when rule.Grant != Reference => GrantViolation.NoSuchGrant,
            _ when now < NotBefore => GrantViolation.GrantNotYetValid,
            _ when now >= NotAfter => GrantViolation.GrantExpired,
            _ when now >= rule.EffectiveUntil => GrantViolation.RuleExpired,
            _ when !Actions.Contains(rule.Step) => GrantViolation.StepNotGranted,
            _ when accused.Any(prefix => prefix.Length < (prefix.IsIPv4 ? MinPrefixLengthV4 : MinPrefixLengthV6)) => GrantViolation.PrefixTooWide,
            _ when Protocols is { } protocols && !(target.Protocol is { } protocol && protocols.Contains(protocol)) => GrantViolation.ProtocolNotGranted,
            _ when Ports is { } ports && !(IsIn(ports, target.SourcePort) || IsIn(ports, target.DestinationPort)) => GrantViolation.PortNotGranted,
            _ when (rule.OpenC2.StopTime - rule.OpenC2.StartTime).TotalMilliseconds > MaxDurationMs => GrantViolation.TooLong,
            _ when !rule.Sensors.All(asked => Sensors.Any(given => given.Contains(asked))) => GrantViolation.SensorNotGranted,
            _ when ExcludedPrefixes.Any(excluded => accused.Any(excluded.Overlaps)) => GrantViolation.PrefixExcluded,
            _ when rule.Step != MitigationStep.Observe && rule.Because.Length == 0 => GrantViolation.StepUnexplained,
            _ => null,
        };
    }

    /// <summary>The tier of an id; null when there is none.</summary>
    public GrantTier? FindTier(DocumentId id) => Tiers.FirstOrDefault(tier => tier.Id == id);

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out Grant? document, [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>Reads one that was found under a target name, and refuses it when it names another issuer or id.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        string targetName,
        [NotNullWhen(true)] out Grant? document,
        [NotNullWhen(false)] out DocumentError? error) =>
        TryParse(utf8, out document, out error) && DocumentCodec.CheckName(Type, targetName, document.TargetName, ref document, ref error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Strings("actions", Actions.Order().Select(step => Words.Of(Words.MitigationSteps, step)));
        writer.Strings("excluded_prefixes", ExcludedPrefixes);
        writer.String("id", Id.Text);
        writer.String("issuer", Issuer.Text);
        writer.Integer("max_duration_ms", MaxDurationMs);
        writer.Integer("max_rules", MaxRules);
        writer.Integer("min_prefix_length_v4", MinPrefixLengthV4);
        writer.Integer("min_prefix_length_v6", MinPrefixLengthV6);
        writer.Integer("not_after", NotAfter.Value);
        writer.Integer("not_before", NotBefore.Value);
        if (Ports is not null)
        {
            writer.Member("ports");
            writer.BeginArray();
            foreach (var port in Ports.Order())
            {
                writer.Integer(port);
            }

            writer.EndArray();
        }

        if (Protocols is not null)
        {
            writer.Strings("protocols", Protocols.Order().Select(protocol => Words.Of(Words.Protocols, protocol)));
        }

        writer.Strings("sensors", Sensors);
        writer.Integer("spec", 1);
        writer.Member("tiers");
        writer.BeginArray();
        foreach (var tier in Tiers)
        {
            tier.Write(writer);
        }

        writer.EndArray();
        writer.String("type", Type);
        writer.EndObject();
        return DocumentCodec.Finish<Grant>(writer, TryParse);
    }

    private static Grant Read(ObjectReader reader)
    {
        var (notBefore, notAfter) = reader.Validity();
        var tiers = reader.List("tiers", 1, GrantTier.MaxTiers, (item, path) => GrantTier.Read(new ObjectReader(item, path, reader.Faults)));
        if (reader.Faults.First is null && tiers.DistinctBy(tier => tier.Id).Count() != tiers.Count)
        {
            reader.Faults.Add("tiers", "hold one id twice");
        }

        return new Grant
        {
            Id = reader.Id("id"),
            Issuer = reader.Operator("issuer"),
            Actions = reader.Steps("actions"),
            MinPrefixLengthV4 = (int)reader.Integer("min_prefix_length_v4", 0, 32),
            MinPrefixLengthV6 = (int)reader.Integer("min_prefix_length_v6", 0, 128),
            MaxDurationMs = reader.Integer("max_duration_ms", 1, UnixMilliseconds.MaxValue),
            MaxRules = (int)reader.Integer("max_rules", 1, 100_000),
            Sensors = reader.Sensors(),
            Protocols = reader.Has("protocols") ? reader.List("protocols", 1, 4, (item, path) => Words.Read(Words.Protocols, item, path, reader.Faults)).ToHashSet() : null,
            Ports = reader.Has("ports") ? reader.List("ports", 1, 1024, (item, path) => (int)ObjectReader.AsInteger(item, path, reader.Faults, 0, 65_535)).ToHashSet() : null,
            ExcludedPrefixes = reader.Prefixes("excluded_prefixes", 0, 65_536),
            Tiers = tiers,
            NotBefore = notBefore,
            NotAfter = notAfter,
        };
    }

    private static bool IsIn(IReadOnlySet<int> ports, int? port) => port is { } number && ports.Contains(number);
}
