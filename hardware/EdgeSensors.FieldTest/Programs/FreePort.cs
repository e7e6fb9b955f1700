using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>
/// Ports of loopback for programs that cannot be asked which one they took. Between the look and the listening nobody else takes them: neither the kernel, as they lie below those that it gives out itself
/// (ip(7), ip_local_port_range: from 32768), nor another process that looks by this, as each port is held by a name (unix(7), abstract) until its process ends.
/// </summary>
internal static class FreePort
{
    private const int First = 15_000;
    private const int End = 32_000;
    private const int MostTries = 1_000;

    private static readonly List<Socket> s_held = [];

    /// <summary>One of TCP; throws <see cref="InvalidOperationException"/> where there is none.</summary>
    public static int Tcp() => Take(SocketType.Stream);

    /// <summary>One of UDP; throws <see cref="InvalidOperationException"/> where there is none.</summary>
    public static int Udp() => Take(SocketType.Dgram);

    private static int Take(SocketType type)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var port = Random.Shared.Next(First, End);
            var name = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            try
            {
                name.Bind(new UnixDomainSocketEndPoint(FormattableString.Invariant($"\0edgesensors-port-{port}")));
                using var probe = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException)
            {
                name.Dispose();
                continue;
            }

            lock (s_held)
            {
                s_held.Add(name);
            }

            return port;
        }

        throw new InvalidOperationException("No port of loopback is free.");
    }
}
