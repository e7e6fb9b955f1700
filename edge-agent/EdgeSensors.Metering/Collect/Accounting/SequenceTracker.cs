namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>
/// Follows an exporter's sequence numbers. What one counts differs (IPFIX and NetFlow v5: records; v9 and sFlow: datagrams), so the message's own share is told
/// after it was read. A late message takes back what its absence was charged with; a step too large to be loss is a discontinuity and charges nothing.
/// </summary>
internal sealed class SequenceTracker
{
    /// <summary>The most that is believed to be loss.</summary>
    private const int MaxGap = 1 << 24;

    /// <summary>Messages remembered to tell a duplicate from a late one.</summary>
    private const int Remembered = 64;

    private readonly ulong[] _recent = new ulong[Remembered];
    private int _next;
    private uint _expected;
    private bool _isKnown;
    private bool _isLate;

    /// <summary>Records or datagrams that never came, as far as is known.</summary>
    public long Missing { get; private set; }

    /// <summary>Times that something was missing.</summary>
    public long GapCount { get; private set; }

    /// <summary>Messages that came late, out of order.</summary>
    public long LateCount { get; private set; }

    /// <summary>Messages that came twice.</summary>
    public long DuplicateCount { get; private set; }

    /// <summary>Steps too large for loss, or back.</summary>
    public long DiscontinuityCount { get; private set; }

    /// <summary>The sequence number that the next message should have; null before the first.</summary>
    public uint? Expected => _isKnown ? _expected : null;

    /// <summary>Takes up where an earlier run stopped.</summary>
    public void Resume(uint expected) => (_expected, _isKnown) = (expected, true);

    /// <summary>The numbering is over; the next begins where it likes.</summary>
    public void Forget()
    {
        _isKnown = false;
        Array.Clear(_recent);
    }

    /// <summary>Looks at a message's number before its content is read.</summary>
    /// <param name="sequence">The number in its header.</param>
    /// <param name="fingerprint">A number that a copy of the message shares.</param>
    /// <param name="isLater">Whether it was sent after all messages before.</param>
    /// <param name="restarted">Whether the exporter is known to have restarted, so that nothing is missing.</param>
    public SequenceStep Begin(uint sequence, ulong fingerprint, bool isLater, bool restarted)
    {
        _isLate = false;
        var step = SequenceStep.Next;
        if (_isKnown)
        {
            var ahead = (int)(sequence - _expected);
            if (ahead <= 0 && _recent.AsSpan().Contains(fingerprint))
            {
                DuplicateCount++;
                return SequenceStep.Duplicate;
            }

            step = restarted ? SequenceStep.Next : Classify(ahead, isLater);
        }

        _recent[_next++ & (Remembered - 1)] = fingerprint;
        if (step != SequenceStep.Late)
            _expected = sequence;
        _isLate = step == SequenceStep.Late;
        _isKnown = true;
        return step;
    }

    /// <summary>Tells how many the message itself counts for.</summary>
    public void End(int count)
    {
        if (_isLate)
            Recover(count);
        else
            _expected += (uint)count;
    }

    /// <summary>Some that were charged as missing have come after all.</summary>
    public void Recover(int count) => Missing = Math.Max(0, Missing - count);

    private SequenceStep Classify(int ahead, bool isLater)
    {
        switch (ahead)
        {
            case 0:
                return SequenceStep.Next;
            case > 0 and <= MaxGap:
                GapCount++;
                Missing += ahead;
                return SequenceStep.Gap;
            case < 0 and >= -MaxGap when !isLater:
                LateCount++;
                return SequenceStep.Late;
            default:
                DiscontinuityCount++;
                return SequenceStep.Discontinuity;
        }
    }
}
