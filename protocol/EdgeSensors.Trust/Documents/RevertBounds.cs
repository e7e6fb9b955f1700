using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>What takes a rule back at once, whatever else speaks for it.</summary>
public sealed record RevertBounds
{
    // A year; sums of a few of them stay far from the end of 64 bits.
    internal const long MaxMs = 31_536_000_000;

    /// <summary>Complaints of this many operators take it back: 1 to 1,000.</summary>
    public required int Complaints { get; init; }

    /// <summary>More than this share of its sensors, in percent, refusing it take it back: 0 to 100.</summary>
    public required int RefusedPercent { get; init; }

    /// <summary>More than this share of its canaries, in percent, out of the hub's reach take it back: 0 to 100.</summary>
    public required int LostPercent { get; init; }

    /// <summary>More hits than this take it back; null when hits do not, so that no attacker lifts his own block by sending more.</summary>
    public HitBound? Hits { get; init; }

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.Integer("complaints", Complaints);
        if (Hits is { } hits)
        {
            writer.Member("hits");
            writer.BeginObject();
            writer.Integer("factor", hits.Factor);
            writer.Integer("floor", hits.Floor);
            writer.EndObject();
        }

        writer.Integer("lost_percent", LostPercent);
        writer.Integer("refused_percent", RefusedPercent);
        writer.EndObject();
    }

    internal static RevertBounds Read(ObjectReader reader)
    {
        var hits = reader.Has("hits") ? reader.Object("hits") : null;
        var bounds = new RevertBounds
        {
            Complaints = (int)reader.Integer("complaints", 1, 1_000),
            RefusedPercent = (int)reader.Integer("refused_percent", 0, 100),
            LostPercent = (int)reader.Integer("lost_percent", 0, 100),
            Hits = hits is null ? null : new HitBound((int)hits.Integer("factor", 1, 1_000_000), hits.Integer("floor", 1, 1L << 52)),
        };
        hits?.RefuseUnknown();
        reader.RefuseUnknown();
        return bounds;
    }
}

/// <summary>How many packets a rule may hit, by what it was expected to hit.</summary>
/// <param name="Factor">Times the packets that it would have hit, from the estimate.</param>
/// <param name="Floor">But never less than this many packets.</param>
public readonly record struct HitBound(int Factor, long Floor)
{
    /// <summary>The bound in packets for an expectation.</summary>
    /// <param name="expectedPackets">What the rule would have hit in as long a time as it is to last.</param>
    public long PacketsFor(double expectedPackets) => (long)Math.Clamp(Math.Ceiling(expectedPackets * Factor), Floor, 1L << 52);
}
