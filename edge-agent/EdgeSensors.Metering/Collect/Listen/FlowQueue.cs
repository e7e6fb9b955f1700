using System.Collections.Concurrent;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>
/// Flows on their way from the threads that receive to the one that takes them, in batches of a fixed number: whoever receives waits while all are full, and the datagrams wait in
/// the kernel's buffer, which counts what it has no room for.
/// </summary>
internal sealed class FlowQueue : IDisposable
{
    private readonly BlockingCollection<FlowBatch> _free = [];
    private readonly BlockingCollection<FlowBatch> _full = [];

    public FlowQueue(int batches)
    {
        for (var index = 0; index < batches; index++)
            _free.Add(new FlowBatch());
    }

    /// <summary>Whether nothing more will come and all was taken.</summary>
    public bool IsCompleted => _full.IsCompleted;

    /// <summary>A batch to fill; waits for one. Null when the queue is to end.</summary>
    public FlowBatch? Rent(CancellationToken cancellationToken)
    {
        try
        {
            return _free.Take(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public void Post(FlowBatch batch) => _full.Add(batch);

    /// <summary>The next batch; null when none came in time.</summary>
    public FlowBatch? Take(TimeSpan patience) => _full.TryTake(out var batch, patience) ? batch : null;

    public void Return(FlowBatch batch)
    {
        batch.Count = 0;
        _free.Add(batch);
    }

    /// <summary>Nothing more will come.</summary>
    public void Complete() => _full.CompleteAdding();

    public void Dispose()
    {
        _free.Dispose();
        _full.Dispose();
    }
}

/// <summary>Some flows.</summary>
internal sealed class FlowBatch
{
    public const int Capacity = 128;

    public ExportedFlow[] Flows { get; } = new ExportedFlow[Capacity];

    public int Count { get; set; }
}
