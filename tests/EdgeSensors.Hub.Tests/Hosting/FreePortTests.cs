using System.Net;
using System.Net.Sockets;
using EdgeSensors.Tests;

namespace EdgeSensors.Hub.Tests.Hosting;

public class FreePortTests
{
    [Fact]
    public void A_port_is_told_to_nobody_else_and_its_program_may_listen_there_again_and_again()
    {
        var place = new IPEndPoint(IPAddress.Loopback, FreePort.Take());
        using (var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => other.Bind(place)).SocketErrorCode);
        }

        for (var i = 0; i < 2; i++)
        {
            using var program = new TcpListener(place);
            program.Start();
        }
    }
}
