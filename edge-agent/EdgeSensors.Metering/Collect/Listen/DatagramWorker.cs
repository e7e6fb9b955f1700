using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>One thread that receives: it has a socket of every UDP port, and a collector that nobody else touches.</summary>
/// <param name="sockets">Its sockets; disposed with it.</param>
/// <param name="seat">Its collector.</param>
/// <param name="time">The clock.</param>
internal sealed class DatagramWorker(IReadOnlyList<DatagramSocket> sockets, CollectorSeat seat, TimeProvider time) : IDisposable
{
    private const int WaitMs = 100;

    /// <summary>How many calls' worth of datagrams are still read of each socket when it is to stop.</summary>
    private const int LastReads = 4096;

    private Thread? _thread;
    private volatile bool _stops;
    private long _dropped;
    private bool _dropsKnown = true;

    public CollectorSeat Seat => seat;

    /// <summary>The thread's own sockets.</summary>
    public IReadOnlyList<DatagramSocket> Sockets => sockets;

    /// <summary>Datagrams longer than a datagram can be; their whole records are read.</summary>
    public long CutCount { get; private set; }

    /// <summary>Datagrams that the kernel dropped for want of room; null where it does not say.</summary>
    public long? DroppedCount => _dropsKnown ? Interlocked.Read(ref _dropped) : null;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "exports" };
        _thread.Start();
    }

    /// <summary>Reads what has arrived already, and ends.</summary>
    public void Stop() => _stops = true;

    /// <summary>Waits for the end.</summary>
    public void Join() => _thread?.Join();

    public void Dispose()
    {
        foreach (var socket in sockets)
            socket.Dispose();
    }

    private unsafe void Run()
    {
        var descriptors = stackalloc LibC.PollDescriptor[sockets.Count];
        for (var index = 0; index < sockets.Count; index++)
            descriptors[index] = new LibC.PollDescriptor { FileDescriptor = sockets[index].FileDescriptor, Events = LibC.PollIn };
        while (!_stops)
        {
            if (LibC.Poll(descriptors, (nuint)sockets.Count, WaitMs) > 0)
            {
                for (var index = 0; index < sockets.Count; index++)
                {
                    if (descriptors[index].Returned != 0)
                        Read(sockets[index]);
                }
            }

            seat.Flush();
            Look();
        }

        foreach (var socket in sockets)
        {
            for (var reads = 0; reads < LastReads && Read(socket) > 0; reads++)
            {
            }
        }

        Look();
        seat.End(NowNs());
    }

    private int Read(DatagramSocket socket)
    {
        var count = socket.Receive();
        // One look at the clock for a call's worth: they arrived within it or waited before it, and which is not known.
        var nowNs = NowNs();
        for (var index = 0; index < count; index++)
        {
            CutCount += socket.IsCut(index) ? 1 : 0;
            seat.Collector.Add(socket.From(index), nowNs, socket.Datagram(index));
        }

        return count;
    }

    private void Look()
    {
        long dropped = 0;
        foreach (var socket in sockets)
        {
            if (socket.DroppedCount is { } count)
                dropped += count;
            else
                _dropsKnown = false;
        }

        Interlocked.Exchange(ref _dropped, dropped);
        seat.Tick(NowNs());
    }

    private long NowNs() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
