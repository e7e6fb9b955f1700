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

/// <summary>
/// One hash set of the table: all prefixes of one length, looked up by the masked address. One set a length instead of one interval set for all:
/// overlapping prefixes each stand and expire on their own, and a change takes time by its own size, not by the set's.
/// </summary>
/// <param name="Role">What it is for.</param>
/// <param name="Egress">Whether the destination is looked up instead of the source.</param>
/// <param name="IsIPv4">The address family.</param>
/// <param name="PrefixLength">The length of every prefix in it.</param>
internal readonly record struct NftSet(NftRole Role, bool Egress, bool IsIPv4, int PrefixLength)
{
    /// <summary>The set of a prefix.</summary>
    public static NftSet Of(NftRole role, bool egress, Prefix prefix) => new(role, egress, prefix.IsIPv4, prefix.Length);

    /// <summary>For instance <c>drop_ingress_v4_24</c>.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Word(Role)}_{Chain(Egress)}_{(IsIPv4 ? "v4" : "v6")}_{PrefixLength}");

    /// <summary>Whether its elements end by themselves; the owner's do not.</summary>
    public bool HasTimeout => Role != NftRole.Allow;

    /// <summary>The chain that looks one direction up.</summary>
    public static string Chain(bool egress) => egress ? "egress" : "ingress";

    /// <summary>Reads a name; false when it is no set of ours.</summary>
    public static bool TryParse(string? name, out NftSet set)
    {
        set = default;
        if (name?.Split('_') is not [var role, ("ingress" or "egress") and var direction, ("v4" or "v6") and var family, var length]
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            || Array.IndexOf(s_words, role) is var index && index < 0)
        {
            return false;
        }

        set = new NftSet((NftRole)index, direction == "egress", family == "v4", bits);
        return bits >= 1 && bits <= (set.IsIPv4 ? 32 : 128) && set.Name == name;
    }

    private static readonly string[] s_words = ["allow", "observe", "drop", "limit", "limited"];

    private static string Word(NftRole role) => s_words[(int)role];
}
