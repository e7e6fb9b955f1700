using EdgeSensors.EdgeAgent.Configuration;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>What a configuration makes the doctor look at beyond the machine itself.</summary>
internal sealed record DoctorTarget
{
    /// <summary>The interface that is captured; null when the input is none.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The capture file that is metered; null when the input is none.</summary>
    public string? InputFile { get; init; }

    /// <summary>Where exports are listened for; null when the input is none of it.</summary>
    public ListenSettings? Listen { get; init; }

    /// <summary>Where the agent keeps its outbox and trusted metadata.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The hub's host name or address.</summary>
    public required string HubHost { get; init; }

    /// <summary>The hub's port for MQTT over TLS.</summary>
    public required int MqttPort { get; init; }

    /// <summary>The hub's port for HTTPS.</summary>
    public required int HttpsPort { get; init; }

    /// <summary>The certificate of the authority that the hub's certificate comes from, PEM.</summary>
    public required string AuthorityFile { get; init; }

    /// <summary>The sensor's certificate, PEM.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>The sensor's key, PEM.</summary>
    public required string KeyFile { get; init; }

    /// <summary>Whose certificate it must be: <c>operator/sensor</c>.</summary>
    public required string SensorName { get; init; }

    /// <summary>The first TUF root.</summary>
    public required string RootFile { get; init; }

    /// <summary>The key that opens the pseudonym key, base64.</summary>
    public required string SealingKeyFile { get; init; }

    /// <summary>Interfaces at which listed sources are to be dropped by XDP.</summary>
    public IReadOnlyList<string> XdpInterfaces { get; init; } = [];

    /// <summary>What a configuration names.</summary>
    public static DoctorTarget Of(AgentConfiguration configuration) => new()
    {
        InterfaceName = configuration.InputInterface,
        InputFile = configuration.InputFile,
        XdpInterfaces = configuration.XdpInterfaces,
        Listen = configuration.Listen.Urls.Count > 0 ? configuration.Listen : null,
        StateDirectory = configuration.StateDirectory,
        HubHost = configuration.HubHost,
        MqttPort = configuration.MqttPort,
        HttpsPort = configuration.HttpsPort,
        AuthorityFile = configuration.CaPath,
        CertificateFile = configuration.CertificatePath,
        KeyFile = configuration.KeyPath,
        SensorName = configuration.Sensor.ToString(),
        RootFile = configuration.RootPath,
        SealingKeyFile = configuration.SealingKeyPath,
    };
}
