using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Configuration;

/// <summary>What <c>hub.yaml</c> says; every path absolute, every value within its bounds.</summary>
internal sealed record HubConfiguration
{
    public required ListenSettings Listen { get; init; }

    public required TlsSettings Tls { get; init; }

    public required TrustSettings Trust { get; init; }

    public required TransparencySettings Transparency { get; init; }

    public required InboxSettings Inbox { get; init; }

    public required StoreSettings Store { get; init; }

    public required PolicySettings Policy { get; init; }

    /// <summary>Where metrics go by OTLP over gRPC; null: nowhere.</summary>
    public Uri? MetricsEndpoint { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;
}

/// <summary>Where the hub listens, and the name by which others reach it.</summary>
internal sealed record ListenSettings(string Address, string Host, int MqttPort, int HttpsPort);

/// <summary>PEM files: the server's certificate and key, and the authority whose client certificates are let in.</summary>
internal sealed record TlsSettings(string Certificate, string Key, string Authority);

/// <summary>The TUF repository, the online keys, and where the offline ones lie when somebody has them at hand.</summary>
internal sealed record TrustSettings(string Repository, string OnlineKeys, string OfflineKeys);

/// <summary>The transparency log: its folder with the log's key, and the URLs of the witnesses. Their keys stand in the root.</summary>
internal sealed record TransparencySettings(string Folder, IReadOnlyList<Uri> Witnesses)
{
    public static string KeyFolderIn(string folder) => Path.Combine(folder, "key");

    public string KeyFolder => KeyFolderIn(Folder);
}

/// <summary>Bounds of the broker and of the commit.</summary>
internal sealed record InboxSettings
{
    /// <summary>The folder of the inbox's database.</summary>
    public required string Folder { get; init; }

    /// <summary>Connections at once; one more is closed before its handshake.</summary>
    public int MaxConnections { get; init; } = 5_000;

    /// <summary>Messages that may wait for the commit; publishers wait beyond it.</summary>
    public int QueueMessages { get; init; } = 8_192;

    /// <summary>Most messages in one transaction.</summary>
    public int BatchMessages { get; init; } = 4_096;

    /// <summary>A number that has not come this long after a later one, while nothing before it moved, was dropped by the sensor.</summary>
    public TimeSpan GapTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long raw messages are kept after they were projected.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(2);

    /// <summary>The most that the inbox may hold on disk, in MiB; beyond it nothing is acknowledged until messages were projected and pruned.</summary>
    public int MaxMiB { get; init; } = 65_536;

    /// <summary>Most undecodable messages kept for study.</summary>
    public int MaxRejected { get; init; } = 10_000;
}

/// <summary>The flow store and the decisions.</summary>
/// <param name="Folder">The folder of their databases.</param>
/// <param name="FlowRetention">How long windows and picked flows are kept.</param>
/// <param name="JoinWindow">Alerts about one indicator belong to one incident while less than this lies between them.</param>
internal sealed record StoreSettings(string Folder, TimeSpan FlowRetention, TimeSpan JoinWindow);

/// <summary>What the hub may decide without a person.</summary>
internal sealed record PolicySettings
{
    /// <summary>Whether the policy proposes a mitigation for an incident that meets the conditions below.</summary>
    public bool Propose { get; init; } = true;

    /// <summary>Whether it also approves what it proposed.</summary>
    public bool Approve { get; init; }

    /// <summary>The least confidence, 0 to 100.</summary>
    public int MinConfidence { get; init; } = 80;

    /// <summary>Never propose an address of the domestic table.</summary>
    public bool ForeignOnly { get; init; } = true;

    /// <summary>The rung of the ladder that the policy proposes: <c>observe</c>, <c>rate-limit</c> or <c>drop</c>.</summary>
    public string Step { get; init; } = "drop";

    /// <summary>How long a mitigation lasts where nobody says otherwise.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long one may last at all.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How far the estimate of what a mitigation would hit looks back.</summary>
    public TimeSpan ImpactWindow { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Never mitigated, by policy or person.</summary>
    public IReadOnlyList<Prefix> Never { get; init; } = [];
}
