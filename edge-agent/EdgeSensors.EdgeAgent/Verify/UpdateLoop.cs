using System.Threading.Channels;
using EdgeSensors.Trust.Client;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Refreshes when the hub gives notice, and at times of its own so that a hub which gives none cannot freeze the sensor. Lists come in beside: a notice waits for none of them.
/// </summary>
/// <param name="client">Fetches and verifies.</param>
/// <param name="every">How often to ask without a notice; a fifth is added or taken at random.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Where the jitter comes from.</param>
/// <param name="logger">Where refusals are said, each once.</param>
internal sealed class UpdateLoop(UpdateClient client, TimeSpan every, TimeProvider time, Random random, ILogger logger)
{
    // A disk is tried again after about a minute at the latest.
    private const int MaxUnstored = 5;

    private readonly Channel<bool> _notices = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string? _lastSaid;
    private string? _lastMissing;
    private string? _lastNotStored;

    /// <summary>What is trusted now.</summary>
    public TrustedState State { get; private set; } = TrustedState.None;

    /// <summary>Why <see cref="State"/> is in memory only; null when it is stored.</summary>
    public string? NotStored => client.NotStored;

    /// <summary>Runs after each try, with what is trusted now and, when the newest was refused, why.</summary>
    public Func<TrustedState, TufError?, CancellationToken, Task>? Refreshed { get; set; }

    /// <summary>The hub says that there is something newer. Its word only makes us ask; nothing of it is believed.</summary>
    public void Announce() => _notices.Writer.TryWrite(true);

    /// <summary>Starts from what was verified before, then refreshes until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        State = await client.LoadStoredAsync(cancellationToken).ConfigureAwait(false);
        if (State.TimestampVersion is not null && Refreshed is { } stored)
        {
            await stored(State, null, cancellationToken).ConfigureAwait(false);
        }

        Task<TufError?>? bringing = null;
        var (misses, unstored) = (0, 0);
        while (!cancellationToken.IsCancellationRequested)
        {
            var (state, refusal) = await client.RefreshAsync(State, cancellationToken).ConfigureAwait(false);
            Say(state, refusal);
            await TakeAsync(state, refusal, cancellationToken).ConfigureAwait(false);
            if (refusal is null)
            {
                bringing = state.Missing == MissingPart.Nothing ? null : await client.BringAsync(state.Missing, cancellationToken).ConfigureAwait(false);
                (misses, _lastMissing) = bringing is null ? (0, null) : (misses, _lastMissing);
            }

            // A hub that was not reached is asked again soon; a disk likewise, with what the hub has then.
            unstored = NotStored is null ? 0 : Math.Min(unstored + 1, MaxUnstored);
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var notice = _notices.Reader.WaitToReadAsync(pause.Token).AsTask();
            var wait = refusal is not null ? Soon(0) : unstored > 0 ? Soon(unstored - 1) : every * (0.8 + (0.4 * random.NextDouble()));
            var due = Task.Delay(wait, time, pause.Token);
            while (bringing is not null && await Task.WhenAny(notice, due, bringing).ConfigureAwait(false) == bringing)
            {
                // What is large came beside, or did not.
                var missing = await bringing.ConfigureAwait(false);
                var further = await client.CompleteAsync(State, cancellationToken).ConfigureAwait(false);
                if (further.Missing < State.Missing)
                {
                    await TakeAsync(further, null, cancellationToken).ConfigureAwait(false);
                    misses = 0;
                    due = unstored == 0 && NotStored is not null ? Task.Delay(Soon(0), time, pause.Token) : due;
                    bringing = State.Missing == MissingPart.Nothing ? null : await client.BringAsync(State.Missing, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                bringing = null;
                due = Task.Delay(Soon(misses++), time, pause.Token);
                if (missing is not null && missing.ToString() is var line && line != _lastMissing)
                {
                    _lastMissing = line;
                    VerifyLog.NotBrought(logger, line);
                }
            }

            await Task.WhenAny(notice, due).ConfigureAwait(false);
            _notices.Reader.TryRead(out _);
            await pause.CancelAsync().ConfigureAwait(false);
        }
    }

    private TimeSpan Soon(int misses) => TimeSpan.FromSeconds(Math.Min(every.TotalSeconds, (2 + (3 * random.NextDouble())) * Math.Pow(2, misses)));

    private async Task TakeAsync(TrustedState state, TufError? refusal, CancellationToken cancellationToken)
    {
        State = state;
        SayNotStored();
        if (Refreshed is { } refreshed)
        {
            await refreshed(state, refusal, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Say(TrustedState state, TufError? refusal)
    {
        var line = refusal?.ToString();
        if (line is not null && line != _lastSaid)
        {
            VerifyLog.Refused(logger, line);
        }
        else if (line is null && state.TimestampVersion != State.TimestampVersion && state.TimestampVersion is { } version)
        {
            VerifyLog.Verified(logger, version, state.Rules?.Revision);
        }

        _lastSaid = line;
    }

    private void SayNotStored()
    {
        var reason = NotStored;
        if (reason is not null && reason != _lastNotStored)
        {
            VerifyLog.NotStored(logger, reason);
        }
        else if (reason is null && _lastNotStored is not null)
        {
            VerifyLog.StoredAgain(logger);
        }

        _lastNotStored = reason;
    }
}
