using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Tests;

/// <summary>Gateways around one hub, their management lines, and the mounts that only one of them sees.</summary>
public class FieldNetworkTests
{
    private static readonly Prefix[] s_inside = [Prefix.Parse("198.51.100.0/24")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_gateway_reaches_the_hub()
    {
        using var network = Build(longLine: false);
        foreach (var gateway in network.Gateways)
        {
            Assert.Equal("hello", await SayAsync(network, gateway, "hello"));
        }
    }

    [Fact]
    public async Task A_long_line_delays_what_crosses_it_and_a_cut_one_carries_nothing()
    {
        using var network = Build(longLine: true);
        var (gateway, line) = (network.Gateways[0], network.Lines["one"]);
        Assert.Equal("plain", await SayAsync(network, gateway, "plain"));

        line.Quality = new LineQuality(0, TimeSpan.FromMilliseconds(150));
        var began = Stopwatch.GetTimestamp();
        Assert.Equal("late", await SayAsync(network, gateway, "late"));

        // Two round trips at least: the connection's opening, and the word with its end.
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(450), "nothing was delayed");

        line.Quality = LineQuality.Cut;
        var lost = line.Lost;
        await Assert.ThrowsAsync<OperationCanceledException>(() => SayAsync(network, gateway, "never", TimeSpan.FromMilliseconds(500)));
        Assert.True(line.Lost > lost);

        line.Quality = LineQuality.Good;
        Assert.Equal("again", await SayAsync(network, gateway, "again"));
    }

    [Fact]
    public async Task A_lossy_line_carries_a_whole_connection_all_the_same()
    {
        using var network = Build(longLine: true);
        network.Lines["one"].Quality = new LineQuality(0.05, TimeSpan.Zero);
        var text = new string('x', 2_000_000);
        Assert.Equal(text, await SayAsync(network, network.Gateways[0], text, TimeSpan.FromSeconds(60)));
        Assert.True(network.Lines["one"].Lost > 0);
    }

    [Fact]
    public void A_pulled_interface_is_gone_and_comes_back_with_its_routes()
    {
        using var network = Build(longLine: false);
        var gateway = network.Gateways[0];
        bool IsThere() => gateway.Gateway.Run(() => LibC.InterfaceIndex(GatewayNetwork.OutsideFacing)) > 0;
        Assert.True(IsThere());
        gateway.PullInterface();
        Assert.False(IsThere());
        gateway.PlugInterface();
        Assert.True(IsThere());
        Assert.Contains(GatewayNetwork.OutsideFacing, gateway.Gateway.Run(() => File.ReadAllText("/proc/thread-self/net/route")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_disk_and_a_covered_program_are_seen_by_their_place_alone()
    {
        using var network = Build(longLine: false);
        var place = network.Gateways[0].Gateway;
        var folder = Directory.CreateTempSubdirectory("edgesensors-disk-");
        try
        {
            MountSetup.Separate(place);
            MountSetup.Disk(place, folder.FullName, 1 << 20);
            var file = Path.Combine(folder.FullName, "ballast");
            Assert.Throws<IOException>(() => place.Run(() => File.WriteAllBytes(file, new byte[2 << 20])));
            Assert.False(File.Exists(file));

            const string Program = "/bin/true";
            MountSetup.Cover(place, Program);
            Assert.Throws<System.ComponentModel.Win32Exception>(() => place.Run(() => Process.Start(Program)));
            Process.Start(Program).Dispose();
            MountSetup.Uncover(place, Program);
            place.Run(() => Process.Start(Program).Dispose());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static FieldNetwork Build(bool longLine)
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        Assert.True(
            FieldNetwork.TryBuild([new("one", s_inside, 1500) { LongLineSeed = longLine ? 1 : null }, new("two", s_inside, 1500)], _ => false, out var network, out var error), error);
        return network!;
    }

    // Says something from a gateway to the hub's namespace, over TCP, and gives what was heard there.
    private static async Task<string> SayAsync(FieldNetwork network, GatewayNetwork from, string text, TimeSpan? atMost = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(atMost ?? TimeSpan.FromSeconds(30));
        using var listener = network.Hub.Run(() =>
        {
            var made = new TcpListener(network.HubAddress, 0);
            made.Start();
            return made;
        });
        var speaking = SpeakAsync();
        using var heard = await listener.AcceptTcpClientAsync(limit.Token);
        using var reader = new StreamReader(heard.GetStream());
        var said = await reader.ReadToEndAsync(limit.Token);
        await speaking;
        return said;

        async Task SpeakAsync()
        {
            using var socket = from.Gateway.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
            using var stream = new NetworkStream(socket);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), limit.Token);
            socket.Shutdown(SocketShutdown.Send);
        }
    }
}
