using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Outbox;

/// <summary>
/// Messages in flash until the hub has committed them (wall 6), in two rings: reports and states in one, in which the oldest go first when it is
/// full; alerts and receipts in another, which no report can push out. Both share one epoch, random and new with a new chip or after a factory
/// reset, and one sequence.
/// </summary>
internal sealed class FlashOutbox : IDroppedMessages
{
    /// <summary>Messages that may be on their way without an acknowledgement.</summary>
    public const int MostInFlight = 8;

    private const int Remembered = 4_096;

    private readonly MessageRing _reports;
    private readonly MessageRing _vital;
    private readonly int[] _octets = new int[Remembered];
    private MessageRing? _writing;
    private ulong _acknowledged;
    private ulong _sent;
    private int _inFlight;
    private int _length;

    /// <summary>An outbox in two parts of a chip.</summary>
    public FlashOutbox(IFlash flash, int vital, int vitalOctets, int reports, int reportsOctets)
    {
        _vital = new MessageRing(flash, vital, vitalOctets);
        _reports = new MessageRing(flash, reports, reportsOctets);
        _vital.Dropped = this;
        _reports.Dropped = this;
        Header = new MessageHeader(0, 1);
    }

    /// <summary>The next message's epoch and sequence.</summary>
    public MessageHeader Header { get; private set; }

    /// <summary>Reports and states lost for want of room, since the start.</summary>
    public uint DroppedReports { get; private set; }

    /// <summary>Alerts lost.</summary>
    public uint DroppedAlerts { get; private set; }

    /// <summary>Receipts lost.</summary>
    public uint DroppedReceipts { get; private set; }

    /// <summary>Messages that wait for their acknowledgement.</summary>
    public int Waiting { get; private set; }

    /// <summary>Their octets, as far as they are remembered.</summary>
    public long WaitingOctets { get; private set; }

    /// <summary>Everything up to this sequence was acknowledged.</summary>
    public ulong Acknowledged => _acknowledged;

    /// <summary>The sequence that was sent last.</summary>
    public ulong Sent => _sent;

    /// <summary>Whether a message is being written: no other can be begun.</summary>
    public bool IsWriting => _writing != null;

    /// <summary>Octets programmed since the start.</summary>
    public long OctetsProgrammed => _reports.Writer.OctetsProgrammed + _vital.Writer.OctetsProgrammed;

    /// <summary>Sectors erased since the start.</summary>
    public long SectorsErased => _reports.Writer.SectorsErased + _vital.Writer.SectorsErased;

    /// <summary>Finds what is there.</summary>
    /// <param name="newEpoch">Random: the epoch, where there is none yet.</param>
    public void Load(ulong newEpoch)
    {
        _reports.Load();
        _vital.Load();
        bool mixed = _reports.Epoch != 0 && _vital.Epoch != 0 && _reports.Epoch != _vital.Epoch;
        if (mixed)
        {
            Reset(newEpoch);
            return;
        }

        ulong epoch = _reports.Epoch != 0 ? _reports.Epoch : _vital.Epoch != 0 ? _vital.Epoch : newEpoch;
        ulong next = _reports.NextSequence > _vital.NextSequence ? _reports.NextSequence : _vital.NextSequence;
        _acknowledged = _reports.Acknowledged > _vital.Acknowledged ? _reports.Acknowledged : _vital.Acknowledged;
        if (_acknowledged >= next)
        {
            next = _acknowledged + 1;
        }

        Begin(epoch, next);
        _sent = _acknowledged;
        for (ulong i = _acknowledged + 1; i < next && i <= _acknowledged + Remembered; i++)
        {
            _octets[(int)(i & (Remembered - 1))] = 1; // waits; how long it is was forgotten
            Waiting++;
            WaitingOctets++;
        }
    }

    /// <summary>Forgets everything and begins another epoch.</summary>
    public void Reset(ulong newEpoch)
    {
        _reports.Forget();
        _vital.Forget();
        _acknowledged = 0;
        _sent = 0;
        _inFlight = 0;
        Waiting = 0;
        WaitingOctets = 0;
        System.Array.Clear(_octets, 0, Remembered);
        Begin(newEpoch, 1);
    }

    /// <summary>Begins to write a message that was encoded with <see cref="Header"/>, and advances it. The octets must stay until it is written.</summary>
    public void BeginWrite(OutboxChannel channel, byte[] payload, int length)
    {
        bool vital = channel == OutboxChannel.Alert || channel == OutboxChannel.Receipt;
        _writing = vital ? _vital : _reports;
        _writing.NextSequence = Header.Sequence;
        _writing.Acknowledged = _acknowledged;
        _length = length;
        _writing.BeginWrite(channel, Header.Sequence, payload, length);
    }

    /// <summary>Goes on writing. True when there is nothing to write.</summary>
    public bool Step()
    {
        if (_writing == null)
        {
            return true;
        }

        if (!_writing.Step())
        {
            return false;
        }

        ulong sequence = Header.Sequence;
        if (_writing.Failed)
        {
            Count(_writing == _vital ? OutboxChannel.Alert : OutboxChannel.Report);
        }
        else
        {
            _octets[(int)(sequence & (Remembered - 1))] = _length;
            Waiting++;
            WaitingOctets += _length;
        }

        _writing = null;
        Header.Advance();
        return true;
    }

    /// <summary>
    /// Reads the next message that is to be sent, in order. Returns its octets; 0 if there is none now, whether because all are sent, too many are
    /// on their way, or there was more to look through than one step may.
    /// </summary>
    public int ReadNext(byte[] to, out OutboxChannel channel)
    {
        channel = OutboxChannel.Status;
        if (_writing != null || _sent + 1 >= Header.Sequence || _inFlight >= MostInFlight)
        {
            return 0;
        }

        int looks = 64;
        bool report = _reports.TryFind(_sent, ref looks);
        bool vital = looks > 0 && _vital.TryFind(_sent, ref looks);
        if (looks == 0)
        {
            return 0;
        }

        if (!report && !vital)
        {
            _sent = Header.Sequence - 1; // what is between was lost and counted
            return 0;
        }

        MessageRing ring = vital && (!report || _vital.FoundSequence < _reports.FoundSequence) ? _vital : _reports;
        ulong sequence = ring.FoundSequence;
        int length = ring.ReadFound(to);
        if (length < 0)
        {
            return 0;
        }

        channel = ring.FoundChannel;
        _sent = sequence;
        _inFlight++;
        return length;
    }

    /// <summary>Sends everything that is not acknowledged again, as after a reconnect.</summary>
    public void Rewind()
    {
        _sent = _acknowledged;
        _inFlight = 0;
        _reports.Rewind();
        _vital.Rewind();
    }

    /// <summary>The hub has committed everything of an epoch up to a sequence.</summary>
    public void Acknowledge(ulong epoch, ulong upTo)
    {
        if (epoch != Header.Epoch || upTo <= _acknowledged)
        {
            return;
        }

        // A hub that acknowledges what was never sent must not make a later message vanish.
        if (upTo >= Header.Sequence)
        {
            upTo = Header.Sequence - 1;
        }

        while (_acknowledged < upTo)
        {
            _acknowledged++;
            Settle(_acknowledged);
        }

        if (_sent < _acknowledged)
        {
            _sent = _acknowledged;
        }

        // Numbers between may have been dropped: what is not acknowledged is at most what lies between.
        if (_sent - _acknowledged < (ulong)_inFlight)
        {
            _inFlight = (int)(_sent - _acknowledged);
        }
    }

    /// <inheritdoc/>
    public void Drop(OutboxChannel channel, ulong sequence)
    {
        if (sequence > _acknowledged && sequence < Header.Sequence)
        {
            Count(channel);
            Settle(sequence);
        }
    }

    private void Settle(ulong sequence)
    {
        int at = (int)(sequence & (Remembered - 1));
        if (_octets[at] != 0)
        {
            WaitingOctets -= _octets[at];
            _octets[at] = 0;
            Waiting--;
        }
    }

    private void Count(OutboxChannel channel)
    {
        if (channel == OutboxChannel.Alert)
        {
            DroppedAlerts++;
        }
        else if (channel == OutboxChannel.Receipt)
        {
            DroppedReceipts++;
        }
        else
        {
            DroppedReports++;
        }
    }

    private void Begin(ulong epoch, ulong next)
    {
        _reports.Epoch = epoch;
        _vital.Epoch = epoch;
        Header = new MessageHeader(epoch, next);
    }
}
