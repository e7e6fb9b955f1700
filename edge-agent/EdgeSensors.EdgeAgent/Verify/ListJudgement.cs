using System.Numerics;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>What this sensor enforces of a blocklist (wall 4): what its keeper has signed for enforcement, inside the owner's limits, less what is never listed.</summary>
internal static class ListJudgement
{
    /// <summary>The time for which enforcement was signed has not begun.</summary>
    public const string NotStarted = "not-started";

    /// <summary>It is over.</summary>
    public const string Ended = "list-enforcement-expired";

    /// <summary>There is no list.</summary>
    public const string NoList = "list-missing";

    /// <summary>The list has more entries than were signed for.</summary>
    public const string TooLarge = "list-too-large";

    /// <summary>It has more than the owner or the enforcer here takes, and there is no tier that fits.</summary>
    public const string OverCapacity = "list-over-capacity";

    /// <summary>The owner lets no list be enforced, or nothing here can.</summary>
    public const string NotHere = "owner-no-lists";

    /// <summary>The enforcer here cannot do the step.</summary>
    public const string Step = "step-unsupported";

    /// <summary>Everything was stopped at the hub, and not released yet.</summary>
    public const string Held = "held";

    /// <summary>Entries of a list that a document speaks of.</summary>
    public static int EntriesOf(BlocklistEnforcement document, Blocklist list)
    {
        var categories = document.Categories.Select(category => category.Category).ToHashSet();
        return list.Sections.Where(section => categories.Contains(section.Key.Category)).Sum(section => section.Count);
    }

    /// <summary>Judges every category of the document.</summary>
    /// <param name="document">What was signed for this sensor.</param>
    /// <param name="list">The list; null when there is none with room for it here.</param>
    /// <param name="owner">The owner's limits.</param>
    /// <param name="never">Prefixes of which no address is enforced, the owner's allowlist included.</param>
    /// <param name="enforcer">What would enforce it; null when nothing can.</param>
    /// <param name="now">The trusted time.</param>
    /// <param name="held">Whether everything was stopped.</param>
    public static ListVerdict Judge(
        BlocklistEnforcement document, Blocklist? list, OwnerLimits owner, IReadOnlyList<Prefix> never, IListEnforcer? enforcer, UnixMilliseconds now, bool held = false)
    {
        var entries = list is null ? 0 : EntriesOf(document, list);
        var refusal = document switch
        {
            _ when now < document.NotBefore => NotStarted,
            _ when now >= document.NotAfter => Ended,
            _ when held => Held,
            _ when enforcer is null or { Capacity: 0 } || owner.BlocklistEntries == 0 => NotHere,
            _ when list is null => NoList,
            _ when entries > document.MaxEntries => TooLarge,
            _ when entries > Math.Min(owner.BlocklistEntries, enforcer.Capacity) => OverCapacity,
            _ => null,
        };
        var verdicts = document.Categories.Select(category => (category.Category, refusal ?? (enforcer!.Can(category.Step) ? null : Step))).ToList();
        if (refusal is not null)
        {
            return new ListVerdict([], verdicts);
        }

        var enforced = document.Categories.Where(category => enforcer!.Can(category.Step)).ToDictionary(category => category.Category);
        var sections = new List<EnforcedSection>();
        foreach (var section in list!.Sections)
        {
            var (least, owners) = section.Key.IsIPv4 ? (document.MinPrefixLengthV4, owner.MinPrefixLengthV4) : (document.MinPrefixLengthV6, owner.MinPrefixLengthV6);
            var end = section.Key.NotAfter < document.NotAfter ? section.Key.NotAfter : document.NotAfter;
            if (!enforced.TryGetValue(section.Key.Category, out var category) || section.Key.PrefixLength < Math.Max(least, owners) || end <= now)
            {
                continue;
            }

            var kept = new EnforcedSection(
                section.Key, Without(section.IPv4, section.Key, never, NumberOf<uint>), Without(section.IPv6, section.Key, never, NumberOf<UInt128>), category.Step, category.Direction, end);
            if (kept.Count > 0)
            {
                sections.Add(kept);
            }
        }

        return new ListVerdict(sections, verdicts);
    }

    /// <summary>The addresses of a section's prefixes that share none with what is never enforced; the very same memory where all do not.</summary>
    private static ReadOnlyMemory<T> Without<T>(ReadOnlyMemory<T> addresses, SectionKey key, IReadOnlyList<Prefix> never, Func<Prefix, T> numberOf)
        where T : unmanaged, IBinaryInteger<T>
    {
        var removed = new HashSet<int>();
        foreach (var prefix in addresses.IsEmpty ? [] : never.Where(prefix => prefix.IsIPv4 == key.IsIPv4))
        {
            var bits = 8 * key.AddressLength;
            var first = numberOf(prefix);
            var last = prefix.Length == 0 ? T.AllBitsSet : first | ~(T.AllBitsSet << (bits - prefix.Length));
            // The prefix of the section's length that the first lies in may begin before it.
            for (var at = PlaceOf(addresses.Span, first & (T.AllBitsSet << (bits - key.PrefixLength))); at < addresses.Length && addresses.Span[at] <= last; at++)
            {
                removed.Add(at);
            }
        }

        return removed.Count == 0 ? addresses : addresses.ToArray().Where((_, at) => !removed.Contains(at)).ToArray();
    }

    private static int PlaceOf<T>(ReadOnlySpan<T> addresses, T from)
        where T : unmanaged, IBinaryInteger<T>
    {
        var place = addresses.BinarySearch(from);
        return place >= 0 ? place : ~place;
    }

    private static T NumberOf<T>(Prefix prefix)
        where T : unmanaged, IBinaryInteger<T>
    {
        Span<byte> octets = stackalloc byte[16];
        return T.ReadBigEndian(octets[..prefix.CopyAddress(octets)], isUnsigned: true);
    }
}

/// <summary>What is enforced of a list.</summary>
/// <param name="Sections">The entries.</param>
/// <param name="Categories">Each category of the document, and why it is not enforced, as a token; null when it is.</param>
internal sealed record ListVerdict(IReadOnlyList<EnforcedSection> Sections, IReadOnlyList<(DocumentId Category, string? Refusal)> Categories);
