using System.Collections.Concurrent;
using System.Diagnostics;

namespace EdgeSensors.FieldTest.Network;

/// <summary>
/// A line between two namespaces that can be long, lossy or cut: this program carries its frames from one packet socket to the other (packet(7)), each when it is due.
/// It needs no kernel module, as netem does, and its losses follow from a seed and the order of the frames.
/// </summary>
internal sealed class LongLine : IDisposable
{
    private const string NearEnd = "line0";
    private const string FarEnd = "line1";

    // Behind the kernel's own header about checksums and segments still to be made (PACKET_VNET_HDR), which is carried along with each frame.
    private const int LargestFrame = 10 + 14 + 65_536;
    private const int MostWaiting = 8_192;

    private readonly NetworkNamespace _place;
    private readonly List<Direction> _directions = [];
    private volatile LineQuality _quality = LineQuality.Good;

    private LongLine(NetworkNamespace place) => _place = place;

    /// <summary>How it is from now on.</summary>
    public LineQuality Quality
    {
        get => _quality;
        set => _quality = value;
    }

    /// <summary>Frames that it lost so far, both ways.</summary>
    public long Lost => _directions.Sum(d => d.Lost);

    /// <summary>Lays it between two namespaces; throws <see cref="NetworkSetupException"/> where the kernel refuses.</summary>
    public static LongLine Lay(NetworkNamespace here, LinkEnd near, NetworkNamespace there, LinkEnd far, int mtu, int seed)
    {
        var line = new LongLine(FieldNetwork.AddPlace($"line of {here.Label}"));
        try
        {
            LinkSetup.AddPair(here, near, line._place, new(NearEnd, [2, 0, 0x5E, 0x11, 0, 1]), mtu);
            LinkSetup.AddPair(there, far, line._place, new(FarEnd, [2, 0, 0x5E, 0x11, 0, 2]), mtu);
            LinkSetup.Up(line._place, NearEnd);
            LinkSetup.Up(line._place, FarEnd);
            var (nearSocket, farSocket) = (RawSocket.Open(line._place, NearEnd, carriesAll: true), RawSocket.Open(line._place, FarEnd, carriesAll: true));
            line._directions.Add(new Direction(line, nearSocket, farSocket, new Random(seed)));
            line._directions.Add(new Direction(line, farSocket, nearSocket, new Random(seed + 1)));
            return line;
        }
        catch
        {
            line.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var direction in _directions)
        {
            direction.Dispose();
        }

        _place.Dispose();
    }

    /// <summary>One way of the line: a thread that takes frames and one that gives them on.</summary>
    private sealed class Direction : IDisposable
    {
        private readonly LongLine _line;
        private readonly RawSocket _from;
        private readonly RawSocket _to;
        private readonly Random _random;
        private readonly BlockingCollection<(long Due, byte[] Frame)> _waiting = new(MostWaiting);
        private readonly Thread _taker;
        private readonly Thread _giver;
        private volatile bool _stops;
        private long _lost;

        public Direction(LongLine line, RawSocket from, RawSocket to, Random random)
        {
            (_line, _from, _to, _random) = (line, from, to, random);
            _taker = new Thread(Take) { IsBackground = true, Name = "line in" };
            _giver = new Thread(Give) { IsBackground = true, Name = "line out" };
            _taker.Start();
            _giver.Start();
        }

        public long Lost => Interlocked.Read(ref _lost);

        public void Dispose()
        {
            _stops = true;
            _taker.Join();
            _waiting.CompleteAdding();
            _giver.Join();
            _waiting.Dispose();
            _from.Dispose(); // each socket is one direction's source
        }

        private void Take()
        {
            var buffer = new byte[LargestFrame];
            while (!_stops)
            {
                var length = _from.Receive(buffer);
                if (length <= 0)
                {
                    continue; // a pause, so that the end is noticed
                }

                var quality = _line.Quality;
                if (quality.Loss > 0 && _random.NextDouble() < quality.Loss)
                {
                    Interlocked.Increment(ref _lost);
                    continue;
                }

                var due = Stopwatch.GetTimestamp() + (long)(quality.Delay.TotalSeconds * Stopwatch.Frequency);
                if (!_waiting.TryAdd((due, buffer.AsSpan(0, length).ToArray())))
                {
                    Interlocked.Increment(ref _lost); // as a router's queue that is full
                }
            }
        }

        private void Give()
        {
            foreach (var (due, frame) in _waiting.GetConsumingEnumerable())
            {
                while (!_stops && Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is var left && left > TimeSpan.FromMilliseconds(0.5))
                {
                    Thread.Sleep(left < TimeSpan.FromMilliseconds(50) ? left : TimeSpan.FromMilliseconds(50));
                }

                _ = _to.TrySend(frame);
            }
        }
    }
}

/// <summary>How a line is.</summary>
/// <param name="Loss">The share of the frames that it loses, 0 to 1.</param>
/// <param name="Delay">What it adds, each way.</param>
internal sealed record LineQuality(double Loss, TimeSpan Delay)
{
    /// <summary>It loses nothing and adds nothing.</summary>
    public static LineQuality Good { get; } = new(0, TimeSpan.Zero);

    /// <summary>Nothing comes through, and nobody is told.</summary>
    public static LineQuality Cut { get; } = new(1, TimeSpan.Zero);
}
