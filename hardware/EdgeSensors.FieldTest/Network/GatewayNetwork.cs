using System.Net;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Network;

/// <summary>
/// One gateway's network: <c>outside ── gateway ── inside</c>. The gateway routes as a customer's gateway does: what is inside to the inside, all else to the outside.
/// The two far ends have no addresses, so nobody there answers what is replayed.
/// </summary>
internal sealed class GatewayNetwork : IDisposable
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
    private NetworkNamespace? _drawer;

    private GatewayNetwork(string label, int mtu) => (Label, Mtu) = (label, mtu);

    /// <summary>What people call the gateway.</summary>
    public string Label { get; }

    public NetworkNamespace Outside { get; private set; } = null!;

    public NetworkNamespace Gateway { get; private set; } = null!;

    public NetworkNamespace Inside { get; private set; } = null!;

    /// <summary>The largest IP packet that the links carry, in octets.</summary>
    public int Mtu { get; }

    /// <summary>The inside end's interface, for the sniffer that counts what arrived.</summary>
    public static string InsideInterface => InsideEnd;

    /// <summary>The outside end's interface, likewise.</summary>
    public static string OutsideInterface => OutsideEnd;

    /// <summary>Builds it; throws <see cref="NetworkSetupException"/> where this kernel or user may not.</summary>
    /// <param name="label">What people call it.</param>
    /// <param name="inside">The protected prefixes.</param>
    /// <param name="largestPacket">The largest IP packet to be carried, in octets.</param>
    public static GatewayNetwork Build(string label, IReadOnlyList<Prefix> inside, int largestPacket)
    {
        var built = new GatewayNetwork(label, Math.Clamp(largestPacket, SmallestMtu, LargestMtu));
        try
        {
            built.Outside = built.Add("outside of");
            built.Gateway = built.Add("");
            built.Inside = built.Add("inside of");
            built.Connect(inside);
            return built;
        }
        catch
        {
            built.Dispose();
            throw;
        }
    }

    /// <summary>Opens the place where outside hosts' frames enter.</summary>
    public FrameInjector OpenOutside() => FrameInjector.Open(Outside, OutsideEnd, FarOutside, GatewayOutside);

    /// <summary>Opens the place where inside hosts' frames enter.</summary>
    public FrameInjector OpenInside() => FrameInjector.Open(Inside, InsideEnd, FarInside, GatewayInside);

    /// <summary>Takes the interface on which the agent listens away, as a pulled adapter is: for the gateway it has ceased to exist.</summary>
    public void PullInterface()
    {
        _drawer ??= Add("drawer of");
        LinkSetup.Move(Gateway, OutsideFacing, _drawer);
    }

    /// <summary>Puts it back, up and with its routes, under its old name and as a new interface.</summary>
    public void PlugInterface()
    {
        LinkSetup.Move(_drawer ?? throw new InvalidOperationException("The interface was not pulled."), OutsideFacing, Gateway);
        ConnectOutside();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var place in _places)
        {
            place.Dispose();
        }
    }

    private NetworkNamespace Add(string which)
    {
        var place = FieldNetwork.AddPlace($"{which} {Label}".Trim());
        _places.Add(place);
        return place;
    }

    private void Connect(IReadOnlyList<Prefix> inside)
    {
        LinkSetup.AddPair(Gateway, new(OutsideFacing, GatewayOutside), Outside, new(OutsideEnd, FarOutside), Mtu);
        LinkSetup.AddPair(Gateway, new(InsideFacing, GatewayInside), Inside, new(InsideEnd, FarInside), Mtu);
        foreach (var (place, name) in ((NetworkNamespace, string)[])[(Gateway, InsideFacing), (Outside, OutsideEnd), (Inside, InsideEnd)])
        {
            LinkSetup.Up(place, name);
        }

        Gateway.SetKernel("ipv4/ip_forward", 1);
        Gateway.SetKernel("ipv6/conf/all/forwarding", 1);
        ConnectOutside();
        foreach (var nextHop in (IPAddress[])[NextHopV4, NextHopV6])
        {
            LinkSetup.AddNeighbour(Gateway, InsideFacing, nextHop, NobodyInside);
        }

        foreach (var prefix in inside)
        {
            LinkSetup.AddRoute(Gateway, prefix, prefix.IsIPv4 ? NextHopV4 : NextHopV6, InsideFacing);
        }
    }

    private void ConnectOutside()
    {
        LinkSetup.Up(Gateway, OutsideFacing);
        foreach (var nextHop in (IPAddress[])[NextHopV4, NextHopV6])
        {
            LinkSetup.AddNeighbour(Gateway, OutsideFacing, nextHop, NobodyOutside);
        }

        LinkSetup.AddRoute(Gateway, Prefix.Parse("0.0.0.0/0"), NextHopV4, OutsideFacing);
        LinkSetup.AddRoute(Gateway, Prefix.Parse("::/0"), NextHopV6, OutsideFacing);
    }
}
