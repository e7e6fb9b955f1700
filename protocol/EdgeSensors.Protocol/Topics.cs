using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Protocol;

/// <summary>The MQTT topics of version 1 of the protocol and the most octets a payload on each may have.</summary>
public static class Topics
{
    /// <summary>Where the newest TUF timestamp metadata is, retained; the only retained update.</summary>
    public const string UpdatesTimestamp = "edgesensors/1/updates/timestamp.json";

    /// <summary>The payload of a sensor's Last Will on its status topic: the CBOR text <c>offline</c>.</summary>
    public static ReadOnlyMemory<byte> OfflineWill { get; } = "goffline"u8.ToArray();

    /// <summary>The most octets that TUF timestamp metadata may have on its topic.</summary>
    public const int MaxTimestampOctets = 16 * 1024;

    private const string Root = "edgesensors/1/";

    /// <summary>The full topic of one of a sensor's channels, such as <c>edgesensors/1/isp-a/gw-1/report</c>.</summary>
    public static string Of(SensorName sensor, Channel channel) => $"{Root}{sensor.Operator}/{sensor.Sensor}/{Level(channel)}";

    /// <summary>Takes a sensor's topic apart; false for any other topic.</summary>
    public static bool TryParse([NotNullWhen(true)] string? topic, out SensorName sensor, out Channel channel)
    {
        sensor = default;
        channel = default;
        if (topic is null || !topic.StartsWith(Root, StringComparison.Ordinal))
        {
            return false;
        }

        var last = topic.LastIndexOf('/');
        return last >= Root.Length && SensorName.TryParse(topic[Root.Length..last], out sensor) && TryLevel(topic.AsSpan(last + 1), out channel);
    }

    /// <summary>The most octets a payload on a channel may have; a longer one is refused unread.</summary>
    public static int MaxPayloadOctets(Channel channel) => channel switch
    {
        Channel.Status => 4 * 1024,
        Channel.Report => 256 * 1024,
        Channel.Alert => 4 * 1024,
        Channel.Receipt => 64 * 1024,
        Channel.Ack => 64,
        Channel.Fetch => 128,
        Channel.Chunk => 9 * 1024,
        _ => throw new ArgumentOutOfRangeException(nameof(channel)),
    };

    /// <summary>Whether the sensor publishes on a channel (true) or the hub does (false).</summary>
    public static bool IsFromSensor(Channel channel) => channel is not (Channel.Ack or Channel.Chunk);

    private static string Level(Channel channel) => channel switch
    {
        Channel.Status => "status",
        Channel.Report => "report",
        Channel.Alert => "alert",
        Channel.Receipt => "receipt",
        Channel.Ack => "ack",
        Channel.Fetch => "fetch",
        Channel.Chunk => "chunk",
        _ => throw new ArgumentOutOfRangeException(nameof(channel)),
    };

    private static bool TryLevel(ReadOnlySpan<char> level, out Channel channel)
    {
        for (channel = Channel.Status; channel <= Channel.Chunk; channel++)
        {
            if (level.SequenceEqual(Level(channel)))
            {
                return true;
            }
        }

        channel = default;
        return false;
    }
}
