using System.Globalization;
using System.Net;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Network;

/// <summary>Gateways, each with an outside and an inside of its own, and a management line from each to the namespace in which the hub lives.</summary>
internal sealed class FieldNetwork : IDisposable
{
    private const string GatewayEnd = "mgmt0";
    private const int Mtu = 1500;

    private readonly List<IDisposable> _parts = [];
    private readonly List<GatewayNetwork> _gateways = [];
    private readonly Dictionary<string, LongLine> _lines = [];

    private FieldNetwork()
    {
    }

    public NetworkNamespace Hub { get; private set; } = null!;

    /// <summary>Where the hub listens, as seen from every gateway and from the hub's namespace.</summary>
    public IPAddress HubAddress { get; private set; } = IPAddress.None;

    /// <summary>In the order in which they were asked for.</summary>
    public IReadOnlyList<GatewayNetwork> Gateways => _gateways;

    /// <summary>The management lines that can be made bad, by their gateways' labels.</summary>
    public IReadOnlyDictionary<string, LongLine> Lines => _lines;

    /// <summary>Builds it; false with one line of why where this kernel or user may not.</summary>
    /// <param name="gateways">At most 200.</param>
    /// <param name="isUsed">Whether the traffic knows an address, which the management lines then avoid.</param>
    /// <param name="network">The network.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryBuild(IReadOnlyList<GatewayPlan> gateways, Func<IPAddress, bool> isUsed, out FieldNetwork? network, out string? error)
    {
        var built = new FieldNetwork();
        try
        {
            built.Build(gateways, isUsed);
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

    /// <summary>Makes a namespace in which no interface says or asks anything by itself, so that counts are the replay's; throws <see cref="NetworkSetupException"/>.</summary>
    public static NetworkNamespace AddPlace(string label)
    {
        if (!NetworkNamespace.TryCreate(label, out var place, out var error))
        {
            throw new NetworkSetupException($"no network namespace: {error}");
        }

        // Before any interface is there: no address of its own making, no duplicate-address detection, no solicitations.
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

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
        {
            _parts[i].Dispose();
        }
    }

    private void Build(IReadOnlyList<GatewayPlan> gateways, Func<IPAddress, bool> isUsed)
    {
        // Ranges that public traffic does not use: benchmarking (RFC 2544), shared address space (RFC 6598), link-local (RFC 3927).
        string[] ranges = ["198.18.255", "100.127.255", "169.254.254"];
        var range = Array.Find(ranges, r => !Enumerable.Range(1, gateways.Count + 1).Any(host => isUsed(AddressOf(r, host)))) ?? ranges[0];
        Hub = Own(AddPlace("hub"));
        HubAddress = AddressOf(range, 1);
        LinkSetup.AddAddress(Hub, "lo", HubAddress, 32);
        foreach (var plan in gateways)
        {
            var gateway = Own(GatewayNetwork.Build(plan.Label, plan.Inside, plan.LargestPacket));
            _gateways.Add(gateway);
            ConnectHub(gateway, AddressOf(range, _gateways.Count + 1), plan.LongLineSeed);
        }
    }

    private void ConnectHub(GatewayNetwork gateway, IPAddress address, int? longLineSeed)
    {
        var number = (byte)_gateways.Count;
        var hubEnd = string.Create(CultureInfo.InvariantCulture, $"gw{number}");
        var (near, far) = (new LinkEnd(GatewayEnd, [2, 0, 0x5E, 0x10, number, 5]), new LinkEnd(hubEnd, [2, 0, 0x5E, 0x10, number, 6]));
        if (longLineSeed is { } seed)
        {
            _lines[gateway.Label] = Own(LongLine.Lay(gateway.Gateway, near, Hub, far, Mtu, seed));
        }
        else
        {
            LinkSetup.AddPair(gateway.Gateway, near, Hub, far, Mtu);
        }

        LinkSetup.Up(gateway.Gateway, GatewayEnd);
        LinkSetup.Up(Hub, hubEnd);
        LinkSetup.AddAddress(gateway.Gateway, GatewayEnd, address, 32);
        LinkSetup.AddRoute(gateway.Gateway, Host(HubAddress), HubAddress, GatewayEnd);
        LinkSetup.AddRoute(Hub, Host(address), address, hubEnd);
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Add(part);
        return part;
    }

    private static IPAddress AddressOf(string range, int host) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{range}.{host}"));

    private static Prefix Host(IPAddress address) => Prefix.Parse($"{address}/32");
}

/// <summary>What a gateway's network has to hold.</summary>
/// <param name="Label">What people call it.</param>
/// <param name="Inside">The protected prefixes.</param>
/// <param name="LargestPacket">The largest IP packet to be carried, in octets.</param>
internal sealed record GatewayPlan(string Label, IReadOnlyList<Prefix> Inside, int LargestPacket)
{
    /// <summary>For a management line that can lose and delay: chooses which frames; null for a plain one.</summary>
    public int? LongLineSeed { get; init; }
}
