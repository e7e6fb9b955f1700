using EdgeSensors.Metering.Capture;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Meters a capture on several cores. Flows belong to shards by their key's hash, each shard is a flow table of one worker, and which packets a shard gets, and when it is told
/// the time, follows from the capture alone: totals, records, evictions and the order in which records leave are the same for any number of workers.
/// </summary>
/// <remarks>
/// Every worker reads, decodes and meters. One at a time reads a block of packets; it then decodes it while another reads the next; a decoded block is shared once those
/// before it are (fragments find their first one in the order of the stream); each worker meters its shards' packets of every shared block. Blocks circulate in a fixed ring:
/// nothing is allocated per packet, and nobody holds a lock while working.
/// </remarks>
public sealed partial class ShardedMeter
{
    /// <summary>Shards of a table that is large enough for them. More than there will be workers, so that these have about the same to do.</summary>
    private const int ManyShards = 16;

    /// <summary>A smaller table is one shard: divided by hash, some parts would be full long before the others.</summary>
    private const int FewFlows = 1 << 16;

    private readonly IBiflowConsumer? _consumer;
    private readonly FlowTable[] _shards;
    private readonly Worker[] _workers;

    /// <summary>By shard, the worker that has it.</summary>
    private readonly int[] _workerOf;
    private readonly MeterBlock[] _ring;
    private readonly KeyRule _rule;
    private readonly FragmentPorts _fragments;
    private readonly StreamClock _clock;

    /// <summary>Makes a meter.</summary>
    /// <param name="options">How flows are divided.</param>
    /// <param name="consumer">Takes the biflows that end, in the stream's order, one at a time, though not always on the same thread. Null when only totals are wanted.</param>
    /// <param name="workers">Threads that share the work, 1 to 8; the caller's own is one of them.</param>
    public ShardedMeter(FlowTableOptions options, IBiflowConsumer? consumer, int workers)
        : this(options, consumer, workers, options.MaxFlows < FewFlows ? 1 : ManyShards)
    {
    }

    internal ShardedMeter(FlowTableOptions options, IBiflowConsumer? consumer, int workers, int shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, MaxWorkers);
        _consumer = consumer;
        _rule = new KeyRule(options.HashSeed, options.SeparateVlans);
        _fragments = new FragmentPorts(options.HashSeed);
        _clock = new StreamClock(options);
        _shards = new FlowTable[shards];
        _workers = new Worker[workers];
        for (var worker = 0; worker < workers; worker++)
            _workers[worker] = new Worker(worker);
        _workerOf = [.. Enumerable.Range(0, shards).Select(shard => shard % workers)];
        var part = options with { MaxFlows = Math.Max(1, options.MaxFlows / shards) };
        var arena = new RecordArena();
        for (var shard = 0; shard < shards; shard++)
            _shards[shard] = new FlowTable(part, new Departures(_workers[_workerOf[shard]], consumer), arena);
        _ring = new MeterBlock[workers == 1 ? 1 : 8 * (workers + 2)];
        for (var i = 0; i < _ring.Length; i++)
            _ring[i] = new MeterBlock(workers);
    }

    /// <summary>Most workers. Reading, which one does at a time, is a quarter of the work, so that more than four have little to do.</summary>
    public const int MaxWorkers = 8;

    /// <summary>All that was seen; complete once <see cref="AddAll"/> has returned.</summary>
    public MeterTotals Totals { get; } = new();

    /// <summary>Records that have left.</summary>
    public long ExportedCount => _shards.Sum(shard => shard.ExportedCount);

    /// <summary>Records that left before their end because there was no room; part of <see cref="ExportedCount"/>.</summary>
    public long EvictedCount => _shards.Sum(shard => shard.EvictedCount);

    /// <summary>Flows going on; while workers are at it, about.</summary>
    public int OpenCount
    {
        get
        {
            var count = 0;
            foreach (var shard in _shards)
                count += shard.Count;
            return count;
        }
    }

    /// <summary>Meters all that a capture has, up to its end, and exports what is still open. Once.</summary>
    /// <param name="source">The capture.</param>
    /// <param name="progress">Called on any worker after each block, one at a time; null for nobody.</param>
    /// <param name="cancellationToken">Ends the reading early; what was read is metered all the same.</param>
    public void AddAll(CaptureFile source, Action? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        (_source, _progress, _cancellation) = (source, progress, cancellationToken);
        var others = new Thread[_workers.Length - 1];
        for (var i = 0; i < others.Length; i++)
        {
            var worker = _workers[i + 1];
            others[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = "meter" };
            others[i].Start();
        }

        Work(_workers[0]);
        foreach (var other in others)
            other.Join();
        _failure?.Throw();
        foreach (var worker in _workers)
            Totals.Merge(worker.Totals);
        if (_consumer is not null)
            EndAll();
    }

    private void Finish(FlowTable shard)
    {
        AdvanceToEnd(shard);
        shard.Flush();
    }

    private void AdvanceToEnd(FlowTable shard)
    {
        if (_clock.NowNs != long.MinValue)
            shard.AdvanceTo(_clock.NowNs);
    }

    /// <summary>What one thread has of its own.</summary>
    private sealed class Worker(int number)
    {
        public int Number => number;

        public MeterTotals Totals { get; } = new();

        /// <summary>The next block of which it meters its part.</summary>
        public long Next { get; set; }

        /// <summary>Where records that leave now belong; null when they go to the consumer at once.</summary>
        public List<ExportedBiflow>? Exports { get; set; }

        /// <summary>With them, where details are kept.</summary>
        public List<BiflowDetail>? Details { get; set; }

        public int Order { get; set; }
    }

    /// <summary>Takes the records that leave a shard.</summary>
    private sealed class Departures(Worker worker, IBiflowConsumer? consumer) : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
            if (consumer is null)
                return;
            if (worker.Exports is { } exports)
                exports.Add(new ExportedBiflow { Order = worker.Order, Record = record });
            else
                consumer.OnBiflow(in record);
        }

        public void OnBiflow(ref readonly BiflowRecord record, ref readonly BiflowDetail detail)
        {
            if (consumer is not null && worker.Exports is null)
            {
                consumer.OnBiflow(in record, in detail);
                return;
            }

            OnBiflow(in record);
            if (consumer is not null)
                worker.Details!.Add(detail);
        }
    }
}
