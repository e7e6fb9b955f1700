using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Bgp;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>All that the agent is told: <c>agent.yaml</c>, then the environment, then the command line. Every key is in <see cref="ConfigurationKeys"/>.</summary>
internal sealed class AgentConfiguration
{
    /// <summary>Where it lies when no other place is named.</summary>
    public const string DefaultPath = "/etc/edgesensors/agent.yaml";

    /// <summary>The sensor's name; the certificate's common name must be the same.</summary>
    public SensorName Sensor { get; set; }

    /// <summary>The hub's DNS name or address.</summary>
    public string HubHost { get; set; } = "";

    /// <summary>MQTT over TLS.</summary>
    public int MqttPort { get; set; } = 8883;

    /// <summary>HTTPS: the TUF repository.</summary>
    public int HttpsPort { get; set; } = 8443;

    /// <summary>PEM.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM, PKCS #8.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>PEM: the only authority that the hub's certificate may come from.</summary>
    public string CaPath { get; set; } = "";

    /// <summary>The first TUF root.</summary>
    public string RootPath { get; set; } = "";

    /// <summary>X25519 private key, base64.</summary>
    public string SealingKeyPath { get; set; } = "";

    /// <summary>The folder of the outbox and of what was verified.</summary>
    public string StateDirectory { get; set; } = "";

    /// <summary>A capture file; null when the input is another.</summary>
    public string? InputFile { get; set; }

    /// <summary>An interface; null when the input is another.</summary>
    public string? InputInterface { get; set; }

    /// <summary>Where routers' exports are listened for; without URLs when the input is another.</summary>
    public ListenSettings Listen { get; set; } = new();

    /// <summary>Where metrics go by OTLP over gRPC; null: nowhere.</summary>
    public Uri? MetricsEndpoint { get; set; }

    /// <summary>How fast a file is read.</summary>
    public InputPace Pace { get; set; } = InputPace.Original;

    /// <summary>Rings that an interface's packets are divided over, with a thread each.</summary>
    public int Workers { get; set; } = 1;

    /// <summary>Most flows at a time.</summary>
    public int MaxFlows { get; set; } = 1 << 18;

    /// <summary>One report's span.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most octets of waiting messages on disk.</summary>
    public long OutboxMaxOctets { get; set; } = 256L << 20;

    /// <summary>The most messages that are on their way to the broker at once.</summary>
    public int MaxInFlight { get; set; } = 256;

    /// <summary>How often the repository is asked without a notice.</summary>
    public TimeSpan RefreshEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether verified rules are carried out; false: they are only counted.</summary>
    public bool Enforce { get; set; } = true;

    /// <summary>The interfaces at which dropped sources are dropped already (XDP).</summary>
    public IReadOnlyList<string> XdpInterfaces { get; set; } = [];

    /// <summary>The owner's limits.</summary>
    public OwnerLimits Limits { get; } = new();

    /// <summary>Packets a second that the rate-limit step lets pass.</summary>
    public int RateLimitPacketsPerSecond { get; set; } = EnforcementPlan.Empty.RateLimitPacketsPerSecond;

    /// <summary>Whether and how rules are announced to routers.</summary>
    public BgpSettings Bgp { get; set; } = new();

    /// <summary>Which blocklist is held.</summary>
    public string BlocklistTier { get; set; } = "full";

    /// <summary>The detectors' thresholds.</summary>
    public DetectorOptions Detectors { get; set; } = new();
}

/// <summary>What the owner of the gateway lets a rule do at most, whatever is signed.</summary>
internal sealed class OwnerLimits
{
    /// <summary>Most rules in force.</summary>
    public int MaxRules { get; set; } = 1000;

    /// <summary>A rule stands no longer than this.</summary>
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The widest IPv4 prefix.</summary>
    public int MinPrefixLengthV4 { get; set; } = 24;

    /// <summary>The widest IPv6 prefix.</summary>
    public int MinPrefixLengthV6 { get; set; } = 48;

    /// <summary>Most entries of a signed blocklist that are enforced; 0: none ever is.</summary>
    public int BlocklistEntries { get; set; }

    /// <summary>Never touched.</summary>
    public IReadOnlyList<Prefix> Allowlist { get; set; } = [];
}
