namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>
/// Follows an exporter's sequence numbers. What one counts differs (IPFIX and NetFlow v5: records; v9 and sFlow: datagrams), so the message's own share is told
/// after it was read. A late message takes back what its absence was charged with; a step too large to be loss is a discontinuity and charges nothing.
/// </summary>
/// <remarks>
/// A message's number is that of what came before it (RFC 7011 §3.1). There are exporters (softflowd) that write the number of what ends with it, and some leave options records out:
/// their numbers never fit by the letter, and that is not loss. They are known by it that each number is the one before and the message's own share.
/// </remarks>
internal sealed class SequenceTracker
{
    /// <summary>The most that is believed to be loss.</summary>
    private const int MaxGap = 1 << 24;

    /// <summary>Messages remembered to tell a duplicate from a late one.</summary>
    private const int Remembered = 64;

    private readonly ulong[] _recent = new ulong[Remembered];
    private int _next;
    private uint _expected;
    private uint _previous;
    private uint _current;
    private int _ahead;
    private bool _isKnown;
    private bool _isFollowing;
    private bool _isLate;
    private bool _countsItself;
    private int _votesForItself;
    private bool _isByTheLetter;
    private long _disputed;
    private long _disputedGaps;

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
    public void Resume(uint expected) => (_expected, _current, _isKnown) = (expected, expected, true);

    /// <summary>The numbering is over; the next begins where it likes.</summary>
    public void Forget()
    {
        (_isKnown, _isFollowing, _countsItself, _isByTheLetter, _votesForItself, _disputed, _disputedGaps) = (false, false, false, false, 0, 0, 0);
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
        _ahead = 0;
        var step = SequenceStep.Next;
        if (_isKnown)
        {
            _ahead = (int)(sequence - _expected);
            if (_ahead <= 0 && _recent.AsSpan().Contains(fingerprint))
            {
                DuplicateCount++;
                return SequenceStep.Duplicate;
            }

            step = restarted ? SequenceStep.Next : Classify(sequence, isLater);
        }

        _recent[_next++ & (Remembered - 1)] = fingerprint;
        _isLate = step == SequenceStep.Late;
        if (!_isLate)
        {
            _isFollowing = _isKnown && !restarted && step != SequenceStep.Discontinuity;
            (_previous, _current, _expected) = (_current, sequence, sequence);
        }

        _isKnown = true;
        return step;
    }

    /// <summary>Tells how many the message itself counts for.</summary>
    public void End(int count)
    {
        if (_isLate)
        {
            Recover(count);
            return;
        }

        if (_isFollowing)
            Weigh(count);
        _expected += _countsItself ? 0 : (uint)count;
    }

    /// <summary>Some that were charged as missing have come after all.</summary>
    public void Recover(int count) => Missing = Math.Max(0, Missing - count);

    /// <summary>Whether the number fits by the letter, or as that of an exporter that counts the message itself.</summary>
    private void Weigh(int count)
    {
        if (_countsItself)
        {
            if (_ahead > count)
                Charge(_ahead - count);
            return;
        }

        var fitsItself = count > 0 && _current - _previous == (uint)count;
        if (_ahead == 0 && !fitsItself && count > 0)
        {
            // By the letter after all: what was taken for another way of counting was loss.
            _isByTheLetter = true;
            (Missing, GapCount) = (Missing + _disputed, GapCount + _disputedGaps);
            (_votesForItself, _disputed, _disputedGaps) = (0, 0, 0);
        }
        else if (fitsItself && _ahead != 0 && !_isByTheLetter)
        {
            if (_ahead > 0)
            {
                // Some of it may have been taken back already, by records that had only waited for their template.
                var disputed = Math.Min(_ahead, Missing);
                (Missing, GapCount) = (Missing - disputed, GapCount - 1);
                (_disputed, _disputedGaps) = (_disputed + disputed, _disputedGaps + 1);
            }

            _countsItself = ++_votesForItself >= 3;
        }
    }

    private void Charge(int missing)
    {
        GapCount++;
        Missing += missing;
    }

    private SequenceStep Classify(uint sequence, bool isLater)
    {
        switch (_ahead)
        {
            case 0:
                return SequenceStep.Next;
            case > 0 when _countsItself && _ahead <= MaxGap:
                return SequenceStep.Next;
            case > 0 and <= MaxGap:
                Charge(_ahead);
                return SequenceStep.Gap;
            case < 0 when isLater && (int)(sequence - _current) > 0:
                // Between the last number and the one it should be: not all of the last message was counted.
                return SequenceStep.Next;
            case < 0 and >= -MaxGap when !isLater:
                LateCount++;
                return SequenceStep.Late;
            default:
                DiscontinuityCount++;
                return SequenceStep.Discontinuity;
        }
    }
}
