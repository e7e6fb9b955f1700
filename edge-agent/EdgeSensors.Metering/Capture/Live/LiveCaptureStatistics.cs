namespace EdgeSensors.Metering.Capture.Live;

/// <summary>What the kernel counted since the capture was opened (packet(7), PACKET_STATISTICS).</summary>
/// <param name="Received">Frames that were put into the ring.</param>
/// <param name="Dropped">Frames that found the ring full and are lost to the meter.</param>
/// <param name="Freezes">How often the ring was full.</param>
public readonly record struct LiveCaptureStatistics(long Received, long Dropped, long Freezes);
