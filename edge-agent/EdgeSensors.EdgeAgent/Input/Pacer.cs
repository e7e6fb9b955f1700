using EdgeSensors.EdgeAgent.Configuration;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>Holds a file's packets back until their time has come.</summary>
/// <param name="pace">How fast.</param>
/// <param name="time">The clock.</param>
internal sealed class Pacer(InputPace pace, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private long _firstNs;
    private long _startedAt;
    private bool _started;

    /// <summary>Waits for a packet's time; false when that was broken off. The first call sets the beginning.</summary>
    /// <param name="timestampNs">The packet's, nanoseconds since the Unix epoch.</param>
    /// <param name="beforeWaiting">What is to be done while there is time.</param>
    /// <param name="cancellationToken">Breaks the wait off.</param>
    public bool Wait(long timestampNs, Action beforeWaiting, CancellationToken cancellationToken)
    {
        if (pace.IsFast)
        {
            return !cancellationToken.IsCancellationRequested;
        }

        if (!_started)
        {
            (_started, _firstNs, _startedAt) = (true, timestampNs, time.GetTimestamp());
        }

        while (true)
        {
            var due = TimeSpan.FromMicroseconds(Math.Max(0, timestampNs - _firstNs) / 1000 / pace.Speed);
            var left = due - time.GetElapsedTime(_startedAt);
            if (left < Shortest)
            {
                return !cancellationToken.IsCancellationRequested;
            }

            beforeWaiting();
            if (cancellationToken.WaitHandle.WaitOne(left < TimeSpan.FromSeconds(10) ? left : TimeSpan.FromSeconds(10)))
            {
                return false;
            }
        }
    }
}
