using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>
/// Reads one ring on a thread of its own and decodes its packets. They wait in a fixed number of batches between exactly two threads; where these are full the
/// thread waits too, the ring fills, and the kernel counts what it drops.
/// </summary>
internal sealed class RingReader : IDisposable
{
    private const int Batches = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private readonly LiveCapture _capture;
    private readonly SemaphoreSlim _arrived;
    private readonly HeaderBatch[] _batches = [.. Enumerable.Range(0, Batches).Select(_ => new HeaderBatch())];
    private readonly AutoResetEvent _room = new(false);
    private readonly Thread _thread;
    private long _filled;
    private long _taken;
    private volatile bool _stops;
    private volatile bool _waitsForRoom;

    /// <param name="capture">The ring; its owner disposes it, after this.</param>
    /// <param name="arrived">Is released when a batch is filled.</param>
    public RingReader(LiveCapture capture, SemaphoreSlim arrived)
    {
        (_capture, _arrived) = (capture, arrived);
        _thread = new Thread(Read) { IsBackground = true, Name = "ring" };
        _thread.Start();
    }

    /// <summary>The next batch, if one is filled; it is the caller's until <see cref="Release"/>.</summary>
    public HeaderBatch? TryTake() => Volatile.Read(ref _filled) > _taken ? _batches[_taken % Batches] : null;

    /// <summary>Gives the batch back that was taken.</summary>
    public void Release()
    {
        Volatile.Write(ref _taken, _taken + 1);
        if (_waitsForRoom)
        {
            _room.Set();
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        _stops = true;
        _room.Set();
        _thread.Join();
        _room.Dispose();
    }

    private void Read()
    {
        CapturedPacket packet = default;
        while (WaitForRoom() is { } batch)
        {
            batch.Clear();

            // Waits for the first packet only: what has come is not held back for what may come.
            var read = _capture.Read(ref packet);
            while (read == PacketRead.Packet)
            {
                batch.Add(ref packet);
                read = !batch.IsFull && _capture.TryRead(ref packet) ? PacketRead.Packet : PacketRead.Idle;
            }

            if (batch.Count > 0)
            {
                Volatile.Write(ref _filled, _filled + 1);
                _arrived.Release();
            }
        }
    }

    private HeaderBatch? WaitForRoom()
    {
        while (!_stops)
        {
            _waitsForRoom = true;
            if (_filled - Volatile.Read(ref _taken) < Batches)
            {
                _waitsForRoom = false;
                return _batches[_filled % Batches];
            }

            _room.WaitOne(s_patience);
        }

        return null;
    }
}
