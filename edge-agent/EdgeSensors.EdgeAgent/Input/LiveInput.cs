using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>
/// An interface as the input: captured over one ring, or over several with a thread each, and opened again when it was gone (a driver that was loaded anew, an
/// adapter that was pulled) and is back. One thread takes from it.
/// </summary>
internal sealed class LiveInput : IDisposable
{
    private readonly string _name;
    private readonly LiveCaptureOptions _options;
    private readonly SemaphoreSlim _arrived = new(0);
    private IReadOnlyList<LiveCapture> _rings;
    private RingReader[] _readers = [];
    private LiveCaptureStatistics _before;
    private bool _wasGone;
    private int _next;
    private int _reopenings;

    private LiveInput(string name, LiveCaptureOptions options, IReadOnlyList<LiveCapture> rings)
    {
        (_name, _options) = (name, options);
        Begin(rings);
    }

    /// <summary>Whether packets come one by one by <see cref="Read"/>; else in batches by <see cref="TryTake"/>.</summary>
    public bool IsSingle => _options.Rings == 1;

    /// <summary>How far the kernel's filter follows headers.</summary>
    public HeaderDepth Depth { get; private set; }

    /// <summary>Why not to the innermost; null where it does.</summary>
    public string? DepthLimitation { get; private set; }

    /// <summary>Why no packets come: one line; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>How often it was opened again: it may be gone and back between two looks at <see cref="Trouble"/>.</summary>
    public int Reopenings => Volatile.Read(ref _reopenings);

    /// <summary>The options for so many rings, each as large as one alone would be: what is held back is a matter of how long its thread may not run.</summary>
    public static LiveCaptureOptions OptionsFor(int rings)
    {
        var one = new LiveCaptureOptions();
        return one with { Rings = rings, RingOctets = (int)Math.Min(1L << 30, (long)rings * one.RingOctets) };
    }

    /// <summary>Opens an interface.</summary>
    public static bool TryOpen(string name, LiveCaptureOptions options, [NotNullWhen(true)] out LiveInput? input, [NotNullWhen(false)] out string? error)
    {
        var opened = LiveCapture.TryOpenRings(name, options, out var rings, out var refusal);
        (input, error) = (opened ? new LiveInput(name, options, rings!) : null, refusal?.Message);
        return opened;
    }

    /// <summary>The next packet; <see cref="PacketRead.Idle"/> after a while without one, never the end.</summary>
    public PacketRead Read(ref CapturedPacket packet)
    {
        if (_rings.Count > 0 && _rings[0].Read(ref packet) == PacketRead.Packet)
        {
            return PacketRead.Packet;
        }

        LookAfterInterface();
        return PacketRead.Idle;
    }

    /// <summary>The next batch of a ring, each in its turn, and the ring's reader to give it back to; false after a while without one.</summary>
    public bool TryTake([NotNullWhen(true)] out HeaderBatch? batch, [NotNullWhen(true)] out RingReader? reader)
    {
        if (_readers.Length > 0 && _arrived.Wait(_options.WaitMs))
        {
            for (var i = 0; i < _readers.Length; i++)
            {
                reader = _readers[_next];
                _next = (_next + 1) % _readers.Length;
                if (reader.TryTake() is { } found)
                {
                    batch = found;
                    return true;
                }
            }
        }

        (batch, reader) = (null, null);
        LookAfterInterface();
        return false;
    }

    /// <summary>What the kernel counted since the start, over all rings and openings; of the frames dropped null if since the last call some may have passed uncounted.</summary>
    public (long? Dropped, long Freezes) ReadCounters()
    {
        var now = Sum();
        var unknown = _wasGone;
        _wasGone = _rings.Count == 0;
        return (unknown ? null : now.Dropped, now.Freezes);
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        End();
        _arrived.Dispose();
    }

    private void LookAfterInterface()
    {
        if (_rings.Any(ring => ring.Failure is { Fault: LiveCaptureFault.NoSuchInterface }))
        {
            (Trouble, _wasGone) = (_rings.First(ring => ring.Failure is not null).Failure!.Message, true);
            _before = Sum();
            End();
        }

        if (_rings.Count > 0)
        {
            Trouble = _rings.FirstOrDefault(ring => ring.Failure is not null)?.Failure?.Message;
        }
        else if (LiveCapture.TryOpenRings(_name, _options, out var rings, out var refusal))
        {
            Begin(rings);
            Trouble = null;
            Volatile.Write(ref _reopenings, _reopenings + 1);
        }
        else
        {
            // While it is not there the first message stands; a right that was given up is another matter.
            Trouble = refusal.Fault == LiveCaptureFault.NoSuchInterface ? Trouble : refusal.Message;
            Thread.Sleep(_options.WaitMs);
        }
    }

    [MemberNotNull(nameof(_rings))]
    private void Begin(IReadOnlyList<LiveCapture> rings)
    {
        _rings = rings;
        (Depth, DepthLimitation) = (rings[0].Depth, rings[0].DepthLimitation);
        _readers = IsSingle ? [] : [.. rings.Select(ring => new RingReader(ring, _arrived))];
    }

    private void End()
    {
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }

        foreach (var ring in _rings)
        {
            ring.Dispose();
        }

        (_readers, _rings) = ([], []);
    }

    private LiveCaptureStatistics Sum()
    {
        var sum = _before;
        foreach (var ring in _rings)
        {
            var counted = ring.ReadStatistics();
            sum = new LiveCaptureStatistics(sum.Received + counted.Received, sum.Dropped + counted.Dropped, sum.Freezes + counted.Freezes);
        }

        return sum;
    }
}
