using System.Diagnostics;
using System.Globalization;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Benchmarks.Live;

/// <summary>The agent's own stations from the ring to the outbox, without a hub: what `edgesensors-agent run` does with a packet.</summary>
internal static class LiveReport
{
    internal static readonly SensorName Sensor = new(OperatorId.Parse("bench"), SensorId.Parse("cable"));

    public static async Task<int> RunAsync(string name, LiveCaptureOptions options)
    {
        if (!LiveInput.TryOpen(name, options, out var input, out var error))
        {
            await Console.Error.WriteLineAsync(error).ConfigureAwait(false);
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-live-").FullName;
        try
        {
            if (!DurableOutbox.TryOpen(folder, 64 << 20, out var outbox, out var closed))
            {
                await Console.Error.WriteLineAsync(closed).ConfigureAwait(false);
                return 1;
            }

            using (input)
            using (outbox)
            {
                await MeterAsync(input, outbox).ConfigureAwait(false);
                return 0;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeterAsync(LiveInput input, DurableOutbox outbox)
    {
        var holder = new AuthorityHolder(Sensor, TimeProvider.System);
        holder.Replace(Trust());
        var settings = new ReporterOptions(TimeSpan.FromSeconds(1), 1 << 18, new DetectorOptions(), Live: true);
        var reporter = new TrafficReporter(settings, Checkpoint.Read(null) with { WindowOpen = true }, holder, outbox, TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var reading = new InputLoop(reporter, TimeProvider.System, NullLogger.Instance).RunLiveAsync(input, stop.Token);
        while (reporter.FrameCount < LiveCommand.WarmUpPackets)
        {
            await Task.Delay(10).ConfigureAwait(false);
        }

        var (process, clock) = (Process.GetCurrentProcess(), Stopwatch.StartNew());
        var (before, skipped) = (process.TotalProcessorTime, reporter.FrameCount);
        for (var (seen, silent) = (0L, 0); silent < 10;)
        {
            await Task.Delay(100).ConfigureAwait(false);
            (seen, silent) = seen == reporter.FrameCount ? (seen, silent + 1) : (reporter.FrameCount, 0);
        }

        process.Refresh();
        var cpu = process.TotalProcessorTime - before;
        var elapsed = clock.Elapsed - TimeSpan.FromSeconds(1);
        await stop.CancelAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        var messages = outbox.Health.Messages;
        LiveCommand.Print(
            reporter.FrameCount - skipped, input.ReadCounters().Dropped, cpu, elapsed, string.Create(CultureInfo.InvariantCulture, $"{input.Depth} headers, {messages} messages"));
    }

    /// <summary>An authorisation by which half of all IPv4 addresses are the owner's, so that packets of every direction are selectable and none is passed over.</summary>
    internal static TrustedState Trust()
    {
        using var sealing = SealingKey.Create();
        var id = DocumentId.Parse("bench");
        var key = new byte[32];
        return new TrustedState
        {
            TimestampVersion = 1,
            Expires = DateTimeOffset.MaxValue,
            PseudonymKey = key,
            Authorization = new CollectionAuthorization
            {
                Id = id,
                Operator = LiveReport.Sensor.Operator,
                Sensor = LiveReport.Sensor.Sensor,
                Basis = CollectionBasis.Consent,
                Network = NetworkKind.Owner,
                Level = CollectionLevel.Concern,
                Directions = FlowDirections.Inbound | FlowDirections.Outbound | FlowDirections.Transit | FlowDirections.Internal,
                OwnPrefixes = [Prefix.Parse("0.0.0.0/1")],
                K = 2,
                PseudonymKey = PseudonymKeyWrap.Seal(key, sealing.PublicKey, Sensor.Operator, Sensor.Sensor, id),
                NotBefore = UnixMilliseconds.Now(TimeProvider.System),
                NotAfter = new UnixMilliseconds(UnixMilliseconds.Now(TimeProvider.System).Value + 3_600_000),
            },
        };
    }
}
