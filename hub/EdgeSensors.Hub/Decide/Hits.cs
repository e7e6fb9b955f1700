namespace EdgeSensors.Hub.Decide;

/// <summary>
/// What the figures of sensors are worth: a sensor may be stolen, and who stole it would like to have a block lifted. What no line carries is not believed, and at the fleet no sensor alone
/// takes anything back; a sensor whose own hits crossed the bound has taken it back for itself by then.
/// </summary>
internal static class Hits
{
    /// <summary>In the place of a figure that is not believed.</summary>
    public const ulong NotBelieved = ulong.MaxValue;

    /// <summary>More than any sensor's lines carry in a millisecond: 1,000 million packets a second are 670 Gbit/s of the shortest frames.</summary>
    public const ulong MaxPacketsPerMillisecond = 1_000_000;

    // Between the hub's clock and a sensor's, and for counters that are read in steps.
    private const ulong ToleranceMs = 60_000;

    /// <summary>The sum, or the greatest number where it would be beyond that.</summary>
    public static ulong Sum(IEnumerable<ulong> figures) => figures.Aggregate(0UL, (sum, figure) => sum > ulong.MaxValue - figure ? ulong.MaxValue : sum + figure);

    /// <summary>Whether so many packets can have come since a mitigation began.</summary>
    public static bool IsPossible(Mitigation mitigation, MitigationReceipt receipt)
    {
        var elapsed = mitigation.ApprovedAt is { } at ? Math.Max(0, receipt.ReceivedAt.Value - at.Value) : 0;
        return receipt.HitPackets <= ((UInt128)(ulong)elapsed + ToleranceMs) * MaxPacketsPerMillisecond;
    }

    /// <summary>Whether a mitigation's bound of hits is crossed; never where it has none.</summary>
    /// <param name="mitigation">The mitigation.</param>
    /// <param name="receipts">What sensors said to which it was sent and that carry rules out.</param>
    /// <param name="members">How many such sensors there are.</param>
    /// <param name="atFleet">Whether it has passed its canaries.</param>
    public static bool Cross(Mitigation mitigation, IEnumerable<MitigationReceipt> receipts, int members, bool atFleet)
    {
        if (mitigation.HitBound is not { } limit)
        {
            return false;
        }

        var (bound, believed) = ((ulong)limit, receipts.Where(receipt => receipt.IsBelieved).ToList());
        // One that took it back by itself was at the bound, whatever its counter said since.
        var figures = believed.Select(receipt => receipt.IsAtHitBound ? Math.Max(receipt.HitPackets, bound) : receipt.HitPackets).Order().ToList();
        if (atFleet && members > 1)
        {
            var others = Sum(figures.SkipLast(1));
            return Sum([others, Math.Min(others, figures.LastOrDefault())]) > bound;
        }

        return believed.Any(receipt => receipt.IsAtHitBound) || Sum(figures) > bound;
    }
}
