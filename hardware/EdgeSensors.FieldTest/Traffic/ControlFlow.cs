using System.Globalization;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>
/// A harmless visitor whom the scenario adds to every replay: one ordinary connection from an outside host that the capture does not know to a host inside. It
/// makes "other traffic passes" a claim that can fail, also where a capture holds nothing but the attack.
/// </summary>
internal static class ControlFlow
{
    private const int ServicePort = 443;
    private const int MostRequests = 200;
    private static readonly string[] VisitorsV4 = ["192.0.2.200", "198.51.100.200", "203.0.113.200"];
    private static readonly string[] VisitorsV6 = ["2001:db8:c001::200", "2001:db8:c002::200"];

    /// <summary>Who visits whom: a host inside that the trace knows, and an outside address that it does not; null where none is free.</summary>
    public static (HostAddress Visitor, HostAddress Host)? Choose(Trace trace, InsideNetwork inside)
    {
        var known = trace.Packets.SelectMany(p => (HostAddress[])[p.Source, p.Destination]).ToHashSet();
        var hosts = known.Where(inside.Contains).Order().ToList();
        foreach (var isV4 in (bool[])[true, false])
        {
            var visitors = (isV4 ? VisitorsV4 : VisitorsV6).Select(v => Endpoint.Of(v, 0).Address).Where(v => !known.Contains(v) && !inside.Contains(v)).ToList();
            var ofFamily = hosts.Where(h => h.IsIPv4 == isV4).ToList();
            if (visitors.Count > 0 && ofFamily.Count > 0)
            {
                return (visitors[0], ofFamily[0]);
            }
        }

        return null;
    }

    /// <summary>One pass's connection, spread over the pass.</summary>
    /// <param name="pair">Who visits whom.</param>
    /// <param name="pass">Which pass; each has its own port.</param>
    /// <param name="duration">How long the pass lasts.</param>
    public static IReadOnlyList<TracePacket> ForPass((HostAddress Visitor, HostAddress Host) pair, int pass, TimeSpan duration)
    {
        var between = TimeSpan.FromMilliseconds(Math.Max(100, duration.TotalMilliseconds / MostRequests));
        var requests = Math.Clamp((int)(duration / between), 2, MostRequests);
        var visitor = new Endpoint(pair.Visitor, (ushort)(40_000 + (pass % 20_000)));
        return Connection(visitor, new Endpoint(pair.Host, ServicePort), 0, requests, Math.Min(between.Ticks, duration.Ticks / (requests + 1)) * 100);
    }

    /// <summary>A TCP connection that is opened, used and closed as RFC 9293 says.</summary>
    public static IReadOnlyList<TracePacket> Connection(Endpoint client, Endpoint server, long at, int requests, long between)
    {
        const int Request = 180, Answer = 900;
        const long RoundTrip = 400_000; // nanoseconds
        var (c, s) = (1000u, 9000u);
        List<TracePacket> packets =
        [
            PacketBuilder.Tcp(at, client, server, TcpControlBits.Syn, c),
            PacketBuilder.Tcp(at + RoundTrip, server, client, TcpControlBits.Syn | TcpControlBits.Ack, s, ++c),
            PacketBuilder.Tcp(at + (2 * RoundTrip), client, server, TcpControlBits.Ack, c, ++s),
        ];
        for (var i = 0; i < requests; i++)
        {
            var t = at + (3 * RoundTrip) + (i * between);
            packets.Add(PacketBuilder.Tcp(t, client, server, TcpControlBits.Psh | TcpControlBits.Ack, c, s, Request));
            c += Request;
            packets.Add(PacketBuilder.Tcp(t + RoundTrip, server, client, TcpControlBits.Psh | TcpControlBits.Ack, s, c, Answer));
            s += Answer;
        }

        var end = packets[^1].OffsetNs + RoundTrip;
        packets.Add(PacketBuilder.Tcp(end, client, server, TcpControlBits.Fin | TcpControlBits.Ack, c, s));
        packets.Add(PacketBuilder.Tcp(end + RoundTrip, server, client, TcpControlBits.Fin | TcpControlBits.Ack, s, c + 1));
        packets.Add(PacketBuilder.Tcp(end + (2 * RoundTrip), client, server, TcpControlBits.Ack, c + 1, s + 1));
        return packets;
    }

    /// <summary>How the run names it to people.</summary>
    public static string Describe((HostAddress Visitor, HostAddress Host) pair) =>
        string.Create(CultureInfo.InvariantCulture, $"control visitor {pair.Visitor} → {pair.Host}:{ServicePort}");
}
