using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect.Listen;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>Reads the input on a thread of its own until it ends or is to stop.</summary>
/// <param name="reporter">Takes the packets.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">What a person may read.</param>
internal sealed class InputLoop(TrafficReporter reporter, TimeProvider time, ILogger logger)
{
    /// <summary>How far behind the wall clock a quiet line is taken to be: packets may still be in the ring.</summary>
    private const long RingDelayNs = 200_000_000;

    private const int PacketsBetweenLooks = 256;

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Reads a capture file to its end.</summary>
    /// <returns>Null, or why it could not be read to its end.</returns>
    public Task<string?> RunFileAsync(CaptureFile capture, InputPace pace, CancellationToken cancellationToken) =>
        OnOwnThread(() => ReadFile(capture, pace, cancellationToken));

    /// <summary>Reads an interface until it is to stop.</summary>
    public Task<string?> RunLiveAsync(LiveInput input, CancellationToken cancellationToken) => OnOwnThread(() =>
    {
        ReadLive(input, cancellationToken);
        return null;
    });

    /// <summary>Takes routers' exports until it is to stop; what has arrived by then is metered.</summary>
    /// <param name="listener">Where they come in.</param>
    /// <param name="look">Is called now and then with how it goes.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<string?> RunExportsAsync(ExportListener listener, Action<ListenReport> look, CancellationToken cancellationToken) => OnOwnThread(() =>
    {
        ReadExports(listener, look, cancellationToken);
        return null;
    });

    private static Task<string?> OnOwnThread(Func<string?> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private string? ReadFile(CaptureFile capture, InputPace pace, CancellationToken cancellationToken)
    {
        var pacer = new Pacer(pace, time);
        CapturedPacket packet = default;
        while (capture.Read(ref packet) == PacketRead.Packet)
        {
            if (reporter.IsResuming)
            {
                if ((reporter.FrameCount & 0xFFF) == 0 && cancellationToken.IsCancellationRequested)
                {
                    return null;
                }
            }
            else if (!pacer.Wait(packet.TimestampNs, reporter.Settle, cancellationToken))
            {
                // Nothing is told of the window that is open: it is read again at the next start.
                return null;
            }

            reporter.Add(ref packet);
        }

        reporter.Finish();
        return capture.Error?.Message;
    }

    private void ReadLive(LiveInput input, CancellationToken cancellationToken)
    {
        var freezes = 0L;
        var backAtNs = long.MinValue;
        reporter.DroppedFrames = windowStartNs =>
        {
            var (dropped, frozen) = input.ReadCounters();
            if (frozen > freezes)
            {
                ReportLog.RingFull(logger, frozen - freezes);
                freezes = frozen;
            }

            // Windows close late: one that is open when the interface comes back has missed what came before, whenever it is asked for.
            return windowStartNs < backAtNs ? null : dropped;
        };
        string? said = null;
        var reopenings = input.Reopenings;
        while (true)
        {
            if (!(input.IsSingle ? ReadPackets(input) : ReadBatch(input)))
            {
                var nowNs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
                if (input.Reopenings != reopenings)
                {
                    (reopenings, backAtNs) = (input.Reopenings, nowNs);
                    if (said is null && input.Trouble is null)
                    {
                        SayTrouble("the interface was gone for a moment");
                        SayTrouble(null);
                    }
                }

                if (input.Trouble != said)
                {
                    said = input.Trouble;
                    backAtNs = said is null ? nowNs : backAtNs;
                    SayTrouble(said);
                }

                reporter.AdvanceTo(nowNs - RingDelayNs);
            }

            if (cancellationToken.IsCancellationRequested)
            {
                reporter.Finish();
                return;
            }
        }
    }

    /// <summary>Meters some packets; false when for now there are no more.</summary>
    private bool ReadPackets(LiveInput input)
    {
        CapturedPacket packet = default;
        for (var left = PacketsBetweenLooks; left > 0; left--)
        {
            if (input.Read(ref packet) != PacketRead.Packet)
            {
                return false;
            }

            reporter.Add(ref packet);
        }

        return true;
    }

    private bool ReadBatch(LiveInput input)
    {
        if (!input.TryTake(out var batch, out var reader))
        {
            return false;
        }

        reporter.Add(batch);
        reader.Release();
        return true;
    }

    private void ReadExports(ExportListener listener, Action<ListenReport> look, CancellationToken cancellationToken)
    {
        var missing = 0L;
        reporter.MissingExports = () => listener.Report().MissingCount;
        reporter.DroppedFrames = _ =>
        {
            // How many packets a record that never came would have told of is not known; that none is missing is.
            var before = missing;
            missing = listener.Report().MissingCount;
            return missing == before ? 0 : null;
        };
        Task? stopping = null;
        var looked = time.GetTimestamp();
        string? said = null;
        while (listener.Read(reporter, s_patience) is var read and >= 0)
        {
            if (read == 0)
            {
                reporter.AdvanceTo(((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100) - RingDelayNs);
            }

            if (time.GetElapsedTime(looked) >= s_lookEvery)
            {
                looked = time.GetTimestamp();
                var report = listener.Report();
                look(report);
                if (report.TemplateTrouble is { } trouble && trouble != said)
                {
                    ReportLog.InputTrouble(logger, trouble);
                }

                said = report.TemplateTrouble;
            }

            if (stopping is null && cancellationToken.IsCancellationRequested)
            {
                stopping = listener.StopAsync();
            }
        }

        look(listener.Report());
        reporter.Finish();
    }

    private void SayTrouble(string? trouble)
    {
        if (trouble is null)
        {
            ReportLog.InputWorks(logger);
        }
        else
        {
            ReportLog.InputTrouble(logger, trouble);
        }
    }
}
