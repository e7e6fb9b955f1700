using System.Runtime.ExceptionServices;
using EdgeSensors.Metering.Capture;

namespace EdgeSensors.Metering.Flows;

/// <content>
/// The ring that blocks circulate in. A block's stages are gone through in the order of the stream by whoever comes: reading, sharing and handing over records are turns that
/// one worker at a time takes and nobody waits for; decoding and metering are done by all at once.
/// </content>
public sealed partial class ShardedMeter
{
    /// <summary>Looks for work in vain before a worker sleeps: about a tenth of a millisecond, in which another reads two blocks.</summary>
    private const int SpinsBeforeSleep = 150;

    /// <summary>Shared blocks that a worker wants before it, so that it finds work while another reads; more would only be cold by the time they are metered.</summary>
    private const int BlocksInHand = 8;

    private readonly object _sleepers = new();
    private CaptureFile? _source;
    private Action? _progress;
    private CancellationToken _cancellation;
    private ExceptionDispatchInfo? _failure;
    private int _sleeping;
    private int _readTurn;
    private int _shareTurn;
    private int _exportTurn;
    private long _read;
    private long _shared;
    private long _exported;
    private bool _ended;

    private void Work(Worker worker)
    {
        try
        {
            var spins = 0;
            while (Volatile.Read(ref _failure) is null)
            {
                if ((Volatile.Read(ref _shared) - worker.Next < BlocksInHand && TryRead(worker)) || TryMeter(worker))
                {
                    spins = 0;
                }
                else if (Volatile.Read(ref _ended) && worker.Next == Volatile.Read(ref _read))
                {
                    break;
                }
                else if (++spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(20);
                }
                else
                {
                    Sleep(worker);
                    spins = 0;
                }
            }

            if (_consumer is null)
            {
                for (var shard = worker.Number; shard < _shards.Length; shard += _workers.Length)
                    Finish(_shards[shard]);
            }
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        }

        worker.Exports = null;
        Wake();
    }

    /// <summary>Reads the next block if it is nobody's turn and there is room, and decodes it.</summary>
    private bool TryRead(Worker worker)
    {
        if (Volatile.Read(ref _ended) || RingSlot(Volatile.Read(ref _read)).Reached != MeterBlock.Stage.Free || Interlocked.CompareExchange(ref _readTurn, 1, 0) != 0)
            return false;
        MeterBlock? block = null;
        try
        {
            var next = RingSlot(_read);
            if (!_ended && next.Reached == MeterBlock.Stage.Free)
            {
                if (!_cancellation.IsCancellationRequested && _source!.ReadBlock(next.Packets))
                {
                    block = next;
                    block.Begin(_workers.Length);
                    Time(block);
                    block.Reached = MeterBlock.Stage.Filled;
                    Volatile.Write(ref _read, _read + 1);
                    _progress?.Invoke();
                }
                else
                {
                    Volatile.Write(ref _ended, true);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _readTurn, 0);
        }

        Wake();
        if (block is null)
            return false;
        Decode(block, worker.Totals);
        block.Reached = MeterBlock.Stage.Decoded;
        InTurn(ref _shareTurn, ref _shared, MeterBlock.Stage.Decoded, _share ??= Share);
        return true;
    }

    /// <summary>Meters the worker's part of the next block that is shared.</summary>
    private bool TryMeter(Worker worker)
    {
        if (worker.Next >= Volatile.Read(ref _shared))
            return false;
        var block = RingSlot(worker.Next);
        Meter(block, worker);
        worker.Next++;
        if (!block.LeaveLast())
            return true;
        if (_consumer is null)
        {
            block.Reached = MeterBlock.Stage.Free;
            Wake();
        }
        else
        {
            block.Reached = MeterBlock.Stage.Metered;
            InTurn(ref _exportTurn, ref _exported, MeterBlock.Stage.Metered, _export ??= Export);
        }

        return true;
    }

    /// <summary>Does with all blocks that have come to a stage, in their order, what is to be done next; unless another is doing it, who will then find them.</summary>
    private void InTurn(ref int turn, ref long done, MeterBlock.Stage stage, Action<MeterBlock> act)
    {
        while (RingSlot(Volatile.Read(ref done)).Reached == stage && Interlocked.CompareExchange(ref turn, 1, 0) == 0)
        {
            try
            {
                for (var block = RingSlot(done); block.Reached == stage; block = RingSlot(done))
                {
                    act(block);
                    Volatile.Write(ref done, done + 1);
                }
            }
            finally
            {
                Interlocked.Exchange(ref turn, 0);
            }

            Wake();
        }
    }

    private MeterBlock RingSlot(long sequence) => _ring[sequence % _ring.Length];

    private void Sleep(Worker worker)
    {
        lock (_sleepers)
        {
            Interlocked.Increment(ref _sleeping);

            // What was done before the count went up woke nobody: look again. The limit only covers a mistake in this reasoning.
            var canRead = !Volatile.Read(ref _ended) && Volatile.Read(ref _readTurn) == 0 && RingSlot(Volatile.Read(ref _read)).Reached == MeterBlock.Stage.Free;
            var finished = Volatile.Read(ref _ended) && worker.Next == Volatile.Read(ref _read);
            if (!canRead && !finished && worker.Next >= Volatile.Read(ref _shared) && Volatile.Read(ref _failure) is null)
                Monitor.Wait(_sleepers, 100);
            Interlocked.Decrement(ref _sleeping);
        }
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeping) == 0)
            return;
        lock (_sleepers)
            Monitor.PulseAll(_sleepers);
    }
}
