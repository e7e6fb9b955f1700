namespace EdgeSensors.Firmware.Platform;

/// <summary>Time, of which the two builds have different kinds.</summary>
public interface IClock
{
    /// <summary>Unix milliseconds, UTC, as far as it is known.</summary>
    long UnixMs { get; }

    /// <summary>Microseconds from anywhere, never backwards: for lengths of time.</summary>
    long Microseconds { get; }
}
