using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>
/// Traffic for a machine without captures: web visitors, and in their midst one host that tries ports one after the other, grabs what answers, and floods the
/// service that it found. The same seed gives the same packets.
/// </summary>
internal static class GeneratedAttack
{
    private const long Millisecond = 1_000_000;
    private const string Attacker = "203.0.113.77";
    private const string Server = "198.51.100.10";
    private const int ScannedPorts = 800;
    private const int FloodPackets = 6_000;

    // Ports at which the server answers; all others refuse.
    private static readonly ushort[] OpenPorts = [22, 80, 443];

    /// <summary>Makes the trace.</summary>
    public static Trace Make(int seed)
    {
        var random = new Random(seed);
        var packets = new List<TracePacket>();
        for (var visitor = 0; visitor < 12; visitor++)
        {
            Visit(packets, random, Endpoint.Of($"192.0.2.{20 + visitor}", 40_000 + random.Next(20_000)), random.Next(0, 6_000) * Millisecond);
        }

        var end = Scan(packets, random, 500 * Millisecond);
        Flood(packets, end + (200 * Millisecond));
        var ordered = packets.OrderBy(p => p.OffsetNs).ToList();
        var first = ordered[0].OffsetNs;
        return Trace.Of($"generated scan and flood (seed {seed})", [.. ordered.Select(p => p with { OffsetNs = p.OffsetNs - first })]);
    }

    private static void Visit(List<TracePacket> packets, Random random, Endpoint visitor, long at)
    {
        var server = Endpoint.Of(Server, 443);
        packets.AddRange(ControlFlow.Connection(visitor, server, at, requests: 3 + random.Next(6), between: (40 + random.Next(200)) * Millisecond));
    }

    private static long Scan(List<TracePacket> packets, Random random, long at)
    {
        var ports = Enumerable.Range(1, 1024).Select(p => (ushort)p).ToArray();
        random.Shuffle(ports);
        foreach (var port in ports.Take(ScannedPorts).Union(OpenPorts))
        {
            var (from, to) = (Endpoint.Of(Attacker, 50_000 + random.Next(10_000)), Endpoint.Of(Server, port));
            packets.Add(PacketBuilder.Tcp(at, from, to, TcpControlBits.Syn, 100));
            if (OpenPorts.Contains(port))
            {
                packets.Add(PacketBuilder.Tcp(at + (Millisecond / 2), to, from, TcpControlBits.Syn | TcpControlBits.Ack, 500, 101));
                packets.Add(PacketBuilder.Tcp(at + Millisecond, from, to, TcpControlBits.Ack, 101, 501));
                packets.Add(PacketBuilder.Tcp(at + (2 * Millisecond), to, from, TcpControlBits.Psh | TcpControlBits.Ack, 501, 101, payload: 40));
                packets.Add(PacketBuilder.Tcp(at + (3 * Millisecond), from, to, TcpControlBits.Rst | TcpControlBits.Ack, 101, 541));
            }
            else
            {
                packets.Add(PacketBuilder.Tcp(at + (Millisecond / 2), to, from, TcpControlBits.Rst | TcpControlBits.Ack, 0, 101));
            }

            at += random.Next(1, 6) * Millisecond;
        }

        return at;
    }

    private static void Flood(List<TracePacket> packets, long at)
    {
        for (var i = 0; i < FloodPackets; i++)
        {
            packets.Add(PacketBuilder.Udp(at + (i * Millisecond / 3), Endpoint.Of(Attacker, 53_000), Endpoint.Of(Server, 443), payload: 64));
        }
    }
}
