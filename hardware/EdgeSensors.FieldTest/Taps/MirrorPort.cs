using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>What comes over a tap's mirror port, from several sources at once, and a record of it to hold reports against.</summary>
internal sealed class MirrorPort : ILine
{
    private readonly EthernetWire _wire;
    private readonly Func<bool> _isUp;
    private readonly WireTruth? _truth;

    /// <summary>A port that begins to play now.</summary>
    /// <param name="time">The board's.</param>
    /// <param name="sources">Each in order of time.</param>
    /// <param name="isUp">Whether there is a link: what comes without one was never on the wire.</param>
    /// <param name="truth">Notes each frame; null where nobody asks.</param>
    public MirrorPort(TimeProvider time, IReadOnlyList<IEnumerable<WireFrame>> sources, Func<bool> isUp, WireTruth? truth)
    {
        _wire = new EthernetWire(time, Merge(sources));
        _isUp = isUp;
        _truth = truth;
    }

    /// <inheritdoc/>
    public long BitRate => _wire.BitRate;

    /// <summary>Frames that arrived.</summary>
    public long Frames => _wire.Frames;

    /// <summary>When the next arrives.</summary>
    public long NextArrival => _wire.NextArrival;

    /// <inheritdoc/>
    public bool TryTake(long now, out WireFrame frame)
    {
        long at = _wire.NextArrival;
        if (!_wire.TryTake(now, out frame))
        {
            return false;
        }

        if (_truth is not null && _isUp())
        {
            _truth.Note(at, frame.Octets.Span);
        }

        return true;
    }

    private static IEnumerable<WireFrame> Merge(IReadOnlyList<IEnumerable<WireFrame>> sources)
    {
        var next = new PriorityQueue<IEnumerator<WireFrame>, (long At, int Source)>();
        for (var i = 0; i < sources.Count; i++)
        {
            Load(sources[i].GetEnumerator(), i);
        }

        while (next.TryDequeue(out var source, out var key))
        {
            yield return source.Current;
            Load(source, key.Source);
        }

        void Load(IEnumerator<WireFrame> source, int number)
        {
            if (source.MoveNext())
            {
                next.Enqueue(source, (source.Current.AtNs, number));
            }
            else
            {
                source.Dispose();
            }
        }
    }
}
