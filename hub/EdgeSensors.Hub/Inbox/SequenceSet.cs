namespace EdgeSensors.Hub.Inbox;

/// <summary>
/// Which sequence numbers of one epoch are committed, as sorted extents: it recognises a duplicate for ever and knows the unbroken run
/// that may be acknowledged. Numbers up to the floor count as settled: the sensor dropped those that never came.
/// </summary>
internal sealed class SequenceSet
{
    /// <summary>Most extents kept; beyond it the oldest gap is given up, so that a sender of odd numbers only costs no more memory.</summary>
    public const int MaxExtents = 256;

    private readonly List<(ulong First, ulong Last)> _extents;

    public SequenceSet(ulong floor = 0, IEnumerable<(ulong First, ulong Last)>? extents = null)
    {
        Floor = floor;
        _extents = [.. extents ?? []];
    }

    /// <summary>Numbers up to here are not waited for.</summary>
    public ulong Floor { get; private set; }

    public IReadOnlyList<(ulong First, ulong Last)> Extents => _extents;

    /// <summary>The highest number committed; 0 before the first.</summary>
    public ulong Top => _extents.Count == 0 ? 0 : _extents[^1].Last;

    /// <summary>Whether a number below <see cref="Top"/> is still waited for.</summary>
    public bool HasGap => UpTo < Top;

    /// <summary>The end of the unbroken run: everything up to here is committed or was given up.</summary>
    public ulong UpTo
    {
        get
        {
            var end = Floor;
            foreach (var (first, last) in _extents)
            {
                if (first > end + 1)
                {
                    break;
                }

                end = Math.Max(end, last);
            }

            return end;
        }
    }

    public bool Contains(ulong sequence)
    {
        var i = IndexAtOrBefore(sequence);
        return i >= 0 && sequence <= _extents[i].Last;
    }

    /// <summary>Adds a number; false when it is there already.</summary>
    public bool Add(ulong sequence)
    {
        var i = IndexAtOrBefore(sequence);
        if (i >= 0 && sequence <= _extents[i].Last)
        {
            return false;
        }

        var joinsLeft = i >= 0 && _extents[i].Last + 1 == sequence;
        var joinsRight = i + 1 < _extents.Count && _extents[i + 1].First == sequence + 1;
        if (joinsLeft && joinsRight)
        {
            _extents[i] = (_extents[i].First, _extents[i + 1].Last);
            _extents.RemoveAt(i + 1);
        }
        else if (joinsLeft)
        {
            _extents[i] = (_extents[i].First, sequence);
        }
        else if (joinsRight)
        {
            _extents[i + 1] = (sequence, _extents[i + 1].Last);
        }
        else
        {
            _extents.Insert(i + 1, (sequence, sequence));
        }

        if (_extents.Count > MaxExtents)
        {
            Floor = Math.Max(Floor, _extents[1].First - 1);
            _extents[0] = (_extents[0].First, _extents[1].Last);
            _extents.RemoveAt(1);
        }

        return true;
    }

    /// <summary>Waits no longer for numbers up to here. One that comes late all the same is still committed, once.</summary>
    public void GiveUpTo(ulong sequence) => Floor = Math.Max(Floor, sequence);

    private int IndexAtOrBefore(ulong sequence)
    {
        int low = 0, high = _extents.Count - 1, found = -1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_extents[middle].First <= sequence)
            {
                found = middle;
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return found;
    }
}
