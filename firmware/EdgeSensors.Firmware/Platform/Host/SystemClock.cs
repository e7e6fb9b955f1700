using System;
using System.Diagnostics;

namespace EdgeSensors.Firmware.Platform.Host;

/// <summary>This machine's clocks.</summary>
public sealed class SystemClock : IClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public long UnixMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public long Microseconds => (long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds;
}
