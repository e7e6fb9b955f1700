namespace EdgeSensors.Firmware.Report;

/// <summary>Writes what became of an update (rule <c>receipt</c> of the CDDL).</summary>
internal static class ReceiptEncoder
{
    /// <summary>Writes the message. False when it found no room.</summary>
    /// <param name="w">Takes it.</param>
    /// <param name="header">Its number.</param>
    /// <param name="nowMs">Unix milliseconds.</param>
    /// <param name="timestamp">The version of the timestamp that it answers; 0 for unknown.</param>
    /// <param name="witness">A token.</param>
    /// <param name="refused">Why the update was refused, a token; null when it was taken.</param>
    public static bool Write(CborWriter w, MessageHeader header, long nowMs, long timestamp, string witness, string? refused)
    {
        w.Reset();
        w.BeginMap();
        w.Field(Keys.ObservationTime, (ulong)nowMs);
        header.Write(w);
        w.Count(Keys.TimestampVersion, (ulong)timestamp);
        w.Field(Keys.Witness, witness);
        w.Field(Keys.Enforcer, "observe-only");
        if (refused != null)
        {
            w.Field(Keys.UpdateRefused, refused);
        }

        w.EndMap();
        return !w.Overflowed;
    }
}
