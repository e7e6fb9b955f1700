using System.Threading.Channels;
using EdgeSensors.Trust.Client;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>Refreshes when the hub gives notice, and at times of its own so that a hub which gives none cannot freeze the sensor.</summary>
/// <param name="client">Fetches and verifies.</param>
/// <param name="every">How often to ask without a notice; a fifth is added or taken at random.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Where the jitter comes from.</param>
/// <param name="logger">Where refusals are said, each once.</param>
internal sealed class UpdateLoop(UpdateClient client, TimeSpan every, TimeProvider time, Random random, ILogger logger)
{
    private readonly Channel<bool> _notices = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string? _lastSaid;

    /// <summary>What is trusted now.</summary>
    public TrustedState State { get; private set; } = TrustedState.None;

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

        while (!cancellationToken.IsCancellationRequested)
        {
            var (state, refusal) = await client.RefreshAsync(State, cancellationToken).ConfigureAwait(false);
            Say(state, refusal);
            State = state;
            if (Refreshed is { } refreshed)
            {
                await refreshed(state, refusal, cancellationToken).ConfigureAwait(false);
            }

            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            // A hub that was not reached is asked again soon.
            var wait = refusal is null ? every * (0.8 + (0.4 * random.NextDouble())) : TimeSpan.FromSeconds(Math.Min(every.TotalSeconds, 2 + (3 * random.NextDouble())));
            var notice = _notices.Reader.WaitToReadAsync(pause.Token).AsTask();
            await Task.WhenAny(notice, Task.Delay(wait, time, pause.Token)).ConfigureAwait(false);
            _notices.Reader.TryRead(out _);
            await pause.CancelAsync().ConfigureAwait(false);
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
}
