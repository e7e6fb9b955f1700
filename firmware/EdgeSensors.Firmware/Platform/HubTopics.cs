namespace EdgeSensors.Firmware.Platform;

/// <summary>The full names of topics (docs/protocol.md).</summary>
public static class HubTopics
{
    /// <summary>The newest timestamp metadata, the same for every sensor.</summary>
    public const string Timestamp = "edgesensors/1/updates/timestamp.json";

    /// <summary>The payload of the Last Will: the CBOR text <c>offline</c>, which is ASCII as well.</summary>
    public const string Will = "goffline";

    private static readonly string[] Levels = { "status", "report", "alert", "receipt", "fetch", "ack", "chunk" };

    /// <summary>The topic of one sensor.</summary>
    public static string Of(string @operator, string sensor, HubTopic topic)
    {
        return topic == HubTopic.Timestamp ? Timestamp : "edgesensors/1/" + @operator + "/" + sensor + "/" + Levels[(int)topic];
    }
}
