using System.Globalization;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Replay;

/// <summary>Injects a plan's packets, each from its own side and at its own time, and keeps when each outside host's packets went in.</summary>
internal sealed class Replayer(ReplayPlan plan, FrameInjector outside, FrameInjector inside, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<HostAddress, List<DateTimeOffset>> _entered = [];
    private readonly List<DateTimeOffset> _all = [];

    /// <summary>What went in so far.</summary>
    public CrossingCount Injected { get; } = new();

    /// <summary>Frames that the kernel did not take.</summary>
    public int Refused { get; private set; }

    /// <summary>When the first packet went in; null before.</summary>
    public DateTimeOffset? Began { get; private set; }

    /// <summary>When a host's n-th packet (counted from 0) went in; null when there were not so many.</summary>
    public DateTimeOffset? EntryOf(HostAddress source, long n)
    {
        lock (_lock)
        {
            return _entered.TryGetValue(source, out var times) && n < times.Count ? times[(int)n] : null;
        }
    }

    /// <summary>How many packets went in between two moments, from either side.</summary>
    public long EnteredBetween(DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            return _all.Count(at => at >= from && at <= to);
        }
    }

    /// <summary>Replays one pass on the calling thread.</summary>
    public void RunPass(int number, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        foreach (var planned in plan.Pass(number))
        {
            WaitUntil(began, TimeSpan.FromTicks((long)(planned.Packet.OffsetNs / plan.Speed / 100)), stop);
            stop.ThrowIfCancellationRequested();
            var frame = planned.Packet.Frame;
            var now = time.GetUtcNow();
            if (!(planned.FromOutside ? outside : inside).TrySend(frame))
            {
                Refused++;
                continue;
            }

            Began ??= now;
            Note(planned.FromOutside ? planned.Packet.Source : null, now);

            Injected.Add(planned.OutsideEnd, planned.FromOutside);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Injected.Total} packets injected");

    private void Note(HostAddress? outsideSource, DateTimeOffset now)
    {
        lock (_lock)
        {
            _all.Add(now);
            if (outsideSource is not { } source)
            {
                return;
            }

            if (!_entered.TryGetValue(source, out var times))
            {
                _entered[source] = times = [];
            }

            times.Add(now);
        }
    }

    private void WaitUntil(long began, TimeSpan due, CancellationToken stop)
    {
        // Sleeping is exact to about a tenth of a millisecond here; what is due within one leaves together, as a network card's interrupt would bring it.
        while (due - time.GetElapsedTime(began) is var left && left > TimeSpan.FromMilliseconds(1) && !stop.IsCancellationRequested)
        {
            Thread.Sleep(left < TimeSpan.FromMilliseconds(50) ? left : TimeSpan.FromMilliseconds(50));
        }
    }
}
