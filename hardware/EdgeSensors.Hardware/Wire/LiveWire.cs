using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Hardware.Wire;

/// <summary>
/// A live interface as a mirror port shows it: both directions, one line of the port's rate with a small buffer before it, no frame longer than a mirror port carries. The kernel
/// cuts each frame to its headers before this process sees any of it (<see cref="LiveCapture"/>); on the wire the frame has its true length again, zeros where its payload was.
/// So not even the emulated chip, which holds whole frames as the real one does, holds anybody's payload. One thread takes frames.
/// </summary>
public sealed class LiveWire : ILine, IDisposable
{
    private const int ShortestFrame = 60;
    private const int LongestFrame = 1_522; // 1,518 octets without the check sequence, and two VLAN tags
    private const int Overhead = 8 + 4 + 12; // preamble, check sequence, gap (IEEE 802.3)
    private const long DelayMs = 25; // the kernel hands frames over in batches; they are put on the wire at their own distances, so much later
    private const int BatchMs = 8;
    private const int PortBufferOctets = 64 * 1024; // of a small switch's mirror port

    private readonly LiveCapture _capture;
    private readonly TimeProvider _time;
    private readonly byte[] _frame = new byte[LongestFrame];
    private long _epochNs; // what the frames' clock says at the timestamp 0 of ours
    private long _freeAt;
    private long _due;
    private int _length;
    private bool _hasNext;

    private LiveWire(LiveCapture capture, TimeProvider time, long bitRate)
    {
        _capture = capture;
        _time = time;
        BitRate = bitRate;
        Align();
    }

    /// <inheritdoc/>
    public long BitRate { get; }

    /// <summary>Frames put on the wire.</summary>
    public long Frames { get; private set; }

    /// <summary>Frames for which a mirror port of this rate would have had no room.</summary>
    public long Crowded { get; private set; }

    /// <summary>Frames longer than any on a wire: the interface joins several (GRO, LRO) or has jumbo frames. The tap does not get them.</summary>
    public long TooLong { get; private set; }

    /// <summary>Frames that the kernel had to drop, as nobody took them in time.</summary>
    public long Missed => _capture.ReadStatistics().Dropped;

    /// <summary>Why nothing comes; null while all is well.</summary>
    public string? Trouble => _capture.Failure?.Message;

    /// <summary>Opens an interface of this network namespace.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="time">The board's time: the machine's.</param>
    /// <param name="wire">The open wire.</param>
    /// <param name="error">Why there is none: one line for a person.</param>
    /// <param name="bitRate">Of the mirror port, bits per second.</param>
    public static bool TryOpen(string name, TimeProvider time, [NotNullWhen(true)] out LiveWire? wire, [NotNullWhen(false)] out string? error, long bitRate = 100_000_000)
    {
        wire = null;
        error = null;
        LiveCaptureOptions options = new() { RingOctets = 8 << 20, BlockOctets = 128 << 10, BlockTimeoutMs = BatchMs, WaitMs = 0 };
        if (!LiveCapture.TryOpen(name, options, out LiveCapture? capture, out LiveCaptureError? refused))
        {
            error = refused.Message;
            return false;
        }

        if (capture.LinkType != LinkType.Ethernet)
        {
            capture.Dispose();
            error = $"{name} has no Ethernet frames, and so is nothing that a mirror port could show; give another interface";
            return false;
        }

        wire = new LiveWire(capture, time, bitRate);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>The frame's octets are good until the next is taken.</remarks>
    public bool TryTake(long now, out WireFrame frame)
    {
        frame = default;
        while (!_hasNext)
        {
            if (!TryLoad(now))
            {
                return false;
            }
        }

        if (now < _due)
        {
            return false;
        }

        _hasNext = false;
        Frames++;
        frame = new WireFrame(0, _frame.AsMemory(0, _length));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _capture.Dispose();

    /// <summary>Takes the next frame from the kernel and says when its last bit arrives. True if there was one, whether it can go on the wire or not.</summary>
    private bool TryLoad(long now)
    {
        CapturedPacket packet = default;
        if (_capture.Read(ref packet) != PacketRead.Packet)
        {
            return false;
        }

        if (packet.OriginalLength > LongestFrame)
        {
            TooLong++;
            return true;
        }

        long wanted = Timestamp(packet.TimestampNs - _epochNs) + Timestamp(DelayMs * 1_000_000);
        if (wanted > now + Timestamp(2 * DelayMs * 1_000_000))
        {
            Align(); // the machine's clock was set
            wanted = now;
        }

        _length = Math.Max(ShortestFrame, packet.OriginalLength);
        long begins = Math.Max(wanted, _freeAt);
        if (begins - wanted > Duration(PortBufferOctets))
        {
            Crowded++;
            return true;
        }

        int headers = Math.Min(packet.Data.Length, _length);
        packet.Data[..headers].CopyTo(_frame);
        _frame.AsSpan(headers, _length - headers).Clear();
        _due = begins + Duration(_length);
        _freeAt = begins + Duration(_length + Overhead);
        _hasNext = true;
        return true;
    }

    private void Align() => _epochNs = ((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100) - (long)(_time.GetTimestamp() * (1e9 / _time.TimestampFrequency));

    private long Timestamp(long nanoseconds) => (long)(nanoseconds * (_time.TimestampFrequency / 1e9));

    private long Duration(int octets) => Timestamp(octets * 8_000_000_000 / BitRate);
}
