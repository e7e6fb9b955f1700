using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.Tests;

/// <summary>
/// TCP ports of loopback that are nobody else's as long as this process lives: between the moment a test is told of a port and the moment a program of its listens there, and again while that
/// program is started anew, many other tests of this and other processes look for one.
/// </summary>
internal static class FreePort
{
    // Below the range from which the kernel gives ports to connections: one of those would have it before the program does.
    private const int First = 20_000;
    private const int End = 32_768;

    // Whoever holds the UDP port of a number has the TCP port: exclusive between processes, and given back by the kernel however a process ends.
    private static readonly List<Socket> s_held = [];

    /// <summary>One that nobody listens on and that nobody else is told of.</summary>
    public static int Take()
    {
        for (var attempt = 0; ; attempt++)
        {
            var place = new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(First, End));
            var token = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
            try
            {
                token.Bind(place);
                using var probe = new TcpListener(place);
                probe.Start();
            }
            catch (SocketException) when (attempt < 1_000)
            {
                token.Dispose();
                continue;
            }

            lock (s_held)
            {
                s_held.Add(token);
            }

            return place.Port;
        }
    }
}
