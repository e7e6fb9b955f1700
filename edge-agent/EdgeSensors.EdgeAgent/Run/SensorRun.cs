using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Bgp;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect.Listen;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>One run of the sensor: puts the stations together, starts them, and ends them in order.</summary>
internal sealed class SensorRun(AgentConfiguration settings, SensorIdentity identity, DurableOutbox outbox, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>How long an interface waits for the first answer of the hub before it is metered without one.</summary>
    private static readonly TimeSpan s_firstUpdate = TimeSpan.FromSeconds(20);

    /// <summary>How long the end of a capture waits for the hub.</summary>
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(60);

    /// <summary>How long a stop waits for the last messages to leave.</summary>
    private static readonly TimeSpan s_parting = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = loggers.CreateLogger("agent");

    /// <summary>Runs until the capture has ended or it is to stop.</summary>
    /// <returns>Null, or why it failed: one line.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        CaptureFile? file = null;
        LiveInput? card = null;
        ExportListener? exports = null;
        var input = "";
        if (settings.InputFile is { } path)
        {
            if (!CaptureFile.TryOpen(path, out file, out var broken))
            {
                return broken.Message;
            }

            input = FileIdentity.Of(path, settings.Window);
        }
        else if (settings.Listen.Urls.Count > 0)
        {
            if (!settings.Listen.TryMakeOptions(Path.Combine(settings.StateDirectory, "exports"), out var listen, out var unreadable))
            {
                return unreadable;
            }

            if (!ExportListener.TryOpen(listen, time, out exports, out var taken))
            {
                return taken.Message;
            }
        }
        else if (!LiveInput.TryOpen(settings.InputInterface!, LiveInput.OptionsFor(settings.Workers), out card, out var closed))
        {
            return closed;
        }

        using (file)
        using (card)
        using (exports)
        {
            var hub = new HubEndpoint(settings.HubHost, settings.MqttPort, settings.Sensor, identity.Certificate, identity.Authorities);
            var clock = new TrustedClock(time, settings.StateDirectory);
            var source = new UpdateSource(hub, settings.HttpsPort, settings.RootPath, identity.SealingKey, Path.Combine(settings.StateDirectory, "trust")) { BlocklistTier = settings.BlocklistTier };
            if (!UpdateClient.TryCreate(source, clock, _logger, out var client, out var error))
            {
                return error;
            }

            using (client)
            {
                try
                {
                    return await RunAsync(hub, client, clock, file, card, exports, input, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return null; // it was to stop before it had begun
                }
            }
        }
    }

    private async Task<string?> RunAsync(
        HubEndpoint hub, UpdateClient client, TrustedClock clock, CaptureFile? file, LiveInput? card, ExportListener? exports, string input, CancellationToken cancellationToken)
    {
        var stored = Checkpoint.Read(outbox.ReadCheckpoint());
        var checkpoint = file is null ? stored with { Input = "", Windows = 0, Findings = 0 } : stored.For(input);
        if (settings is { Bgp.Api: not null, XdpInterfaces.Count: > 0 })
        {
            return "bgp.api and enforce.xdp exclude each other: rules are carried out at the routers or on this machine; keep one of them";
        }

        await using var announcing = settings is { Enforce: true, Bgp.Api: not null }
            ? new BgpEnforcer(settings.Bgp, settings.Sensor, clock, _logger)
            : null;
        var enforcer = announcing ?? (settings.Enforce
            ? await NftEnforcer.ChooseAsync(NftCommand.OfThisMachine(), clock, cancellationToken).ConfigureAwait(false)
            : new ObserveOnlyEnforcer("enforce.enabled is false", clock));

        // One that would only observe instead would look like a gateway that is protected.
        var (alone, second) = enforcer is NftEnforcer ? await EnforcementLock.TakeAsync(EnforcementLock.Patience, time, _logger, cancellationToken).ConfigureAwait(false) : default;
        if (second is not null)
        {
            return second;
        }

        using var held = alone;
        if (alone?.Limitation is { } unnoticed)
        {
            RunLog.AnotherUnnoticed(_logger, unnoticed);
        }

        if (enforcer.Limitation is { } limitation)
        {
            RunLog.ObserveOnly(_logger, limitation);
        }
        else if (settings.XdpInterfaces.Count > 0)
        {
            enforcer = XdpEnforcer.Choose(enforcer, settings.XdpInterfaces, clock, out var without, settings.Limits.BlocklistEntries);
            if (without is not null)
            {
                RunLog.NoXdp(_logger, without);
            }
        }

        using var attached = enforcer as IDisposable;
        var lists = await ListEnforcement.ChooseAsync(
            enforcer, settings.Limits, settings.RateLimitPacketsPerSecond, NftCommand.OfThisMachine(), new EnforcedTables(settings.StateDirectory), clock, _logger, cancellationToken).ConfigureAwait(false);
        client.ListCapacity = Math.Min(settings.Limits.BlocklistEntries, lists?.Capacity ?? 0);

        outbox.Commit([], (checkpoint with { WindowOpen = file is null }).Encode());
        if (checkpoint.Windows > 0)
        {
            ReportLog.Resuming(_logger, checkpoint.Windows);
        }

        if (card?.DepthLimitation is { } shallow)
        {
            RunLog.OuterHeadersOnly(_logger, shallow);
        }

        var holder = new AuthorityHolder(settings.Sensor, clock, settings.Limits.Allowlist);
        using var keeper = new RuleKeeper(settings.Sensor, settings, enforcer, outbox, clock, _logger);
        using var listed = new ListKeeper(settings.Limits, lists, outbox, clock, _logger);
        var updates = new UpdateLoop(client, settings.RefreshEvery, clock, Random.Shared, _logger);
        using var link = new HubLink(hub, outbox, settings.MaxInFlight, time, Random.Shared, _logger);
        var status = new StatusWriter(outbox, holder, updates, keeper, enforcer, client.ListCapacity, card?.Depth, exports is not null, time);
        var firstUpdate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.Connected = status.Tell;
        link.UpdateAnnounced = _ => updates.Announce();
        (long?, MissingPart) applied = default;
        var waits = false;
        updates.Refreshed = async (state, refusal, token) =>
        {
            if (refusal is null)
            {
                clock.Raise(state.WitnessedAt);
            }

            if ((state.TimestampVersion, state.Missing) != applied)
            {
                applied = (state.TimestampVersion, state.Missing);
                holder.Replace(state);
            }

            await keeper.ApplyAsync(state, refusal, token).ConfigureAwait(false);
            await listed.ApplyAsync(state, token).ConfigureAwait(false);
            status.TellChange();
            if (state is { TimestampVersion: not null, Missing: MissingPart.Nothing } || (refusal is not null && file is null))
            {
                firstUpdate.TrySetResult();
            }
            else if (refusal is not null && !waits)
            {
                // A file read now would be told of as health only, and never again.
                waits = true;
                RunLog.CaptureWaits(_logger);
            }
        };

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopLink = new CancellationTokenSource();
        var linking = link.RunAsync(stopLink.Token);
        var updating = updates.RunAsync(stop.Token);
        var keeping = Task.WhenAny(keeper.RunAsync(stop.Token), listed.RunAsync(stop.Token)).Unwrap();
        await Task.WhenAny(firstUpdate.Task, updating, Task.Delay(file is not null ? Timeout.InfiniteTimeSpan : s_firstUpdate, time, stop.Token)).ConfigureAwait(false);
        if (holder.InForce is null && !stop.IsCancellationRequested)
        {
            ReportLog.NoneInForce(_logger);
        }

        var options = new ReporterOptions(settings.Window, settings.MaxFlows, settings.Detectors, file is null);
        var reporter = new TrafficReporter(options, checkpoint, holder, outbox, time, _logger) { Stopping = stop.Token, DiskWorks = status.Tell, Observed = enforcer as ObserveOnlyEnforcer ?? announcing?.Observer };
        var reading = new InputLoop(reporter, time, _logger);
        RunLog.Ready(_logger, settings.Sensor.ToString(), settings.InputFile ?? settings.InputInterface ?? string.Join(", ", exports!.Urls), enforcer.Name);
        using var metrics = exports is null ? null : new ExportMetrics(exports);
        using var telemetry = settings.MetricsEndpoint is { } collector ? Telemetry.To(collector) : null;
        var metering = file is not null ? reading.RunFileAsync(file, settings.Pace, stop.Token)
            : exports is not null ? reading.RunExportsAsync(exports, new ExporterRegister(settings.StateDirectory, time, _logger).Write, stop.Token)
            : reading.RunLiveAsync(card!, stop.Token);

        // The first of them to end decides: the input at its end or when it is to stop, the others only by a mistake of ours.
        var ended = await Task.WhenAny(metering, linking, updating, keeping).ConfigureAwait(false);
        var failure = ended.IsFaulted ? ended.Exception.InnerException!.Message : null;
        var trouble = failure;
        if (!cancellationToken.IsCancellationRequested && failure is null)
        {
            trouble = await metering.ConfigureAwait(false);
            RunLog.CaptureRead(_logger, reporter.FrameCount);
            if (!await link.DrainAsync(s_drain, cancellationToken).ConfigureAwait(false))
            {
                trouble ??= $"{outbox.Health.Messages} messages still wait for the hub in {settings.StateDirectory}; start again when it can be reached";
            }
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await Quiet(metering).ConfigureAwait(false);
        await Quiet(updating).ConfigureAwait(false);
        await Quiet(keeping).ConfigureAwait(false);
        if (link.IsConnected)
        {
            await link.DrainAsync(s_parting, CancellationToken.None).ConfigureAwait(false);
        }

        await stopLink.CancelAsync().ConfigureAwait(false);
        await Quiet(linking).ConfigureAwait(false);
        if (outbox.Health.Messages == 0 && trouble is null && !cancellationToken.IsCancellationRequested)
        {
            RunLog.Done(_logger);
        }
        else
        {
            RunLog.Stopped(_logger, outbox.Health.Messages);
        }

        return trouble;
    }

    private static async Task Quiet(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
