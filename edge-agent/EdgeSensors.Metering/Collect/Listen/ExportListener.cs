using System.Diagnostics.CodeAnalysis;
using System.Net;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>
/// Listens for routers' exports: IPFIX, NetFlow v5 and v9 and sFlow v5 over UDP, IPFIX over TCP and TLS. Threads of its own receive and read; whoever calls <see cref="Read"/> takes the
/// flows, one caller at a time.
/// </summary>
public sealed class ExportListener : IDisposable
{
    /// <summary>Batches between receiving and taking, beside one for each thread: some 2 MiB.</summary>
    private const int SpareBatches = 48;

    private const string TemplateFilePrefix = "templates-";

    private readonly CancellationTokenSource _abandoned = new();
    private readonly InterfaceTable _interfaces = new();
    private readonly List<DatagramWorker> _workers = [];
    private readonly List<StreamPort> _ports = [];
    private readonly FlowQueue _queue;
    private readonly StreamSeat _streams;
    private readonly Timer _timer;
    private readonly TimeProvider _time;
    private readonly List<ListenUrl> _urls = [];
    private Task? _stopping;

    private ExportListener(ListenOptions options, TimeProvider time)
    {
        _time = time;
        var workers = options.Urls.Any(url => url.Transport == ListenTransport.Udp) ? Math.Clamp(options.Workers, 1, ListenOptions.MaxWorkers) : 0;
        _queue = new FlowQueue(workers + 1 + SpareBatches);
        // Templates of a TCP or TLS session end with it, so there are none to keep.
        _streams = new StreamSeat(new CollectorSeat(options.Collector, _queue, _interfaces, null, _abandoned.Token), options, time);
        _timer = new Timer(_ => _streams.Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where is listened, with the ports in use.</summary>
    public IReadOnlyList<ListenUrl> Urls => _urls;

    internal IReadOnlyList<DatagramWorker> Workers => _workers;

    /// <summary>Opens all places and begins to receive.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="listener">Listening.</param>
    /// <param name="error">Why not; then nothing is listened at.</param>
    public static bool TryOpen(ListenOptions options, TimeProvider time, [NotNullWhen(true)] out ExportListener? listener, [NotNullWhen(false)] out ListenError? error)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var opening = new ExportListener(options, time);
        listener = null;
        if (!opening.TryOpenAll(options, out error))
        {
            opening.Dispose();
            return false;
        }

        opening.Start();
        listener = opening;
        return true;
    }

    /// <summary>Hands the next flows to a consumer, some at a call.</summary>
    /// <param name="consumer">Takes them; its counters come to <see cref="ListenReport.Interfaces"/> instead.</param>
    /// <param name="patience">How long to wait for them.</param>
    /// <returns>How many; 0 when none came in time, -1 when none will come any more (<see cref="StopAsync"/>).</returns>
    public int Read(IExportedFlowConsumer consumer, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        var batch = _queue.Take(patience);
        if (batch is null)
            return _queue.IsCompleted ? -1 : 0;
        foreach (ref readonly var flow in batch.Flows.AsSpan(0, batch.Count))
            consumer.OnFlow(in flow);
        var count = batch.Count;
        _queue.Return(batch);
        return count;
    }

    /// <summary>How it goes.</summary>
    public ListenReport Report()
    {
        var seats = _workers.Select(worker => worker.Seat).Append(_streams.Seat).ToList();
        var totals = new CollectorTotals();
        foreach (var seat in seats)
            totals.Add(seat.Collector.Totals);
        return new ListenReport
        {
            Urls = _urls,
            Workers = _workers.Count,
            ReceiveBufferOctets = _workers.SelectMany(worker => worker.Sockets).Select(socket => socket.ReceiveBufferOctets).DefaultIfEmpty().Min(),
            KernelDroppedCount = _workers.All(worker => worker.DroppedCount is not null) ? _workers.Sum(worker => worker.DroppedCount) : null,
            Totals = totals,
            Exporters = [.. seats.SelectMany(seat => seat.Exporters)],
            Interfaces = _interfaces.All(),
            Streams = _streams.Counts,
            AbandonedFlowCount = seats.Sum(seat => seat.AbandonedFlowCount),
            TemplateTrouble = seats.Select(seat => seat.TemplateTrouble).FirstOrDefault(trouble => trouble is not null),
        };
    }

    /// <summary>Reads what has arrived already, ends the sessions, keeps the templates. <see cref="Read"/> must go on until it says -1, or the flows that wait are abandoned by <see cref="Dispose"/>.</summary>
    public Task StopAsync() => _stopping ??= Task.Run(async () =>
    {
        foreach (var worker in _workers)
            worker.Stop();
        await Task.WhenAll(_ports.Select(port => port.StopAsync())).ConfigureAwait(false);
        foreach (var worker in _workers)
            worker.Join();
        await _timer.DisposeAsync().ConfigureAwait(false);
        _streams.EndAll();
        _queue.Complete();
    });

    /// <summary>Ends at once: flows that nobody has taken are abandoned, and counted so.</summary>
    public void Dispose()
    {
        _abandoned.Cancel();
        StopAsync().Wait();
        foreach (var worker in _workers)
            worker.Dispose();
        foreach (var port in _ports)
            port.Dispose();
        _queue.Dispose();
        _abandoned.Dispose();
    }

    private bool TryOpenAll(ListenOptions options, [NotNullWhen(false)] out ListenError? error)
    {
        error = null;
        var workers = Math.Clamp(options.Workers, 1, ListenOptions.MaxWorkers);
        var sockets = Enumerable.Range(0, workers).Select(_ => new List<DatagramSocket>()).ToList();
        foreach (var url in options.Urls)
        {
            if (url.Transport == ListenTransport.Udp)
            {
                if (!TryOpenDatagrams(url, options, sockets, out error))
                    break;
            }
            else if (StreamPort.TryOpen(url, options, _streams, out var port, out error))
            {
                _ports.Add(port);
                _urls.Add(port.LocalUrl);
            }
            else
            {
                break;
            }
        }

        if (sockets[0].Count > 0)
        {
            for (var index = 0; index < workers; index++)
                _workers.Add(new DatagramWorker(sockets[index], Seat(index, options), _time));
        }

        error ??= options.TemplateFolder is { } folder ? Recall(folder) : null;
        return error is null;
    }

    private bool TryOpenDatagrams(ListenUrl url, ListenOptions options, List<List<DatagramSocket>> sockets, [NotNullWhen(false)] out ListenError? error)
    {
        var endPoint = url.EndPoint;
        if (sockets.Count > 1)
        {
            // Sockets that share a port share it with any of this user's that ask to: so it is asked first whether somebody has it.
            if (!DatagramSocket.TryOpen(endPoint, shared: false, options.ReceiveBufferOctets, out var probe, out error))
                return false;
            endPoint = new IPEndPoint(endPoint.Address, probe.LocalEndPoint.Port);
            probe.Dispose();
        }

        foreach (var ofWorker in sockets)
        {
            if (!DatagramSocket.TryOpen(endPoint, sockets.Count > 1, options.ReceiveBufferOctets, out var socket, out error))
                return false;
            endPoint = new IPEndPoint(endPoint.Address, socket.LocalEndPoint.Port);
            ofWorker.Add(socket);
        }

        _urls.Add(url with { EndPoint = endPoint });
        if (sockets.Count > 1 && !sockets[0][^1].TrySteer(SourceSteering.Program(sockets.Count)))
        {
            error = new ListenError($"{url}: this kernel cannot divide datagrams by their sender (Linux 4.5 can); use one worker");
            return false;
        }

        error = null;
        return true;
    }

    private CollectorSeat Seat(int index, ListenOptions options) => new(
        options.Collector, _queue, _interfaces, options.TemplateFolder is { } folder ? Path.Combine(folder, $"{TemplateFilePrefix}{index}") : null, _abandoned.Token);

    /// <summary>Takes up the templates of an earlier run, each where its exporter's datagrams will come; the number of threads may have been another then.</summary>
    private ListenError? Recall(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var path in Directory.GetFiles(folder, TemplateFilePrefix + "*").Where(path => !path.EndsWith(".new", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                for (var index = 0; index < _workers.Count; index++)
                {
                    var own = index;
                    TemplateFile.TryLoad(path, _workers[index].Seat.Collector, address => SourceSteering.Choose(address, _workers.Count) == own, out _);
                }
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ListenError($"{folder}: templates cannot be kept there ({exception.Message.TrimEnd('.')}); check the folder");
        }
    }

    private void Start()
    {
        foreach (var worker in _workers)
            worker.Start();
        foreach (var port in _ports)
            port.Start();
        _timer.Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }
}
