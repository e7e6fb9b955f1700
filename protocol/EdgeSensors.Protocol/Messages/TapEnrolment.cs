namespace EdgeSensors.Protocol;

/// <summary>What makes a board one sensor's tap: its names, its hub, its keys. It holds two private keys, so it says nothing of itself but the name.</summary>
public sealed record TapEnrolment
{
    /// <summary>The sensor.</summary>
    public required SensorName Name { get; init; }

    /// <summary>The hub's host name or address.</summary>
    public required string HubHost { get; init; }

    /// <summary>The hub's MQTT port.</summary>
    public required int MqttPort { get; init; }

    /// <summary>The certificate whose common name is the sensor's, PEM.</summary>
    public required string CertificatePem { get; init; }

    /// <summary>Its private key, PEM.</summary>
    public required string KeyPem { get; init; }

    /// <summary>The certificate of the authority that vouches for the hub, PEM.</summary>
    public required string AuthorityPem { get; init; }

    /// <summary>The first trusted <c>root.json</c>.</summary>
    public required ReadOnlyMemory<byte> Root { get; init; }

    /// <summary>The X25519 private key that pseudonym keys are sealed to, 32 octets.</summary>
    public required ReadOnlyMemory<byte> SealingKey { get; init; }

    /// <summary>The Wi-Fi network's name, at most 32 octets of UTF-8; empty where the uplink is set up otherwise.</summary>
    public string Network { get; init; } = "";

    /// <summary>Its passphrase, at most 64 characters of ASCII.</summary>
    public string NetworkPassphrase { get; init; } = "";

    /// <summary>The same for another Wi-Fi network.</summary>
    public TapEnrolment On(string network, string passphrase) => this with { Network = network, NetworkPassphrase = passphrase };

    /// <inheritdoc/>
    public override string ToString() => Name.ToString();
}
