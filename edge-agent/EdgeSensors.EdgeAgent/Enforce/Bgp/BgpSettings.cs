using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>What the owner says about announcing rules to routers.</summary>
internal sealed record BgpSettings
{
    /// <summary>The daemon's gRPC interface; null: rules are not announced.</summary>
    public Uri? Api { get; init; }

    /// <summary>The budget: most routes of ours in the daemon's table.</summary>
    public int MaxRules { get; init; } = 100;

    /// <summary>What a router lets pass of a rule at the rate-limit step, in octets a second.</summary>
    public int RateLimitOctetsPerSecond { get; init; } = 125_000;

    /// <summary>Next hops that the routers discard to, at most one a family; without one of its family a destination is dropped by a flow specification.</summary>
    public IReadOnlyList<IPAddress> BlackholeNextHops { get; init; } = [];

    /// <summary>The file that the agent changes each second while it looks after its routes.</summary>
    public string HeartbeatPath { get; init; } = "";

    /// <summary>Without a beat for so long the watchdog withdraws; without a plan for so long after its start the agent does.</summary>
    public TimeSpan HeartbeatSpan { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The next hop that a blackhole of this family gets; null: none.</summary>
    public IPAddress? BlackholeNextHop(bool isIPv4) =>
        BlackholeNextHops.FirstOrDefault(hop => hop.AddressFamily == (isIPv4 ? System.Net.Sockets.AddressFamily.InterNetwork : System.Net.Sockets.AddressFamily.InterNetworkV6));

    /// <summary>
    /// Reads <c>unix:///path</c> or <c>http://127.0.0.1:port</c>. No other machine's: whoever reaches the interface commands the routers, and the daemon
    /// (3.10) asks nobody for a certificate.
    /// </summary>
    public static bool TryParseApi(string text, [NotNullWhen(true)] out Uri? api) =>
        Uri.TryCreate(text, UriKind.Absolute, out api)
        && (api.Scheme == "unix" ? api.Host.Length == 0 && api.AbsolutePath.Length is > 1 and <= 100 : api.Scheme == "http" && api.IsLoopback && api.PathAndQuery == "/");
}
