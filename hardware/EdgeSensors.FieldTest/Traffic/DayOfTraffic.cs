using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>
/// A day of ordinary traffic in a shorter time. What is compressed is the rate at which connections begin, which follows the day's curve; each connection itself runs at
/// its real pace. So a detector's span of five minutes sees the whole day: whatever would add up over a day to a false alarm has the chance to.
/// </summary>
/// <param name="Own">The protected network; its hosts are the users, and one is a web server.</param>
/// <param name="FromNs">When the day begins, nanoseconds.</param>
/// <param name="LastsNs">How long it takes.</param>
/// <param name="Rate">Connections a second on average.</param>
/// <param name="Hosts">Users.</param>
internal sealed record DayOfTraffic(IReadOnlyList<Prefix> Own, long FromNs, long LastsNs, double Rate, int Hosts)
{
    private const long Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;
    private const int Sites = 400;

    // Connections that begin in each hour, as a share of the busiest: homes are busiest in the evening, offices between nine and five.
    private static readonly int[] s_homes = [55, 38, 26, 20, 18, 20, 28, 40, 50, 54, 57, 60, 64, 64, 64, 66, 70, 76, 84, 92, 98, 100, 92, 74];
    private static readonly int[] s_office = [6, 5, 5, 5, 5, 6, 10, 30, 75, 95, 100, 96, 70, 86, 98, 95, 88, 62, 30, 16, 11, 9, 8, 7];

    private static readonly Prefix s_sites = Prefix.Parse("198.18.0.0/15"); // RFC 2544's, so that none of it is anybody's
    private static readonly HostAddress s_resolver = Endpoint.Of("198.19.255.53", 0).Address;

    private Prefix Home => Own.First(p => p.IsIPv4);

    /// <summary>Whether the users are at home or in an office.</summary>
    public bool AtHome { get; init; }

    /// <summary>The packets, each connection's in order; connections overlap.</summary>
    public IEnumerable<TracePacket> Make(Random random)
    {
        var curve = AtHome ? s_homes : s_office;
        var mean = curve.Average();
        long at = 0;
        while (true)
        {
            // Thinning of a Poisson process: candidates at the busiest hour's rate, kept by the curve.
            at += (long)(-Math.Log(1 - random.NextDouble()) / (Rate * curve.Max() / mean) * Second);
            if (at >= LastsNs)
            {
                yield break;
            }

            if (random.NextDouble() * curve.Max() < At(curve, (double)at / LastsNs))
            {
                foreach (var packet in Connection(FromNs + at, random))
                {
                    yield return packet;
                }
            }
        }
    }

    private static double At(int[] curve, double share)
    {
        var hour = share * curve.Length;
        var (whole, part) = ((int)hour, hour - (int)hour);
        return (curve[whole % curve.Length] * (1 - part)) + (curve[(whole + 1) % curve.Length] * part);
    }

    private IEnumerable<TracePacket> Connection(long at, Random random)
    {
        var user = MadeTraffic.Hosted(Home, (ulong)(32 + random.Next(Hosts)));
        var port = (ushort)(32_768 + random.Next(28_000));
        var (client, site) = (new Endpoint(user, port), new Endpoint(Site(random), 443));
        var requests = 1 + random.Next(6);
        var between = (30 + random.Next(400)) * Millisecond;
        return random.Next(1_000) switch
        {
            // A name is asked for, then the site is visited.
            < 500 => [.. Question(at, user, s_resolver, 53, random, 40, 120), .. ControlFlow.Connection(client, site, at + (25 * Millisecond), requests, between)],

            // The same by QUIC.
            < 700 => [.. Question(at, user, s_resolver, 53, random, 40, 120), .. Datagrams(at + (25 * Millisecond), client, site, requests * 2, between / 2)],
            < 760 => Question(at, user, s_resolver, 53, random, 44, 160),
            < 800 => Question(at, user, Site(random), 123, random, 48, 48),

            // Somebody outside visits the own web server.
            < 930 => ControlFlow.Connection(new Endpoint(Site(random), port), new Endpoint(MadeTraffic.Hosted(Home, 10), 443), at, requests, between),

            // A connection of a site that keeps users waiting, as for messages.
            < 975 => ControlFlow.Connection(client, site with { Port = 5_223 }, at, 2, 3 * Second),

            // What fails on any day: a service that is off, one that is gone.
            < 990 => Refused(at, client, site with { Port = 8_080 }),
            _ => Unanswered(at, client, site with { Port = 8_443 }),
        };
    }

    private static IEnumerable<TracePacket> Question(long at, HostAddress user, HostAddress server, ushort service, Random random, int asks, int answers)
    {
        var (from, to) = (new Endpoint(user, (ushort)(1_024 + random.Next(60_000))), new Endpoint(server, service));
        return [PacketBuilder.Udp(at, from, to, asks), PacketBuilder.Udp(at + (12 * Millisecond), to, from, answers)];
    }

    private static IEnumerable<TracePacket> Datagrams(long at, Endpoint client, Endpoint server, int count, long between) => Enumerable.Range(0, count).SelectMany(i => (TracePacket[])
    [
        PacketBuilder.Udp(at + (i * between), client, server, 300),
        PacketBuilder.Udp(at + (i * between) + (15 * Millisecond), server, client, 1_200),
    ]);

    private static IEnumerable<TracePacket> Refused(long at, Endpoint client, Endpoint server) =>
    [
        PacketBuilder.Tcp(at, client, server, TcpControlBits.Syn, 1),
        PacketBuilder.Tcp(at + (20 * Millisecond), server, client, TcpControlBits.Rst | TcpControlBits.Ack, 0, 2),
    ];

    // RFC 6298's first two retransmissions.
    private static IEnumerable<TracePacket> Unanswered(long at, Endpoint client, Endpoint server) =>
        ((long[])[0, Second, 3 * Second]).Select(wait => PacketBuilder.Tcp(at + wait, client, server, TcpControlBits.Syn, 1));

    // A few sites have most of the visits.
    private static HostAddress Site(Random random) => MadeTraffic.Hosted(s_sites, 1 + (ulong)(Math.Pow(random.NextDouble(), 3) * Sites));
}
