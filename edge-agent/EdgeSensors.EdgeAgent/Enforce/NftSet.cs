using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>What a set of the table is for. The names are those in the table.</summary>
internal enum NftRole
{
    /// <summary>The owner's: never hit.</summary>
    Allow,

    /// <summary>Counted.</summary>
    Observe,

    /// <summary>Dropped.</summary>
    Drop,

    /// <summary>Holds each element's rate limiter.</summary>
    Limit,

    /// <summary>Counts what the limiter of the same element dropped: an element with both would not show its counter in nft 1.0.6's JSON.</summary>
    Limited,
}

/// <summary>What of a packet a set looks up: the ends by so many leading bits, then the protocol and the ports.</summary>
/// <param name="SourceLength">Null: not looked at.</param>
/// <param name="DestinationLength">Null: not looked at.</param>
/// <param name="Protocol">Whether it is looked at.</param>
/// <param name="SourcePort">Whether it is.</param>
/// <param name="DestinationPort">Whether it is.</param>
internal readonly record struct NftFields(int? SourceLength, int? DestinationLength, bool Protocol, bool SourcePort, bool DestinationPort)
{
    /// <summary>How many there are; of more than one the set's keys are concatenations.</summary>
    public int Count => (SourceLength is null ? 0 : 1) + (DestinationLength is null ? 0 : 1) + (Protocol ? 1 : 0) + (SourcePort ? 1 : 0) + (DestinationPort ? 1 : 0);
}

/// <summary>
/// One hash set of the table: all matches that look at the same fields and bits, looked up by the masked addresses. One set a length instead of one interval set
/// for all: overlapping prefixes each stand and expire on their own, and a change takes time by its own size, not by the set's.
/// </summary>
/// <param name="Role">What it is for.</param>
/// <param name="Egress">Whether it hangs in the chain that looks the destination up, instead of the source's.</param>
/// <param name="IsIPv4">The address family.</param>
/// <param name="Fields">What is looked up.</param>
internal readonly record struct NftSet(NftRole Role, bool Egress, bool IsIPv4, NftFields Fields)
{
    private static readonly string[] s_words = ["allow", "observe", "drop", "limit", "limited"];

    /// <summary>The set of a match.</summary>
    public static NftSet Of(NftRole role, bool egress, PacketMatch match) => new(
        role, egress, match.IsIPv4,
        new NftFields(match.Source?.Length, match.Destination?.Length, match.Protocol is not null, match.SourcePort is not null, match.DestinationPort is not null));

    /// <summary>The set of all packets from, or to, addresses.</summary>
    public static NftSet Of(NftRole role, bool egress, Prefix prefix) => Of(role, egress, PacketMatch.Of(prefix, egress));

    /// <summary>For instance <c>drop_ingress_v4_24</c>, or for connections <c>drop_ingress_v4_s32_d24_p_sp_dp</c>.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{s_words[(int)Role]}_{Chain(Egress)}_{(IsIPv4 ? "v4" : "v6")}_{FieldNames}");

    /// <summary>Whether its elements end by themselves; the owner's do not.</summary>
    public bool HasTimeout => Role != NftRole.Allow;

    private string FieldNames => (Fields, Egress) switch
    {
        ({ Count: 1, SourceLength: { } length }, false) => length.ToString(CultureInfo.InvariantCulture),
        ({ Count: 1, DestinationLength: { } length }, true) => length.ToString(CultureInfo.InvariantCulture),
        _ => string.Join('_', new[]
        {
            Fields.SourceLength is { } source ? string.Create(CultureInfo.InvariantCulture, $"s{source}") : null,
            Fields.DestinationLength is { } destination ? string.Create(CultureInfo.InvariantCulture, $"d{destination}") : null,
            Fields.Protocol ? "p" : null, Fields.SourcePort ? "sp" : null, Fields.DestinationPort ? "dp" : null,
        }.OfType<string>()),
    };

    /// <summary>The chain that looks one direction up.</summary>
    public static string Chain(bool egress) => egress ? "egress" : "ingress";

    /// <summary>Reads a name; false when it is no set of ours.</summary>
    public static bool TryParse(string? name, out NftSet set)
    {
        set = default;
        if (name?.Split('_') is not [var role, ("ingress" or "egress") and var direction, ("v4" or "v6") and var family, .. var parts] || parts.Length is 0 or > 5
            || Array.IndexOf(s_words, role) is var index && index < 0)
        {
            return false;
        }

        var (egress, most) = (direction == "egress", family == "v4" ? 32 : 128);
        int? Length(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits >= 1 && bits <= most ? bits : null;
        var fields = default(NftFields);
        foreach (var part in parts)
        {
            fields = part switch
            {
                "p" => fields with { Protocol = true },
                "sp" => fields with { SourcePort = true },
                "dp" => fields with { DestinationPort = true },
                ['s', .. var digits] => fields with { SourceLength = Length(digits) },
                ['d', .. var digits] => fields with { DestinationLength = Length(digits) },
                _ when egress => fields with { DestinationLength = Length(part) },
                _ => fields with { SourceLength = Length(part) },
            };
        }

        set = new NftSet((NftRole)index, egress, family == "v4", fields);
        return (fields.SourceLength ?? fields.DestinationLength) is not null && set.Name == name;
    }
}
