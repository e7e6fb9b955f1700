using System.Runtime.CompilerServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <content>
/// When flows end. A timer wheel holds each record once, in the bucket of a deadline that was true when it was put there; a record that has seen packets since is
/// moved when its bucket comes up. So a packet never touches the wheel.
/// </content>
public sealed partial class FlowTable
{
    private const int WheelSize = 128;
    private const int EvictionCandidates = 8;

    private readonly long _idleNs;
    private readonly long _activeNs;
    private readonly long _closedNs;
    private readonly long _granularityNs;

    /// <summary>Heads of singly linked lists: a record's number plus one, or 0.</summary>
    private readonly int[] _buckets = new int[WheelSize];
    private long _nowNs = long.MinValue;
    private long _nextTickNs = long.MinValue;
    private long _tick;

    /// <summary>The newest time that the table has been told, by a packet or by <see cref="AdvanceTo"/>; nanoseconds since the Unix epoch.</summary>
    public long NowNs => _nowNs;

    /// <summary>Tells the table the time, so that silent flows end without a packet. Each packet's own time does the same.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch. A step back by more than the idle timeout is believed: the clock that stamps packets was set.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AdvanceTo(long nowNs)
    {
        if (nowNs > _nowNs)
        {
            _nowNs = nowNs;
            if (nowNs >= _nextTickNs)
                TurnWheel();
        }
        else if (_nowNs - nowNs > _idleNs)
        {
            StepBack(nowNs);
        }
    }

    /// <summary>The length of the wheel's tick for an idle timeout.</summary>
    internal static long Granularity(long idleNs) => Math.Max(1_000_000, idleNs / (WheelSize - 4));

    internal static long Nanoseconds(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeSpan.FromDays(3650));
        return timeout.Ticks * 100;
    }

    private void StepBack(long nowNs)
    {
        _nowNs = nowNs;
        _tick = nowNs / _granularityNs;
        _nextTickNs = (_tick + 1) * _granularityNs;
    }

    private void TurnWheel()
    {
        var target = _nowNs / _granularityNs;
        if (target - _tick > WheelSize || _nextTickNs == long.MinValue)
            _tick = target - WheelSize; // every bucket once is enough, however long the silence was
        while (_tick < target)
        {
            _tick++;
            ref var bucket = ref Bucket(_tick);
            var next = bucket;
            bucket = 0;
            while (next != 0)
            {
                var index = next - 1;
                ref var record = ref _pool[index];
                next = record.NextInBucket;
                if (_nowNs > Deadline(in record) && EndSilent(index, ref record))
                    Remove(index, ref record);
                else
                    Schedule(index, ref record);
            }
        }

        _nextTickNs = (_tick + 1) * _granularityNs;
    }

    /// <summary>Exports a record behind its deadline; false when it stays in the table because the flow goes on.</summary>
    private bool EndSilent(int index, ref BiflowRecord record)
    {
        var reason = EndReasonAt(in record);
        Export(index, ref record, reason);
        if (reason != FlowEndReason.ActiveTimeout)
            return true;
        Continue(index, ref record);
        return false;
    }

    private void Schedule(int index, ref BiflowRecord record)
    {
        var tick = (Deadline(in record) / _granularityNs) + 1;
        ref var bucket = ref Bucket(Math.Clamp(tick, _tick + 1, _tick + WheelSize - 1));
        record.NextInBucket = bucket;
        bucket = index + 1;
    }

    private ref int Bucket(long tick) => ref _buckets[(int)(tick & (WheelSize - 1))];

    /// <summary>The time after which the record takes no more packets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Deadline(ref readonly BiflowRecord record)
    {
        var silent = record.LastNs + (record.Closed ? _closedNs : _idleNs);
        return record.Is(RecordMarks.Empty) ? silent : Math.Min(silent, record.RecordFirstNs + _activeNs);
    }

    private FlowEndReason EndReasonAt(ref readonly BiflowRecord record)
    {
        if (record.Closed)
            return FlowEndReason.EndOfFlow;
        return !record.Is(RecordMarks.Empty) && record.RecordFirstNs + _activeNs < record.LastNs + _idleNs ? FlowEndReason.ActiveTimeout : FlowEndReason.IdleTimeout;
    }

    /// <summary>Ends the record that a packet found if the packet is no longer part of it, and begins the next in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void DivideAt(int index, ref BiflowRecord record, in KeyedPacket packet)
    {
        if (packet.TimestampNs > Deadline(in record))
            Divide(index, ref record, in packet, EndReasonAt(in record));
        else if (record.Is(RecordMarks.Closed | RecordMarks.Full))
            DivideEarly(index, ref record, in packet);
    }

    private void DivideEarly(int index, ref BiflowRecord record, in KeyedPacket packet)
    {
        if (record.Closed && (packet.TcpFlags & (TcpControlBits.Syn | TcpControlBits.Ack)) == TcpControlBits.Syn && packet.Key.Protocol == IpProtocol.Tcp)
            Divide(index, ref record, in packet, FlowEndReason.EndOfFlow); // the ports are used again
        else if (record.Is(RecordMarks.Full))
            Divide(index, ref record, in packet, FlowEndReason.ActiveTimeout);
    }

    private void Divide(int index, ref BiflowRecord record, in KeyedPacket packet, FlowEndReason reason)
    {
        var silent = packet.TimestampNs > record.LastNs + _idleNs;
        Export(index, ref record, reason);
        Continue(index, ref record);
        if (reason == FlowEndReason.ActiveTimeout && !silent)
            return;
        record.Key.Tail.Marks = RecordMarks.InUse | RecordMarks.Empty;
        (record.ForwardLastNs, record.ReverseLastNs) = (0, 0);
        Begin(ref record, in packet);
    }

    /// <summary>Empties a record whose flow goes on: key, direction and what is known of the connection stay, and how long it has been silent.</summary>
    private void Continue(int index, ref BiflowRecord record)
    {
        if (_details is not null)
            _details[index] = default;
        record.ForwardSums = default;
        record.ReverseSums = default;
        record.ForwardFlags = default;
        record.ReverseFlags = default;
        record.OtherFirstNs = 0;
        record.EndReason = FlowEndReason.None;
        record.Key.Tail.Marks = (record.Key.Tail.Marks & RecordMarks.Connection) | RecordMarks.Continued | RecordMarks.Empty;
    }

    private void Export(int index, ref BiflowRecord record, FlowEndReason reason)
    {
        if (record.Is(RecordMarks.Empty))
            return; // waits for a continuation that has not come
        record.EndReason = reason;
        ExportedCount++;
        if (_details is null)
            _consumer.OnBiflow(in record);
        else
            _consumer.OnBiflow(in record, in _details[index]);
    }

    /// <summary>Makes room: of the records whose time comes first, the one silent for longest leaves.</summary>
    private void Evict()
    {
        for (var tick = _tick + 1; ; tick++)
        {
            ref var head = ref Bucket(tick);
            if (head == 0)
                continue;
            var victim = head;
            var beforeVictim = 0;
            var before = 0;
            var candidate = head;
            for (var seen = 0; candidate != 0 && seen < EvictionCandidates; seen++)
            {
                if (_pool[candidate - 1].LastNs < _pool[victim - 1].LastNs)
                {
                    victim = candidate;
                    beforeVictim = before;
                }

                before = candidate;
                candidate = _pool[candidate - 1].NextInBucket;
            }

            ref var record = ref _pool[victim - 1];
            if (beforeVictim == 0)
                head = record.NextInBucket;
            else
                _pool[beforeVictim - 1].NextInBucket = record.NextInBucket;
            if (!record.Is(RecordMarks.Empty | RecordMarks.Closed))
                EvictedCount++;
            Export(victim - 1, ref record, record.Closed ? FlowEndReason.EndOfFlow : FlowEndReason.LackOfResources);
            Remove(victim - 1, ref record);
            return;
        }
    }
}
