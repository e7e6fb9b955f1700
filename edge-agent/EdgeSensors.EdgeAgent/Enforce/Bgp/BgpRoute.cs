using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>What a route is known by in the daemon's table; what it does with the packets is an attribute.</summary>
/// <param name="Kind">How it reaches the packets.</param>
/// <param name="Prefix">Whose packets.</param>
internal readonly record struct BgpRoute(BgpRouteKind Kind, Prefix Prefix);

/// <summary>How a route reaches packets.</summary>
internal enum BgpRouteKind
{
    /// <summary>A flow specification of their source (RFC 8955, 4.2.2.2; RFC 8956, 3.2).</summary>
    FlowSource,

    /// <summary>A flow specification of their destination (RFC 8955, 4.2.2.1; RFC 8956, 3.1).</summary>
    FlowDestination,

    /// <summary>A route of their destination with the BLACKHOLE community (RFC 7999).</summary>
    Blackhole,
}
