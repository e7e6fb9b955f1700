using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>How to listen, and the bounds of it.</summary>
public sealed record ListenOptions
{
    /// <summary>Where.</summary>
    public required IReadOnlyList<ListenUrl> Urls { get; init; }

    /// <summary>The bounds of each thread's collector, and whom it hears.</summary>
    public CollectorOptions Collector { get; init; } = new();

    /// <summary>Threads that receive datagrams, each with a socket of every UDP port. Default: one a core, at most 8.</summary>
    public int Workers { get; init; } = Math.Min(Environment.ProcessorCount, MaxWorkers);

    /// <summary>Most threads.</summary>
    public const int MaxWorkers = 8;

    /// <summary>The kernel's receive buffer of each socket, in octets: what it can hold while a thread is busy. Default 32 MiB; less where the system allows no more.</summary>
    public int ReceiveBufferOctets { get; init; } = 32 << 20;

    /// <summary>Where templates are kept over a restart; null keeps none.</summary>
    public string? TemplateFolder { get; init; }

    /// <summary>TLS: our certificate with its key.</summary>
    public X509Certificate2? ServerCertificate { get; init; }

    /// <summary>TLS: the authorities that an exporter's certificate must come from.</summary>
    public X509Certificate2Collection ClientAuthorities { get; init; } = [];

    /// <summary>Most TCP and TLS sessions at a time; one more is closed at once, which is counted.</summary>
    public int MaxSessions { get; init; } = 1024;

    /// <summary>Most sessions of one address.</summary>
    public int MaxSessionsPerAddress { get; init; } = 64;

    /// <summary>How long a TLS handshake, and the rest of a message that has begun, may take.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a session may be silent between messages.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);
}
