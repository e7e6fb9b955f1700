using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>
/// An interface as the input: captured, and opened again when it was gone (a driver that was loaded anew, an adapter that was pulled) and is back.
/// One reader.
/// </summary>
internal sealed class LiveInput : IDisposable
{
    private readonly string _name;
    private readonly LiveCaptureOptions _options;
    private LiveCapture? _capture;
    private LiveCaptureStatistics _before;
    private bool _wasGone;

    private LiveInput(string name, LiveCaptureOptions options, LiveCapture capture)
    {
        (_name, _options, _capture) = (name, options, capture);
        (Depth, DepthLimitation) = (capture.Depth, capture.DepthLimitation);
    }

    /// <summary>How far the kernel's filter follows headers.</summary>
    public HeaderDepth Depth { get; private set; }

    /// <summary>Why not to the innermost; null where it does.</summary>
    public string? DepthLimitation { get; private set; }

    /// <summary>Why no packets come: one line; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Opens an interface.</summary>
    public static bool TryOpen(string name, LiveCaptureOptions options, [NotNullWhen(true)] out LiveInput? input, [NotNullWhen(false)] out string? error)
    {
        var opened = LiveCapture.TryOpen(name, options, out var capture, out var refusal);
        (input, error) = (opened ? new LiveInput(name, options, capture!) : null, refusal?.Message);
        return opened;
    }

    /// <summary>The next packet; <see cref="PacketRead.Idle"/> after a while without one, never the end.</summary>
    public PacketRead Read(ref CapturedPacket packet)
    {
        if (_capture is { } capture && capture.Read(ref packet) == PacketRead.Packet)
        {
            return PacketRead.Packet;
        }

        return Rest();
    }

    /// <summary>What the kernel counted since the start, over all openings; of the frames dropped null if since the last call some may have passed uncounted.</summary>
    public (long? Dropped, long Freezes) ReadCounters()
    {
        var now = _capture?.ReadStatistics() ?? default;
        var unknown = _wasGone;
        _wasGone = _capture is null;
        return (unknown ? null : _before.Dropped + now.Dropped, _before.Freezes + now.Freezes);
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => _capture?.Dispose();

    private PacketRead Rest()
    {
        if (_capture is { Failure.Fault: LiveCaptureFault.NoSuchInterface } gone)
        {
            var counted = gone.ReadStatistics();
            _before = new LiveCaptureStatistics(_before.Received + counted.Received, _before.Dropped + counted.Dropped, _before.Freezes + counted.Freezes);
            (Trouble, _wasGone, _capture) = (gone.Failure.Message, true, null);
            gone.Dispose();
        }

        if (_capture is not null)
        {
            Trouble = _capture.Failure?.Message;
            return PacketRead.Idle;
        }

        if (LiveCapture.TryOpen(_name, _options, out _capture, out var refusal))
        {
            (Depth, DepthLimitation, Trouble) = (_capture.Depth, _capture.DepthLimitation, null);
        }
        else
        {
            // While it is not there the first message stands; a right that was given up is another matter.
            Trouble = refusal.Fault == LiveCaptureFault.NoSuchInterface ? Trouble : refusal.Message;
            Thread.Sleep(_options.WaitMs);
        }

        return PacketRead.Idle;
    }
}
