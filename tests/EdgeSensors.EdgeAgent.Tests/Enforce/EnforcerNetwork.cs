using System.Net;
using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>
/// A gateway under attack: a namespace with the enforcer's table and, at the other end of a virtual cable in another namespace, hosts at
/// 192.0.2.10 to .13 and 2001:db8::10 to ::11. The gateway is 192.0.2.1 and 2001:db8::1 and listens on UDP.
/// </summary>
internal sealed class EnforcerNetwork : IDisposable
{
    private const int Port = 9999;

    private readonly NetworkNamespace _outside;
    private readonly List<Socket> _sockets = [];
    private readonly Socket _listener4;
    private readonly Socket _listener6;

    public EnforcerNetwork()
    {
        Gateway = NetworkNamespace.CreateOrSkip();
        if (Gateway.TryRun("nft", "list", "tables") is { Exit: not 0, Text: var why })
        {
            Gateway.Dispose();
            Assert.Skip($"nft cannot be used here: {why}");
        }

        _outside = NetworkNamespace.CreateOrSkip();
        Gateway.Run("ip", "link", "add", "inside0", "type", "veth", "peer", "name", "outside0", "netns", _outside.Name);
        Gateway.Run("ip", "addr", "add", "192.0.2.1/24", "dev", "inside0");
        Gateway.Run("ip", "addr", "add", "2001:db8::1/64", "dev", "inside0", "nodad");
        Gateway.Run("ip", "link", "set", "inside0", "up");
        foreach (var host in (int[])[10, 11, 12, 13])
        {
            _outside.Run("ip", "addr", "add", $"192.0.2.{host}/24", "dev", "outside0");
            _outside.Run("ip", "addr", "add", $"2001:db8::{host}/64", "dev", "outside0", "nodad");
        }

        _outside.Run("ip", "link", "set", "outside0", "up");
        _listener4 = Open(Gateway, IPAddress.Any, Port);
        _listener6 = Open(Gateway, IPAddress.IPv6Any, Port);
        Nft = new NftCommand("ip", "netns", "exec", Gateway.Name, "nft");
        Enforcer = new NftEnforcer(Nft, TimeProvider.System);

        // Until both ends have a carrier and each other's hardware address, nothing arrives whatever the filter says.
        Assert.True(SpinWait.SpinUntil(() => Arriving("192.0.2.10", 1) == 1 && Arriving("2001:db8::10", 1) == 1, 5000));
    }

    public NetworkNamespace Gateway { get; }

    public NftCommand Nft { get; }

    public NftEnforcer Enforcer { get; }

    public static EnforcedRule Rule(
        string id, string target, MitigationStep step = MitigationStep.Drop, SlpfDirection direction = SlpfDirection.Ingress, int seconds = 300) =>
        new(DocumentId.Parse(id), SlpfTarget.Parse(target), direction, step, new UnixMilliseconds(UnixMilliseconds.Now(TimeProvider.System).Value + (seconds * 1000L)));

    public static EnforcementPlan Plan(params EnforcedRule[] rules) => new() { Rules = rules };

    public async Task<EnforcementOutcome> Apply(EnforcementPlan plan, NftEnforcer? enforcer = null)
    {
        var outcome = await (enforcer ?? Enforcer).ApplyAsync(plan, TestContext.Current.CancellationToken);
        Assert.Null(outcome.Error);
        return outcome;
    }

    public async Task<Dictionary<string, ulong>> Hits(NftEnforcer? enforcer = null)
    {
        var reading = await (enforcer ?? Enforcer).ReadHitsAsync(TestContext.Current.CancellationToken);
        Assert.Null(reading.Error);
        return reading.Hits.ToDictionary(hits => hits.Id.Text, hits => hits.Packets);
    }

    /// <summary>Sends datagrams from a host outside to the gateway; how many arrived.</summary>
    public int Arriving(string from, int count)
    {
        var source = IPAddress.Parse(from);
        var (listener, gateway) = source.AddressFamily == AddressFamily.InterNetwork
            ? (_listener4, IPAddress.Parse("192.0.2.1"))
            : (_listener6, IPAddress.Parse("2001:db8::1"));
        using var sender = _outside.Inside(() => Bind(source, 0));
        return Send(sender, new IPEndPoint(gateway, Port), listener, count);
    }

    /// <summary>Sends datagrams from the gateway to a host outside; how many arrived.</summary>
    public int Leaving(string to, int count)
    {
        var target = IPAddress.Parse(to);
        using var listener = _outside.Inside(() => Bind(target, Port));
        var sender = target.AddressFamily == AddressFamily.InterNetwork ? _listener4 : _listener6;
        return Send(sender, new IPEndPoint(target, Port), listener, count);
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _outside.Dispose();
        Gateway.Dispose();
    }

    private static int Send(Socket sender, IPEndPoint target, Socket listener, int count)
    {
        for (var i = 0; i < count; i++)
        {
            try
            {
                sender.SendTo(new byte[20], target);
            }
            catch (SocketException)
            {
                // Dropped in the output chain: the kernel tells the sender.
            }
        }

        var buffer = new byte[64];
        var arrived = 0;
        while (listener.Poll(arrived < count ? 100_000 : 0, SelectMode.SelectRead))
        {
            listener.Receive(buffer);
            arrived++;
        }

        return arrived;
    }

    private Socket Open(NetworkNamespace network, IPAddress address, int port)
    {
        var socket = network.Inside(() => Bind(address, port));
        _sockets.Add(socket);
        return socket;
    }

    private static Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }
}
