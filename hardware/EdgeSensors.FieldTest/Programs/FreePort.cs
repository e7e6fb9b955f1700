using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Ports of loopback that nobody listens on.</summary>
internal static class FreePort
{
    /// <summary>One of TCP.</summary>
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
