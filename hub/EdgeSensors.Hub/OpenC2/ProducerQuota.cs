using System.Collections.Concurrent;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>How many commands each producer may send: so many a minute, as many at once.</summary>
internal sealed class ProducerQuota(TimeProvider time)
{
    /// <summary>Commands a minute.</summary>
    public const int CommandsPerMinute = 60;

    private readonly ConcurrentDictionary<OperatorId, Bucket> _buckets = new();

    /// <summary>Takes one; false when there is none left.</summary>
    public bool TryTake(OperatorId producer)
    {
        var bucket = _buckets.GetOrAdd(producer, _ => new Bucket(CommandsPerMinute, time.GetTimestamp()));
        lock (bucket)
        {
            var now = time.GetTimestamp();
            bucket.Left = Math.Min(CommandsPerMinute, bucket.Left + (time.GetElapsedTime(bucket.At, now).TotalMinutes * CommandsPerMinute));
            bucket.At = now;
            if (bucket.Left < 1)
            {
                return false;
            }

            bucket.Left--;
            return true;
        }
    }

    private sealed class Bucket(double left, long at)
    {
        public double Left = left;
        public long At = at;
    }
}
