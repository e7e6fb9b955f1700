using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>What a route is known by in the daemon's table; what it does with the packets is an attribute.</summary>
/// <param name="Kind">How it reaches the packets.</param>
/// <param name="Match">Which packets.</param>
internal readonly record struct BgpRoute(BgpRouteKind Kind, PacketMatch Match)
{
    /// <summary>A flow specification.</summary>
    public static BgpRoute Flow(PacketMatch match) => new(BgpRouteKind.Flow, match);

    /// <summary>A blackhole of a destination.</summary>
    public static BgpRoute Blackhole(Prefix destination) => new(BgpRouteKind.Blackhole, PacketMatch.Of(destination, egress: true));
}

/// <summary>How a route reaches packets.</summary>
internal enum BgpRouteKind
{
    /// <summary>A flow specification (RFC 8955; RFC 8956 for IPv6).</summary>
    Flow,

    /// <summary>A route of their destination with the BLACKHOLE community (RFC 7999).</summary>
    Blackhole,
}
