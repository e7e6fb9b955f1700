using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>A collector and what belongs to it on its thread: the way out in batches, the figures that others may read, the templates kept over a restart.</summary>
internal sealed class CollectorSeat : IExportedFlowConsumer
{
    private const long LookEveryNs = 1_000_000_000;
    private const long SaveEveryNs = 30_000_000_000;

    private readonly FlowQueue _queue;
    private readonly InterfaceTable _interfaces;
    private readonly string? _templateFile;
    private readonly CancellationToken _abandoned;
    private FlowBatch? _batch;
    private long _lookedNs;
    private long _savedNs;
    private long _savedTemplates;
    private volatile IReadOnlyList<ExporterReport> _exporters = [];

    /// <param name="options">Bounds.</param>
    /// <param name="queue">Where flows go.</param>
    /// <param name="interfaces">Where interface counters go.</param>
    /// <param name="templateFile">Where templates are kept; null for nowhere.</param>
    /// <param name="abandoned">Nobody takes flows any more; those that come then are counted as abandoned.</param>
    public CollectorSeat(CollectorOptions options, FlowQueue queue, InterfaceTable interfaces, string? templateFile, CancellationToken abandoned)
    {
        (_queue, _interfaces, _templateFile, _abandoned) = (queue, interfaces, templateFile, abandoned);
        Collector = new FlowCollector(options, this);
    }

    public FlowCollector Collector { get; }

    /// <summary>How the exporters were doing within the last second or so.</summary>
    public IReadOnlyList<ExporterReport> Exporters => _exporters;

    /// <summary>Why templates could not be kept at the last attempt; null when they could.</summary>
    public string? TemplateTrouble { get; private set; }

    /// <summary>Flows that nobody took, because the listener was closed.</summary>
    public long AbandonedFlowCount { get; private set; }

    public void OnFlow(ref readonly ExportedFlow flow)
    {
        var batch = _batch ??= _queue.Rent(_abandoned);
        if (batch is null)
        {
            AbandonedFlowCount++;
            return;
        }

        batch.Flows[batch.Count++] = flow;
        if (batch.Count == FlowBatch.Capacity)
            Flush();
    }

    public void OnCounters(in InterfaceCounters counters) => _interfaces.Put(in counters);

    /// <summary>Hands on what has gathered, however little: nothing more has arrived.</summary>
    public void Flush()
    {
        if (_batch is not { Count: > 0 } batch)
            return;
        _batch = null;
        _queue.Post(batch);
    }

    /// <summary>Now and then: figures for others, templates to disk.</summary>
    public void Tick(long nowNs)
    {
        if (nowNs - _lookedNs < LookEveryNs && nowNs >= _lookedNs)
            return;
        _lookedNs = nowNs;
        _exporters = Collector.Reports(nowNs);
        if (nowNs - _savedNs >= SaveEveryNs || nowNs < _savedNs)
        {
            _savedNs = nowNs;
            Save();
        }
    }

    /// <summary>The last look and the last save.</summary>
    public void End(long nowNs)
    {
        Flush();
        _exporters = Collector.Reports(nowNs);
        _savedTemplates = -1;
        Save();
    }

    private void Save()
    {
        // Sequence numbers are in the file too, but a file that is a little behind in them costs one gap; so it is written when there is something new to keep.
        if (_templateFile is null || Collector.Totals.TemplateCount == _savedTemplates)
            return;
        _savedTemplates = Collector.Totals.TemplateCount;
        TemplateTrouble = TemplateFile.TrySave(_templateFile, Collector, out var error) ? null : error.Message;
    }
}
