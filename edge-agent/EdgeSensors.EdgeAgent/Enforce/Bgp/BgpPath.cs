using System.Diagnostics.CodeAnalysis;
using System.Net;
using EdgeSensors.EdgeAgent.Enforce.Bgp.Api;
using EdgeSensors.Protocol;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Path = EdgeSensors.EdgeAgent.Enforce.Bgp.Api.Path;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>Writes a route as the daemon's message and reads it back.</summary>
internal static class BgpPath
{
    private const int Ip = 1;
    private const int Ip6 = 2;
    private const int Unicast = 1;
    private const int FlowSpecification = 133;
    private const uint Blackhole = 0xFFFF_029A; // RFC 7999, 5
    private const uint NoExport = 0xFFFF_FF01; // RFC 1997: to this AS's own routers and no further
    private const string FromTheDaemon = "<nil>";

    /// <summary>The families that routes of ours can be in.</summary>
    public static IEnumerable<Family> Families => [FamilyOf(Ip, FlowSpecification), FamilyOf(Ip6, FlowSpecification), FamilyOf(Ip, Unicast), FamilyOf(Ip6, Unicast)];

    /// <summary>Whether it is a family of blackholes.</summary>
    public static bool IsUnicast(Family family) => family.Safi == Unicast;

    /// <summary>Whether its addresses are IPv4.</summary>
    public static bool IsIPv4(Family family) => family.Afi == Ip;

    /// <summary>The family that a route is in.</summary>
    public static Family FamilyOf(BgpRoute route) =>
        FamilyOf(route.Match.IsIPv4 ? Ip : Ip6, route.Kind == BgpRouteKind.Blackhole ? Unicast : FlowSpecification);

    /// <summary>The message.</summary>
    /// <param name="route">The route.</param>
    /// <param name="rate">What passes, in octets/s; 0: nothing. A blackhole passes nothing.</param>
    /// <param name="nextHop">A blackhole's next hop; a flow specification has none (RFC 8955, 5).</param>
    /// <param name="mark">Whose it is.</param>
    public static Path Of(BgpRoute route, float rate, IPAddress? nextHop, LargeCommunity mark)
    {
        var communities = new CommunitiesAttribute { Communities = { NoExport } };
        var path = new Path { Family = FamilyOf(route), Nlri = Any.Pack(Reachability(route)) };
        path.Pattrs.Add(Any.Pack(new OriginAttribute()));
        path.Pattrs.Add(Any.Pack(new NextHopAttribute { NextHop = (nextHop ?? (route.Match.IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any)).ToString() }));
        if (route.Kind == BgpRouteKind.Blackhole)
        {
            communities.Communities.Add(Blackhole);
        }
        else
        {
            path.Pattrs.Add(Any.Pack(new ExtendedCommunitiesAttribute { Communities = { Any.Pack(new TrafficRateExtended { Rate = rate }) } }));
        }

        path.Pattrs.Add(Any.Pack(communities));
        path.Pattrs.Add(Any.Pack(new LargeCommunitiesAttribute { Communities = { mark } }));
        return path;
    }

    /// <summary>Reads a path of the daemon's table; false where it is not a route that it was told under this mark.</summary>
    public static bool TryRead(Path path, LargeCommunity mark, out BgpRoute route, out float rate)
    {
        route = default;
        rate = 0;
        return !path.IsWithdraw && path.NeighborIp is "" or FromTheDaemon && TryReadAttributes(path, mark, out rate) && TryReadReachability(path, out route);
    }

    private static bool TryReadAttributes(Path path, LargeCommunity mark, out float rate)
    {
        var marked = false;
        rate = 0;
        foreach (var attribute in path.Pattrs)
        {
            if (TryUnpack<LargeCommunitiesAttribute>(attribute, out var large))
            {
                marked |= large.Communities.Contains(mark);
            }
            else if (TryUnpack<ExtendedCommunitiesAttribute>(attribute, out var extended))
            {
                foreach (var community in extended.Communities)
                {
                    rate = TryUnpack<TrafficRateExtended>(community, out var limit) ? limit.Rate : rate;
                }
            }
        }

        return marked;
    }

    private static bool TryReadReachability(Path path, out BgpRoute route)
    {
        route = default;
        if (TryUnpack<IPAddressPrefix>(path.Nlri, out var unicast))
        {
            var valid = TryPrefix(unicast.Prefix, unicast.PrefixLen, out var prefix);
            route = valid ? BgpRoute.Blackhole(prefix) : default;
            return valid;
        }

        if (!TryUnpack<FlowSpecNLRI>(path.Nlri, out var flow) || !BgpComponents.TryRead(flow.Rules, out var match))
        {
            return false;
        }

        route = BgpRoute.Flow(match);
        return true;
    }

    /// <summary>Reads a prefix of the daemon's; false where it is none.</summary>
    internal static bool TryPrefix(string address, uint length, out Prefix prefix)
    {
        prefix = default;
        return length <= 128 && IPAddress.TryParse(address, out var parsed) && Prefix.TryCreate(parsed.GetAddressBytes(), (int)length, out prefix);
    }

    /// <summary>Reads a message inside another; false where it is of another kind or malformed.</summary>
    internal static bool TryUnpack<T>(Any? packed, [NotNullWhen(true)] out T? message)
        where T : IMessage, new()
    {
        message = default;
        try
        {
            return packed is not null && packed.TryUnpack(out message);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static IMessage Reachability(BgpRoute route)
    {
        if (route is { Kind: BgpRouteKind.Blackhole, Match.Destination: { } destination })
        {
            return new IPAddressPrefix { Prefix = destination.Address.ToString(), PrefixLen = (uint)destination.Length };
        }

        var flow = new FlowSpecNLRI();
        flow.Rules.AddRange(BgpComponents.Of(route.Match));
        return flow;
    }

    private static Family FamilyOf(int afi, int safi) => new() { Afi = afi, Safi = safi };
}
