using System.Globalization;
using System.Text.RegularExpressions;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Ring;

namespace EdgeSensors.Tests;

/// <summary>One decision's way to every gateway of a fleet. All moments are of the one machine's clock.</summary>
/// <param name="Asked">Somebody asked the hub for it.</param>
/// <param name="Answered">The hub said that it is decided, which is durable then.</param>
/// <param name="Signed">The metadata was on disk.</param>
/// <param name="Cosigned">The witness had cosigned and the proof was on disk.</param>
/// <param name="Announced">The sensors were told.</param>
/// <param name="Gateways">What followed at each.</param>
internal sealed partial record RolloutRound(
    DateTimeOffset Asked, DateTimeOffset Answered, DateTimeOffset Signed, DateTimeOffset Cosigned, DateTimeOffset Announced, IReadOnlyList<GatewayTimes> Gateways)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private const int Words = 8;

    /// <summary>Approves a mitigation and waits until every gateway says that it is enforced; throws <see cref="ProgramException"/> otherwise.</summary>
    public static Task<RolloutRound> ApproveAsync(Fleet fleet, string id, CancellationToken stop) =>
        FollowAsync(fleet, id, () => fleet.Hub.Api.ApproveAsync(id, stop), "enforced", stop);

    /// <summary>Takes a mitigation back and waits until every gateway says that it is gone.</summary>
    public static Task<RolloutRound> RevokeAsync(Fleet fleet, string id, CancellationToken stop) =>
        FollowAsync(fleet, id, () => fleet.Hub.Api.RevokeAsync(id, "measured", stop), "revoked", stop);

    private static async Task<RolloutRound> FollowAsync(Fleet fleet, string id, Func<Task<string?>> decide, string state, CancellationToken stop)
    {
        var asked = DateTimeOffset.UtcNow;
        if (await decide().ConfigureAwait(false) is { } refused)
        {
            throw new ProgramException($"the hub refuses: {refused}");
        }

        var answered = DateTimeOffset.UtcNow;
        MitigationSeen seen;
        while (true)
        {
            await Task.Delay(Look, stop).ConfigureAwait(false);
            seen = await fleet.Hub.Api.FindAsync(id, stop).ConfigureAwait(false);
            if (fleet.Gateways.All(gateway => seen.Receipts.Any(receipt => receipt.Sensor == gateway.Name && receipt.State == state)))
            {
                break;
            }

            if (DateTimeOffset.UtcNow - answered > Patience)
            {
                throw new ProgramException(
                    $"{id} ({seen.State}) is {state} on {seen.Receipts.Count(receipt => receipt.State == state)} of {fleet.Gateways.Count} gateways only; hub: {fleet.Hub.Serving.LastWords(Words)}; "
                    + string.Join("; ", fleet.Gateways.Select(gateway => $"{gateway.Sensor}: {gateway.Agent.LastWords(Words)}")));
            }
        }

        var (version, announced) = Published(fleet.Hub.Serving, asked);
        var receipts = seen.Receipts.ToDictionary(receipt => receipt.Sensor);
        var metadata = Path.Combine(fleet.Hub.Folder, "repository", "metadata");
        return new RolloutRound(
            asked, answered, Written(Path.Combine(metadata, $"{version}.timestamp.json")), Written(Path.Combine(metadata, $"{version}.timestamp.tlog-proof")), announced,
            [
                .. fleet.Gateways.Select(gateway => new GatewayTimes(
                    gateway.Name, Written(Path.Combine(gateway.TrustFolder, "metadata", "timestamp.json")), Verified(gateway.Agent, version),
                    receipts[gateway.Name].ObservedAt, receipts[gateway.Name].ReceivedAt)),
            ]);
    }

    private static (long Timestamp, DateTimeOffset At) Published(StartedProgram hub, DateTimeOffset after) => hub.Said
        .Where(line => line.At >= after)
        .Select(line => (Match: PublishedLine().Match(line.Text), line.At))
        .Where(line => line.Match.Success)
        .Select(line => (long.Parse(line.Match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), line.At))
        .FirstOrDefault() is { Item1: > 0 } found ? found : throw new ProgramException("the hub has not said that it published");

    // A gateway that was behind may have gone on to a newer one at once.
    private static DateTimeOffset Verified(StartedProgram agent, long version) => agent.Said
        .Where(line => VerifiedLine().Match(line.Text) is { Success: true } match && long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) >= version)
        .Select(line => line.At).FirstOrDefault();

    private static DateTimeOffset Written(string path) => File.GetLastWriteTimeUtc(path);

    [GeneratedRegex(@"Published rule set \d+ with \d+ rules as timestamp (\d+)")]
    private static partial Regex PublishedLine();

    [GeneratedRegex(@"verified updates: timestamp (\d+)")]
    private static partial Regex VerifiedLine();
}

/// <summary>A decision's way at one gateway.</summary>
/// <param name="Gateway">Its name.</param>
/// <param name="Fetched">The timestamp was fetched, proved and stored.</param>
/// <param name="Verified">All of the update was verified and at hand.</param>
/// <param name="Effective">The kernel did it, by the agent's receipt.</param>
/// <param name="Told">The hub had the receipt.</param>
internal sealed record GatewayTimes(string Gateway, DateTimeOffset Fetched, DateTimeOffset Verified, DateTimeOffset Effective, DateTimeOffset Told);
