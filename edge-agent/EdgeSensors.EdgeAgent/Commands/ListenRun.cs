using System.Diagnostics.CodeAnalysis;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>One run of <c>meter --listen</c>: prints what routers export, record by record.</summary>
/// <param name="settings">Where to listen, and how.</param>
/// <param name="limit">When to end.</param>
/// <param name="format">How records are printed.</param>
/// <param name="quiet">Totals only.</param>
/// <param name="time">The clock.</param>
internal sealed class ListenRun(ListenSettings settings, ListenLimit limit, FlowFormat format, bool quiet, TimeProvider time)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    /// <summary>Is shown how it goes whenever a little time has passed; null for nobody.</summary>
    public Action<ListenReport>? Watch { get; init; }

    /// <summary>Listens until the limit or the cancellation, and returns the exit code. What had arrived by then is printed.</summary>
    public int Execute(Stream output, TextWriter errors, CancellationToken cancellationToken)
    {
        if (!TryOpen(out var listener, out var kind, out var error))
        {
            errors.WriteLine($"error[{kind}]: {error}");
            return ExitCode.Failed;
        }

        using (listener)
        {
            foreach (var url in listener.Urls)
                errors.WriteLine($"listening at {url}");
            try
            {
                return Listen(listener, output, errors, cancellationToken);
            }
            catch (IOException exception)
            {
                errors.WriteLine($"error[output]: the result cannot be written ({exception.Message.TrimEnd('.')}); what was printed is incomplete");
                return ExitCode.Failed;
            }
        }
    }

    private bool TryOpen([NotNullWhen(true)] out ExportListener? listener, out string kind, out string? error)
    {
        (listener, kind) = (null, "certificate");
        if (!settings.TryMakeOptions(templateFolder: null, out var options, out error))
            return false;
        kind = "listen";
        if (ExportListener.TryOpen(options, time, out listener, out var closed))
            return true;
        error = closed.Message;
        return false;
    }

    private int Listen(ExportListener listener, Stream output, TextWriter errors, CancellationToken cancellationToken)
    {
        using IRecordWriter writer = quiet ? new NoRecordWriter() : format == FlowFormat.JsonLines ? new JsonLinesRecordWriter(output) : new TableRecordWriter(output);
        var counted = new Counted(writer, limit.Records);
        var started = time.GetTimestamp();
        Task? stopping = null;
        while (listener.Read(counted, s_look) is var read and >= 0)
        {
            // Whoever watches sees each record soon; who pipes a million gets them in blocks.
            if (read == 0)
            {
                writer.Flush();
                Watch?.Invoke(listener.Report());
            }

            var over = limit.Time != Timeout.InfiniteTimeSpan && time.GetElapsedTime(started) >= limit.Time;
            if (stopping is null && (over || counted.IsFull || cancellationToken.IsCancellationRequested))
                stopping = listener.StopAsync();
        }

        writer.Flush();
        var summary = new ListenSummary(listener.Report());
        if (quiet && format == FlowFormat.JsonLines)
            summary.WriteJson(output);
        else if (format == FlowFormat.Table)
            summary.WriteText(output, afterTable: !quiet && counted.Count > 0);
        foreach (var note in summary.Notes())
            errors.WriteLine($"note: {note}");
        return ExitCode.Ok;
    }

    /// <summary>Passes on no more than was asked for.</summary>
    private sealed class Counted(IExportedFlowConsumer next, long most) : IExportedFlowConsumer
    {
        public long Count { get; private set; }

        public bool IsFull => Count >= most;

        public void OnFlow(ref readonly ExportedFlow flow)
        {
            if (IsFull)
                return;
            Count++;
            next.OnFlow(in flow);
        }
    }
}
