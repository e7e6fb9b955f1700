namespace EdgeSensors.Firmware.Run;

/// <summary>An enrolment: who the tap is, where its hub is, and its keys. Made by the hub's <c>sensor add</c>, brought over a serial line.</summary>
internal sealed class TapIdentity
{
    /// <summary>Who runs the tap: a lower-case DNS label of 3 to 63 characters.</summary>
    public string Operator = "";

    /// <summary>Its name, likewise.</summary>
    public string Sensor = "";

    /// <summary>The hub's host name or address.</summary>
    public string Host = "";

    /// <summary>The port of its broker.</summary>
    public int Port;

    /// <summary>The certificate whose common name is operator/sensor, PEM.</summary>
    public string Certificate = "";

    /// <summary>Its private key, PEM.</summary>
    public string CertificateKey = "";

    /// <summary>The authority that vouches for the hub, PEM.</summary>
    public string Authority = "";

    /// <summary>The first trusted <c>root.json</c>.</summary>
    public byte[] Root = { };

    /// <summary>The X25519 private key that pseudonym keys are sealed to: 32 octets.</summary>
    public byte[] SealingKey = { };

    /// <summary>The Wi-Fi network's name; empty where the uplink is set up otherwise.</summary>
    public string Network = "";

    /// <summary>Its password.</summary>
    public string NetworkPassword = "";
}
