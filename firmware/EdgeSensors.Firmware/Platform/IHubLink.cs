namespace EdgeSensors.Firmware.Platform;

/// <summary>
/// The way to the hub: MQTT 3.1.1 or later over TLS with the tap's certificate, a Last Will of <see cref="HubTopics.Will"/> retained on its status
/// topic, subscribed to the three topics of the hub. No call waits for the network.
/// </summary>
public interface IHubLink
{
    /// <summary>Whether messages can go and come.</summary>
    bool IsConnected { get; }

    /// <summary>Whether a connection is being made.</summary>
    bool IsConnecting { get; }

    /// <summary>Begins to connect, and to subscribe when that is done.</summary>
    void BeginConnect();

    /// <summary>Ends the connection, or the making of one.</summary>
    void Disconnect();

    /// <summary>Sends at least once. False if it cannot take a message now; the octets are copied.</summary>
    bool TryPublish(HubTopic topic, byte[] payload, int length);

    /// <summary>The next message of the hub. False if there is none.</summary>
    bool TryReceive(out HubTopic topic, out byte[] payload);
}
