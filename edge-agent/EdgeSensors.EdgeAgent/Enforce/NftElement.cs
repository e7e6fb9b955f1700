using System.Globalization;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// What stands in an element's comment, so that a restarted agent knows whose it is: the rule, its end, and the hits of the elements that it
/// replaced (a new end makes a new element, and nft cannot set a counter through JSON).
/// </summary>
/// <param name="Rule">The rule that it stands for.</param>
/// <param name="ExpiresAt">The rule's end.</param>
/// <param name="PacketsBefore">Packets that its predecessors hit.</param>
/// <param name="OctetsBefore">Their octets.</param>
internal readonly record struct NftElementTag(DocumentId Rule, UnixMilliseconds ExpiresAt, ulong PacketsBefore, ulong OctetsBefore)
{
    /// <summary>The comment: at most 63 + 16 + 2 × 21 octets, of 128 that nft keeps.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rule} {ExpiresAt.Value} {PacketsBefore} {OctetsBefore}");

    /// <summary>Reads a comment; false when it is none of ours.</summary>
    public static bool TryParse(string? comment, out NftElementTag tag)
    {
        tag = default;
        if (comment?.Split(' ') is not [var id, var end, var packets, var octets]
            || !DocumentId.TryParse(id, out var rule)
            || !long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var expires) || expires > UnixMilliseconds.MaxValue
            || !ulong.TryParse(packets, NumberStyles.None, CultureInfo.InvariantCulture, out var packetsBefore)
            || !ulong.TryParse(octets, NumberStyles.None, CultureInfo.InvariantCulture, out var octetsBefore))
        {
            return false;
        }

        tag = new NftElementTag(rule, new UnixMilliseconds(expires), packetsBefore, octetsBefore);
        return true;
    }
}

/// <summary>An element as the table holds it.</summary>
/// <param name="Tag">Whose it is; null when its comment is none of ours or, in an allowlist, has none.</param>
/// <param name="Packets">Packets that it counted itself.</param>
/// <param name="Octets">Their octets.</param>
internal readonly record struct NftElement(NftElementTag? Tag, ulong Packets, ulong Octets)
{
    /// <summary>All packets of the rule here, those of predecessors included.</summary>
    public ulong AllPackets => Packets + (Tag?.PacketsBefore ?? 0);

    /// <summary>All octets.</summary>
    public ulong AllOctets => Octets + (Tag?.OctetsBefore ?? 0);
}
