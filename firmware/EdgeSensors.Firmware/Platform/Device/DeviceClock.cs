using System;
using nanoFramework.Hardware.Esp32;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>The module's clocks: the real-time clock that SNTP sets, and the timer that counts microseconds since the start.</summary>
internal sealed class DeviceClock : IClock
{
    /// <inheritdoc/>
    public long UnixMs
    {
        get
        {
            DateTime now = DateTime.UtcNow;
            return 1_000 * now.ToUnixTimeSeconds() + now.Millisecond;
        }
    }

    /// <inheritdoc/>
    public long Microseconds => (long)HighResTimer.GetCurrent();
}
