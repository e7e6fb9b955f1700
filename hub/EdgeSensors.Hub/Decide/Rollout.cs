using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>What is to be done about a mitigation.</summary>
internal enum RolloutVerdict
{
    /// <summary>Nothing yet.</summary>
    Hold,

    /// <summary>The next stage begins.</summary>
    Advance,

    /// <summary>It is taken back.</summary>
    Revert,
}

/// <summary>What is to be done, and why, for a person.</summary>
internal readonly record struct RolloutStep(RolloutVerdict Verdict, string Reason);

/// <summary>The way from canaries to the fleet: a function of what is stored, what is signed and the time, so that it goes on after a crash where it was.</summary>
internal static class Rollout
{
    /// <summary>What is due for a running mitigation.</summary>
    /// <param name="mitigation">As it is stored.</param>
    /// <param name="tier">What the grant asks of it.</param>
    /// <param name="fleet">The sensors that can carry rules out and were heard of lately when its stage began, or since.</param>
    /// <param name="isLost">Whether a sensor went out of the hub's reach.</param>
    /// <param name="now">By the hub's clock.</param>
    public static RolloutStep Next(Mitigation mitigation, GrantTier tier, IReadOnlyList<SensorName> fleet, Func<SensorName, bool> isLost, UnixMilliseconds now)
    {
        var members = fleet.Where(sensor => IsIn(mitigation.StageSensors, sensor)).ToHashSet();
        var receipts = mitigation.Receipts.Where(receipt => members.Contains(receipt.Sensor)).ToList();
        var refused = receipts.Count(receipt => receipt.IsRefused);
        var atFleet = mitigation.Stage >= tier.Stages.Count;
        var lost = atFleet ? 0 : members.Count(isLost);
        if (Crossed(mitigation, tier, receipts, members.Count, refused, lost) is { } bound)
        {
            return new(RolloutVerdict.Revert, bound);
        }

        if (atFleet)
        {
            return new(RolloutVerdict.Hold, "it has reached the fleet");
        }

        var stage = tier.Stages[mitigation.Stage];
        var applied = receipts.Count(receipt => receipt.IsApplied);
        return mitigation switch
        {
            { StageSensors.Count: 0 } => Wait("no sensor is known that could be a canary"),
            { StagePublishedAt: null } => Wait("the stage is not published yet"),
            _ when mitigation.Complaints.Count > 0 => Wait(Text($"{mitigation.Complaints.Count} complained of it")),
            _ when Exceeds(refused, members.Count, stage.RefusedPercent) => Wait(Text($"{refused} of {members.Count} canaries refuse it")),
            _ when applied * 100L < (long)stage.AppliedPercent * members.Count || (applied == 0 && stage.AppliedPercent > 0) =>
                Wait(Text($"{applied} of {members.Count} canaries say that they carry it out, {stage.AppliedPercent} % are needed")),
            { StagePublishedAt: { } published } when (now - published).TotalMilliseconds < stage.SoakMs =>
                Wait(Text($"it soaks for {TimeSpan.FromMilliseconds(stage.SoakMs).TotalSeconds:0.##} s")),
            _ => new(RolloutVerdict.Advance, Text($"{applied} of {members.Count} canaries carry it out, {refused} refuse it, {mitigation.HitPackets} packets hit")),
        };
    }

    /// <summary>
    /// Where a stage is carried out. The canaries of the stage before stay; more are those that are connected, in the order of the SHA-256 of the mitigation's id and their name.
    /// Empty when there is none, and no more than a rule can name.
    /// </summary>
    public static IReadOnlyList<SensorPattern> Choose(Mitigation mitigation, GrantTier tier, int stage, IReadOnlyList<SensorName> fleet, Func<SensorName, bool> isConnected)
    {
        if (stage >= tier.Stages.Count)
        {
            return mitigation.Sensors;
        }

        var patterns = tier.Stages.Take(stage + 1).SelectMany(reached => reached.Sensors)
            .SelectMany(given => mitigation.Sensors.Where(asked => given.Contains(asked) || asked.Contains(given)).Select(asked => given.Contains(asked) ? asked : given))
            .Distinct().ToList();
        var eligible = fleet.Where(mitigation.IsFor).ToList();
        var count = Math.Min(tier.Stages[stage].MaxSensors, (int)Math.Ceiling(eligible.Count * tier.Stages[stage].SharePercent / 100.0));
        var named = eligible
            .OrderBy(sensor => IsIn(mitigation.StageSensors, sensor) ? 0 : isConnected(sensor) ? 1 : 2)
            .ThenBy(sensor => Rank(mitigation.Id, sensor), StringComparer.Ordinal)
            .Take(count)
            .Where(sensor => !IsIn(patterns, sensor))
            .Select(sensor => SensorPattern.Of(sensor.Operator, sensor.Sensor));
        return [.. patterns.Concat(named).Take(MitigationRule.MaxSensors)];
    }

    private static string? Crossed(Mitigation mitigation, GrantTier tier, IReadOnlyList<MitigationReceipt> receipts, int members, int refused, int lost) => mitigation switch
    {
        _ when mitigation.Complaints.Count >= tier.Bounds.Complaints => Text($"{mitigation.Complaints.Count} operators complained of it"),
        _ when Hits.Cross(mitigation, receipts, members, mitigation.Stage >= tier.Stages.Count) =>
            Text($"{mitigation.HitPackets} packets hit, more than the {mitigation.HitBound} that the estimate allows"),
        _ when Exceeds(refused, members, tier.Bounds.RefusedPercent) => Text($"{refused} of {members} sensors refuse it"),
        _ when Exceeds(lost, members, tier.Bounds.LostPercent) => Text($"{lost} of {members} canaries went out of reach"),
        _ => null,
    };

    private static bool Exceeds(int part, int whole, int percent) => part * 100L > (long)percent * whole;

    private static bool IsIn(IReadOnlyList<SensorPattern> patterns, SensorName sensor) => patterns.Any(pattern => pattern.Matches(sensor.Operator, sensor.Sensor));

    private static string Rank(string id, SensorName sensor) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{id}\n{sensor}")));

    private static RolloutStep Wait(string why) => new(RolloutVerdict.Hold, why);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
