using System.Net;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Network;

/// <summary>
/// The ring's network: <c>outside ── gateway ── inside</c>, and a management link from the gateway to the hub's own namespace. The gateway routes as a
/// customer's gateway does: what is inside to the inside, all else to the outside. The two far ends have no addresses, so nobody there answers what is replayed.
/// </summary>
internal sealed class RingNetwork : IDisposable
{
    /// <summary>The interface on which the agent listens.</summary>
    public const string OutsideFacing = "out0";

    private const string InsideFacing = "in0";
    private const string OutsideEnd = "out1";
    private const string InsideEnd = "in1";
    private const int SmallestMtu = 1500;
    private const int LargestMtu = 65_535;

    // Locally administered hardware addresses; the last octet names the end.
    private static readonly byte[] GatewayOutside = [2, 0, 0x5E, 0x10, 0, 1];
    private static readonly byte[] GatewayInside = [2, 0, 0x5E, 0x10, 0, 2];
    private static readonly byte[] FarOutside = [2, 0, 0x5E, 0x10, 0, 3];
    private static readonly byte[] FarInside = [2, 0, 0x5E, 0x10, 0, 4];

    // Where frames to the far ends are sent: not those ends' own addresses, so that their kernels leave them alone and only packet sockets see them.
    private static readonly byte[] NobodyOutside = [2, 0, 0x5E, 0x10, 0, 0x13];
    private static readonly byte[] NobodyInside = [2, 0, 0x5E, 0x10, 0, 0x14];

    private static readonly IPAddress NextHopV4 = IPAddress.Parse("169.254.0.1");
    private static readonly IPAddress NextHopV6 = IPAddress.Parse("fe80::1");

    private readonly List<NetworkNamespace> _places = [];

    private RingNetwork()
    {
    }

    public NetworkNamespace Outside { get; private set; } = null!;

    public NetworkNamespace Gateway { get; private set; } = null!;

    public NetworkNamespace Inside { get; private set; } = null!;

    public NetworkNamespace Hub { get; private set; } = null!;

    /// <summary>Where the hub listens, as seen from the gateway and from the hub's namespace.</summary>
    public IPAddress HubAddress { get; private set; } = IPAddress.None;

    /// <summary>The largest IP packet that the links carry, in octets.</summary>
    public int Mtu { get; private set; }

    /// <summary>Builds it; false with one line of why where this kernel or user may not.</summary>
    /// <param name="inside">The protected prefixes.</param>
    /// <param name="largestPacket">The largest IP packet to be carried, in octets.</param>
    /// <param name="isUsed">Whether the traffic knows an address, which the management link then avoids.</param>
    /// <param name="network">The network.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryBuild(IReadOnlyList<Prefix> inside, int largestPacket, Func<IPAddress, bool> isUsed, out RingNetwork? network, out string? error)
    {
        var built = new RingNetwork { Mtu = Math.Clamp(largestPacket, SmallestMtu, LargestMtu) };
        try
        {
            built.Outside = built.Add("outside");
            built.Gateway = built.Add("gateway");
            built.Inside = built.Add("inside");
            built.Hub = built.Add("hub");
            built.Connect(inside);
            built.ConnectHub(isUsed);
        }
        catch (Exception e) when (e is NetworkSetupException or IOException or UnauthorizedAccessException)
        {
            built.Dispose();
            (network, error) = (null, e.Message);
            return false;
        }

        (network, error) = (built, null);
        return true;
    }

    /// <summary>Opens the place where outside hosts' frames enter.</summary>
    public FrameInjector OpenOutside() => FrameInjector.Open(Outside, OutsideEnd, FarOutside, GatewayOutside);

    /// <summary>Opens the place where inside hosts' frames enter.</summary>
    public FrameInjector OpenInside() => FrameInjector.Open(Inside, InsideEnd, FarInside, GatewayInside);

    /// <summary>The inside end's interface, for the sniffer that counts what arrived.</summary>
    public static string InsideInterface => InsideEnd;

    /// <summary>The outside end's interface, likewise.</summary>
    public static string OutsideInterface => OutsideEnd;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var place in _places)
        {
            place.Dispose();
        }
    }

    private NetworkNamespace Add(string label)
    {
        if (!NetworkNamespace.TryCreate(label, out var place, out var error))
        {
            throw new NetworkSetupException($"no network namespace: {error}");
        }

        _places.Add(place);

        // Before any interface is there: no address of its own making, no duplicate-address detection, no solicitations, so that the counts are the replay's.
        foreach (var which in (string[])["default", "all"])
        {
            place.SetKernel($"ipv6/conf/{which}/addr_gen_mode", 1);
            place.SetKernel($"ipv6/conf/{which}/accept_dad", 0);
            place.SetKernel($"ipv6/conf/{which}/dad_transmits", 0);
            place.SetKernel($"ipv6/conf/{which}/accept_ra", 0);
            place.SetKernel($"ipv6/conf/{which}/router_solicitations", 0);
            place.SetKernel($"ipv6/conf/{which}/disable_ipv6", 0);
            place.SetKernel($"ipv4/conf/{which}/rp_filter", 0);
            place.SetKernel($"ipv4/conf/{which}/send_redirects", 0);
            place.SetKernel($"ipv4/conf/{which}/accept_redirects", 0);
        }

        LinkSetup.Up(place, "lo");
        return place;
    }

    private void Connect(IReadOnlyList<Prefix> inside)
    {
        LinkSetup.AddPair(Gateway, new(OutsideFacing, GatewayOutside), Outside, new(OutsideEnd, FarOutside), Mtu);
        LinkSetup.AddPair(Gateway, new(InsideFacing, GatewayInside), Inside, new(InsideEnd, FarInside), Mtu);
        foreach (var (place, name) in ((NetworkNamespace, string)[])[(Gateway, OutsideFacing), (Gateway, InsideFacing), (Outside, OutsideEnd), (Inside, InsideEnd)])
        {
            LinkSetup.Up(place, name);
        }

        Gateway.SetKernel("ipv4/ip_forward", 1);
        Gateway.SetKernel("ipv6/conf/all/forwarding", 1);
        foreach (var nextHop in (IPAddress[])[NextHopV4, NextHopV6])
        {
            LinkSetup.AddNeighbour(Gateway, OutsideFacing, nextHop, NobodyOutside);
            LinkSetup.AddNeighbour(Gateway, InsideFacing, nextHop, NobodyInside);
        }

        LinkSetup.AddRoute(Gateway, Prefix.Parse("0.0.0.0/0"), NextHopV4, OutsideFacing);
        LinkSetup.AddRoute(Gateway, Prefix.Parse("::/0"), NextHopV6, OutsideFacing);
        foreach (var prefix in inside)
        {
            LinkSetup.AddRoute(Gateway, prefix, prefix.IsIPv4 ? NextHopV4 : NextHopV6, InsideFacing);
        }
    }

    private void ConnectHub(Func<IPAddress, bool> isUsed)
    {
        // Ranges that public traffic does not use: benchmarking (RFC 2544), shared address space (RFC 6598), link-local (RFC 3927).
        (string Hub, string Gateway)[] candidates = [("198.18.255.1", "198.18.255.2"), ("100.127.255.1", "100.127.255.2"), ("169.254.254.1", "169.254.254.2")];
        var free = Array.FindIndex(candidates, c => !isUsed(IPAddress.Parse(c.Hub)) && !isUsed(IPAddress.Parse(c.Gateway)));
        var (hub, gateway) = candidates[Math.Max(free, 0)];
        HubAddress = IPAddress.Parse(hub);
        LinkSetup.AddPair(Gateway, new("mgmt0", [2, 0, 0x5E, 0x10, 0, 5]), Hub, new("mgmt1", [2, 0, 0x5E, 0x10, 0, 6]), SmallestMtu);
        LinkSetup.AddAddress(Gateway, "mgmt0", IPAddress.Parse(gateway), 30);
        LinkSetup.AddAddress(Hub, "mgmt1", HubAddress, 30);
        LinkSetup.Up(Gateway, "mgmt0");
        LinkSetup.Up(Hub, "mgmt1");
    }
}
