using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>
/// Withdraws a sensor's routes when its agent's heartbeat stops: a process of its own, since a route has no end of its own and would stand for ever after
/// the agent was killed (wall 5).
/// </summary>
/// <param name="client">The sensor's routes.</param>
/// <param name="heartbeat">What the agent changes.</param>
/// <param name="settings">For how long it may stay unchanged.</param>
/// <param name="time">Measures that.</param>
/// <param name="logger">Where a stop is told.</param>
internal sealed class BgpWatchdog(GobgpClient client, BgpHeartbeat heartbeat, BgpSettings settings, TimeProvider time, ILogger logger)
{
    /// <summary>Spans between two looks while the heartbeat rests and nothing stands: an agent that hung may still have announced, and a full table is long.</summary>
    private const int RestingSpans = 6;

    /// <summary>Watches until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var seen = heartbeat.Read();
        var since = time.GetTimestamp();
        var patience = settings.HeartbeatSpan;
        BgpLog.Watching(logger, heartbeat.Path, settings.HeartbeatSpan.TotalSeconds);
        using var timer = new PeriodicTimer(settings.HeartbeatSpan / 4, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = heartbeat.Read();
            if (now is not null && (seen is null || !now.AsSpan().SequenceEqual(seen)))
            {
                (seen, since, patience) = (now, time.GetTimestamp(), settings.HeartbeatSpan);
            }
            else if (time.GetElapsedTime(since) >= patience)
            {
                patience = await WithdrawAsync(cancellationToken).ConfigureAwait(false) ? settings.HeartbeatSpan * RestingSpans : TimeSpan.Zero;
                since = time.GetTimestamp();
            }
        }
    }

    /// <summary>Whether nothing of the sensor's stood; until then it is looked at again at once.</summary>
    private async Task<bool> WithdrawAsync(CancellationToken cancellationToken)
    {
        try
        {
            var count = await client.WithdrawAllAsync(cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                BgpLog.Withdrawn(logger, count, "the agent's heartbeat has stopped");
            }

            return count == 0;
        }
        catch (RpcException failure)
        {
            BgpLog.NotWithdrawn(logger, GobgpClient.Explain(failure, settings));
            return false;
        }
    }
}
