using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>The collector of all TCP and TLS sessions, one message at a time, and the count of those sessions.</summary>
/// <param name="seat">The collector.</param>
/// <param name="options">The bounds.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamSeat(CollectorSeat seat, ListenOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<HostAddress, int> _sessions = [];
    private int _count;
    private long _opened;
    private long _refused;
    private long _untrusted;
    private long _tooSlow;
    private long _malformed;

    public CollectorSeat Seat => seat;

    public StreamCounts Counts => new(
        Volatile.Read(ref _count), Interlocked.Read(ref _opened), Interlocked.Read(ref _refused), Interlocked.Read(ref _untrusted), Interlocked.Read(ref _tooSlow), Interlocked.Read(ref _malformed));

    /// <summary>Makes room for a session; false when there is none, or when nobody of this address is heard.</summary>
    public bool TryBegin(ExporterEndpoint from)
    {
        lock (_sessions)
        {
            var ofAddress = _sessions.GetValueOrDefault(from.Address);
            if (_count >= options.MaxSessions || ofAddress >= options.MaxSessionsPerAddress || options.Collector.Accepts?.Invoke(from.Address) == false)
            {
                Interlocked.Increment(ref _refused);
                return false;
            }

            _sessions[from.Address] = ofAddress + 1;
            _count++;
            Interlocked.Increment(ref _opened);
            return true;
        }
    }

    /// <summary>Reads the whole messages at the start of what a session has received.</summary>
    /// <returns>How many octets they were; -1 when what stands there is no IPFIX message.</returns>
    public int Add(ExporterEndpoint from, Span<byte> octets)
    {
        lock (_lock)
        {
            var taken = 0;
            var nowNs = NowNs();
            while (StreamSession.MessageLength(octets[taken..]) is var length && length != 0)
            {
                if (length < 0)
                {
                    Interlocked.Increment(ref _malformed);
                    seat.Flush();
                    return -1;
                }

                seat.Collector.AddMessage(from, nowNs, octets.Slice(taken, length));
                taken += length;
            }

            seat.Flush();
            seat.Tick(nowNs);
            return taken;
        }
    }

    /// <summary>A session is over; what it taught holds no longer (RFC 7011 §8.4).</summary>
    public void End(ExporterEndpoint from)
    {
        lock (_lock)
            seat.Collector.EndSession(from);
        lock (_sessions)
        {
            _count--;
            if (--_sessions[from.Address] == 0)
                _sessions.Remove(from.Address);
        }
    }

    /// <summary>Looks after the figures while all sessions are silent.</summary>
    public void Tick()
    {
        if (!_lock.TryEnter())
            return;
        try
        {
            seat.Tick(NowNs());
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>All sessions have ended.</summary>
    public void EndAll()
    {
        lock (_lock)
            seat.End(NowNs());
    }

    public void NoteUntrusted() => Interlocked.Increment(ref _untrusted);

    public void NoteBroken(bool tooSlow)
    {
        if (tooSlow)
            Interlocked.Increment(ref _tooSlow);
    }

    private long NowNs() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
