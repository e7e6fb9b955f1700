using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Report;

/// <summary>Writes what the tap is and what is in force on it (rule <c>status</c> of the CDDL).</summary>
internal static class StatusEncoder
{
    private const int Tap = 2;

    /// <summary>Writes the message. False when it found no room.</summary>
    /// <param name="w">Takes it.</param>
    /// <param name="outbox">Gives its number, and how it stands.</param>
    /// <param name="nowMs">Unix milliseconds.</param>
    /// <param name="software">A short token.</param>
    /// <param name="capabilities">Short tokens; none to leave them out.</param>
    /// <param name="authority">Null, or not in force: only health is reported.</param>
    /// <param name="blocklist">Its version; 0 for none.</param>
    /// <param name="timestamp">The version of the timestamp; 0 for none.</param>
    /// <param name="witness">A token.</param>
    public static bool Write(
        CborWriter w, FlashOutbox outbox, long nowMs, string software, string[] capabilities, Authority? authority, long blocklist, long timestamp, string witness)
    {
        w.Reset();
        w.BeginMap();
        w.Field(Keys.ObservationTime, (ulong)nowMs);
        outbox.Header.Write(w);
        w.Field(Keys.Kind, Tap);
        w.Field(Keys.Software, software);
        if (capabilities.Length > 0)
        {
            w.Key(Keys.Capabilities);
            w.BeginArray(capabilities.Length);
            for (int i = 0; i < capabilities.Length; i++)
            {
                w.Text(capabilities[i]);
            }
        }

        if (authority != null && authority.IsInForce(nowMs))
        {
            w.Key(Keys.Authorization);
            w.BeginMap();
            w.Field(Keys.End, (ulong)authority.NotAfter);
            w.Field(Keys.AuthorizationId, authority.Id!);
            w.Field(Keys.Kind, (ulong)authority.Level);
            w.EndMap();
        }

        w.Count(Keys.BlocklistVersion, (ulong)blocklist);
        w.Count(Keys.TimestampVersion, (ulong)timestamp);
        w.Field(Keys.Witness, witness);
        w.Field(Keys.Enforcer, "observe-only");
        w.Key(Keys.Outbox);
        w.BeginArray(5);
        w.UInt((ulong)outbox.Waiting);
        w.UInt((ulong)outbox.WaitingOctets);
        w.UInt(outbox.DroppedReports);
        w.UInt(outbox.DroppedAlerts);
        w.UInt(outbox.DroppedReceipts);
        w.EndMap();
        return !w.Overflowed;
    }
}
