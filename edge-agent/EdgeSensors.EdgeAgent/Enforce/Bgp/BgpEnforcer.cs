using EdgeSensors.Protocol;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>
/// Enforces at a carrier's routers: announces flow specifications (RFC 8955, RFC 8956) and blackholes (RFC 7999) through a <c>gobgpd</c> beside the agent.
/// Only what differs is announced or withdrawn, and only routes that bear the sensor's mark. A route has no end of its own, so the enforcer ends it at its
/// rule's time, at the agent's stop, and, when no plan follows a start, what a former run left; each second it beats for the watchdog that does the same when
/// the agent is gone. BGP knows no transaction: a daemon that fails midway leaves the withdrawn withdrawn and the rest to the next attempt. The routers'
/// counters are not told by BGP: hits are the packets that the agent's own meter sees of a rule.
/// </summary>
internal sealed class BgpEnforcer : IEnforcer, IAsyncDisposable
{
    private static readonly TimeSpan s_beatEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_parting = TimeSpan.FromSeconds(10);

    private readonly GobgpClient _client;
    private readonly BgpHeartbeat _heartbeat;
    private readonly BgpSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;
    private EnforcementPlan? _plan;
    private Dictionary<BgpRoute, float> _announced = [];
    private long _waitingSince;
    private bool _behind;
    private bool _beating = true;

    /// <summary>Starts to look after the routes.</summary>
    /// <param name="settings">The daemon, the budget, the heartbeat.</param>
    /// <param name="sensor">Whose routes.</param>
    /// <param name="time">The clock that rules end by.</param>
    /// <param name="logger">Where withdrawals are told.</param>
    public BgpEnforcer(BgpSettings settings, SensorName sensor, TimeProvider time, ILogger logger)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _client = new GobgpClient(settings, sensor);
        _heartbeat = new BgpHeartbeat(settings.HeartbeatPath);
        Observer = new ObserveOnlyEnforcer("", time);
        _waitingSince = time.GetTimestamp();
        _looking = LookAfterAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public string Name => "bgp";

    /// <inheritdoc/>
    public string? Limitation => null;

    /// <summary>Counts what the meter sees of the rules.</summary>
    public ObserveOnlyEnforcer Observer { get; }

    /// <inheritdoc/>
    public async Task<EnforcementOutcome> ApplyAsync(EnforcementPlan plan, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var first = _plan is null;
            _plan = plan;
            var (desired, error) = await BringAsync(plan, everywhere: first || _behind, cancellationToken).ConfigureAwait(false);
            var verdicts = error is null ? desired.Verdicts : [.. desired.Verdicts.Select(verdict => verdict.State == RuleState.Enforced
                ? verdict with { State = RuleState.Refused, Reason = RefusalReason.EnforcerFailed } : verdict)];
            var refused = verdicts.Where(verdict => verdict.State is RuleState.Refused or RuleState.Expired).Select(verdict => verdict.Id).ToHashSet();
            await Observer.ApplyAsync(plan with { Rules = [.. plan.Rules.Where(rule => !refused.Contains(rule.Id))] }, cancellationToken).ConfigureAwait(false);
            return new EnforcementOutcome(verdicts, error);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<HitReading> ReadHitsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var hits = (await Observer.ReadHitsAsync(cancellationToken).ConfigureAwait(false)).Hits;
            try
            {
                var found = await _client.ReadAsync(Blackholes(_announced.Keys), cancellationToken).ConfigureAwait(false);
                var intact = !_behind && found.Count == _announced.Count && _announced.All(route => found.TryGetValue(route.Key, out var rate) && rate == route.Value);
                return new HitReading(hits, intact);
            }
            catch (RpcException failure)
            {
                return new HitReading(hits, Intact: true, GobgpClient.Explain(failure, _settings));
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Withdraws everything of ours and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using (var parting = new CancellationTokenSource(s_parting))
        {
            await WithdrawAllAsync("the agent stops", parting.Token).ConfigureAwait(false);
        }

        _client.Dispose();
        _gate.Dispose();
        _stop.Dispose();
    }

    private static HashSet<Prefix> Blackholes(IEnumerable<BgpRoute> routes) =>
        [.. routes.Where(route => route.Kind == BgpRouteKind.Blackhole).Select(route => route.Match.Destination!.Value)];

    /// <summary>Brings the daemon's table to the plan. Withdraws before it announces, so that the budget holds at each moment.</summary>
    private async Task<(BgpDesired Desired, string? Error)> BringAsync(EnforcementPlan plan, bool everywhere, CancellationToken cancellationToken)
    {
        var now = UnixMilliseconds.Now(_time);
        var desired = BgpDesired.Of(plan, _announced.Keys.ToHashSet(), _settings, now);
        _behind = true;
        // Before anything is announced, so that the watchdog knows of it whatever becomes of this process.
        if (Beat() is { } still)
        {
            return (desired, still);
        }

        try
        {
            var found = await _client.ReadAsync(everywhere ? null : Blackholes([.. _announced.Keys, .. desired.Routes.Keys]), cancellationToken).ConfigureAwait(false);
            desired = BgpDesired.Of(plan, found.Keys.ToHashSet(), _settings, now);
            await _client.WithdrawAsync(found.Keys.Where(route => !desired.Routes.ContainsKey(route)), cancellationToken).ConfigureAwait(false);
            foreach (var (route, rate) in desired.Routes)
            {
                if (!found.TryGetValue(route, out var standing) || standing != rate)
                {
                    await _client.AnnounceAsync(route, rate, cancellationToken).ConfigureAwait(false);
                }
            }

            _announced = new Dictionary<BgpRoute, float>(desired.Routes);
            _behind = false;
            return (desired, null);
        }
        catch (RpcException failure)
        {
            return (desired, GobgpClient.Explain(failure, _settings));
        }
    }

    private async Task LookAfterAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(s_beatEvery, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (await EndWhatIsDueAsync(cancellationToken).ConfigureAwait(false))
                {
                    Beat();
                }
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    /// <summary>Beats; or says once why it cannot, as one line for a person.</summary>
    private string? Beat()
    {
        try
        {
            _heartbeat.Beat();
            _beating = true;
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var reason = exception.Message.TrimEnd('.');
            if (_beating)
            {
                BgpLog.NoHeartbeat(_logger, reason);
            }

            _beating = false;
            return $"no heartbeat for the watchdog: {reason}; correct bgp.heartbeat or its folder's permissions";
        }
    }

    /// <summary>Ends rules at their time, and what a former run left when no plan comes.</summary>
    /// <returns>Whether all is as it should be; if not, the heart does not beat and the watchdog tries as well.</returns>
    private async Task<bool> EndWhatIsDueAsync(CancellationToken cancellationToken)
    {
        if (_plan is null)
        {
            if (_time.GetElapsedTime(_waitingSince) >= _settings.HeartbeatSpan)
            {
                _waitingSince = _time.GetTimestamp();
                _plan = await WithdrawAllAsync("no plan has come since the start", cancellationToken).ConfigureAwait(false) ? EnforcementPlan.Empty : null;
            }

            return false;
        }

        var now = UnixMilliseconds.Now(_time);
        if (!_plan.Rules.Any(rule => rule.ExpiresAt <= now))
        {
            return true;
        }

        var remaining = _plan with { Rules = [.. _plan.Rules.Where(rule => rule.ExpiresAt > now)] };
        if ((await BringAsync(remaining, everywhere: false, cancellationToken).ConfigureAwait(false)).Error is null)
        {
            _plan = remaining;
            return true;
        }

        return false;
    }

    private async Task<bool> WithdrawAllAsync(string reason, CancellationToken cancellationToken)
    {
        try
        {
            var count = await _client.WithdrawAllAsync(cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                BgpLog.Withdrawn(_logger, count, reason);
            }

            _announced = [];
            return true;
        }
        catch (RpcException failure)
        {
            BgpLog.NotWithdrawn(_logger, GobgpClient.Explain(failure, _settings));
            return false;
        }
    }
}
