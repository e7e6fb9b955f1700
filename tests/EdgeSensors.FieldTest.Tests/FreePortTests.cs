using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Tests;

public class FreePortTests
{
    [Fact]
    public void Nobody_is_given_a_port_twice_and_the_kernel_gives_none_of_them_out()
    {
        var ports = Enumerable.Range(0, 300).AsParallel().Select(i => i % 2 == 0 ? FreePort.Tcp() : FreePort.Udp()).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        var own = int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t', ' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.All(ports, port => Assert.InRange(port, 1_024, own - 1));
    }

    [Fact]
    public void Somebody_can_listen_there()
    {
        using var tcp = new TcpListener(IPAddress.Loopback, FreePort.Tcp());
        tcp.Start();
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, FreePort.Udp()));
    }
}
