using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>One run of the meter over one capture.</summary>
/// <param name="path">The file, or "-" for standard input.</param>
/// <param name="options">How flows are divided.</param>
/// <param name="format">How they are printed.</param>
/// <param name="quiet">Totals only.</param>
/// <param name="export">Where <see cref="FlowFormat.Ipfix"/> goes; null of other formats.</param>
/// <param name="workers">Threads that share the work; 0 for one a core, four at most.</param>
internal sealed class MeterRun(string path, FlowTableOptions options, FlowFormat format, bool quiet, ExportSettings? export = null, int workers = 0)
{

    /// <summary>Meters the capture and returns the exit code.</summary>
    public int Execute(Stream output, TextWriter errors, Progress progress, CancellationToken cancellationToken)
    {
        CaptureFile? capture;
        CaptureError? error;
        var opened = path == "-"
            ? CaptureFile.TryOpen(Console.OpenStandardInput(), "standard input", out capture, out error)
            : CaptureFile.TryOpen(path, out capture, out error);
        if (!opened)
            return Fail(errors, error!.Kind, error.Message);

        using (capture)
        {
            IFlowWriter writer;
            if (export is null)
                writer = quiet ? new NoFlowWriter() : format == FlowFormat.JsonLines ? new JsonLinesFlowWriter(output) : new TableFlowWriter(output);
            else if (ExportTransports.TryOpen(export, TimeProvider.System, out var transport, out var noWay))
                writer = new IpfixFlowWriter(export, transport, TimeProvider.System);
            else
                return Fail(errors, noWay.Kind, noWay.Message);
            try
            {
                return Meter(capture!, writer, output, errors, progress, cancellationToken);
            }
            catch (IOException exception)
            {
                progress.Clear();
                // The reader reports its own errors as values, so this is the output: a full disk, a collector that hung up, or a reader such as head that has read enough.
                return export is null
                    ? Fail(errors, "output", $"the result cannot be written ({exception.Message.TrimEnd('.')}); what was printed is incomplete")
                    : Fail(errors, "output", $"{export.Destination}: {exception.Message.TrimEnd('.')}; what was sent is incomplete");
            }
            finally
            {
                writer.Dispose();
            }
        }
    }

    private int Meter(CaptureFile capture, IFlowWriter writer, Stream output, TextWriter errors, Progress progress, CancellationToken cancellationToken)
    {
        var meter = new ShardedMeter(options, writer is NoFlowWriter ? null : writer, workers == 0 ? Math.Min(Environment.ProcessorCount, 4) : workers);
        meter.AddAll(capture, () => progress.Show(capture.Position.Offset, capture.Length, capture.PacketCount, meter.OpenCount), cancellationToken);
        writer.Flush();
        progress.Clear();
        var sent = writer as IpfixFlowWriter;
        var totals = new MeterSummary(meter.Totals, meter.ExportedCount, meter.EvictedCount, capture, sent?.Totals);
        if (quiet && format == FlowFormat.JsonLines)
            totals.WriteJson(output);
        else if (format != FlowFormat.JsonLines)
            totals.WriteText(output, afterTable: format == FlowFormat.Table && !quiet && meter.ExportedCount > 0);

        if (cancellationToken.IsCancellationRequested)
            return Fail(errors, "interrupted", $"{path}: stopped before its end; what was read is printed");
        if (capture.Error is { } error)
            return Fail(errors, error.Kind, error.Message);
        if (meter.Totals.Count(DecodeStatus.UnsupportedLinkType) is > 0 and var unsupported)
        {
            var types = string.Join(", ", capture.LinkTypes.Where(type => !FrameDecoder.Supports(type)).Select(type => (int)type));
            if (unsupported == meter.Totals.PacketCount)
                return Fail(errors, "unsupported-link-type", $"{path}: link type {types} is not decoded, so there are no flows; capture Ethernet, Linux cooked, loopback or raw IP");
            errors.WriteLine($"note: {path}: {unsupported} packets of link type {types} were not decoded");
        }

        return sent?.Complaint is { } complaint ? Fail(errors, "not-sent", complaint) : ExitCode.Ok;
    }

    private static int Fail(TextWriter errors, CaptureErrorKind kind, string message) => Fail(
        errors,
        kind switch
        {
            CaptureErrorKind.NotFound => "not-found",
            CaptureErrorKind.AccessDenied => "access-denied",
            CaptureErrorKind.ReadFailed => "read-failed",
            CaptureErrorKind.Empty => "empty",
            CaptureErrorKind.NotACapture => "not-a-capture",
            CaptureErrorKind.Compressed => "compressed",
            CaptureErrorKind.UnsupportedVersion => "unsupported-version",
            CaptureErrorKind.Truncated => "truncated",
            CaptureErrorKind.Corrupt => "corrupt",
            _ => "position-mismatch",
        },
        message);

    private static int Fail(TextWriter errors, string kind, string message)
    {
        errors.WriteLine($"error[{kind}]: {message}");
        return ExitCode.Failed;
    }
}
