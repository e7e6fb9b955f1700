using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>Attacks, and visitors of a server, made up for a link: both directions, as the link would carry them. The same random numbers give the same packets.</summary>
/// <param name="Own">The protected network.</param>
/// <param name="FromNs">When it begins, nanoseconds.</param>
/// <param name="UntilNs">When it ends; what has begun is finished.</param>
/// <param name="Rate">Connections, probes, packets or calls a second.</param>
/// <param name="Hosts">Other ends.</param>
internal sealed record MadeTraffic(IReadOnlyList<Prefix> Own, long FromNs, long UntilNs, double Rate, int Hosts)
{
    private const long Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;

    /// <summary>Where other ends are taken from: RFC 2544's, so that none of it is anybody's.</summary>
    public static readonly Prefix Elsewhere = Prefix.Parse("198.18.0.0/15");

    // Ports at which a scanned server answers; all others refuse.
    private static readonly ushort[] OpenPorts = [22, 80, 443];

    // Services that answer with more than they were asked (CISA TA14-017A), with a usual size of an answer's packet.
    private static readonly (ushort Port, int Payload)[] Amplifiers = [(53, 1_200), (123, 440), (389, 1_400), (11_211, 1_400)];

    /// <summary>Who scans or calls; null for one of elsewhere.</summary>
    public HostAddress? Source { get; init; }

    /// <summary>Who is visited, scanned, struck or called; null for the protected network's tenth host.</summary>
    public HostAddress? Target { get; init; }

    private HostAddress Victim => Target ?? Hosted(Home, 10);

    private Prefix Home => Own.First(p => p.IsIPv4);

    private long Gap => (long)(Second / Rate);

    /// <summary>The host of a number in a prefix, modulo what it holds.</summary>
    public static HostAddress Hosted(Prefix prefix, ulong number)
    {
        var bits = (prefix.IsIPv4 ? 32 : 128) - prefix.Length;
        number = bits >= 64 ? number : number % (1UL << bits);
        Span<byte> octets = stackalloc byte[16];
        octets = octets[..prefix.CopyAddress(octets)];
        for (var i = octets.Length - 1; i >= 0 && number > 0; i--, number >>= 8)
        {
            octets[i] |= (byte)number;
        }

        return HostAddress.From(new System.Net.IPAddress(octets));
    }

    /// <summary>Ordinary connections of outside hosts to one own server.</summary>
    public IEnumerable<TracePacket> Visitors(Random random) => Times(random).SelectMany(at => ControlFlow.Connection(
        new Endpoint(Another(random), Ephemeral(random)), new Endpoint(Victim, 443), at, 1 + random.Next(5), (20 + random.Next(300)) * Millisecond));

    /// <summary>One host opens port after port of one own server, in no order; where one answers it completes the handshake, reads what comes, and hangs up.</summary>
    public IEnumerable<TracePacket> PortScan(Random random)
    {
        var source = Source ?? Another(random);
        var ports = Enumerable.Range(1, ushort.MaxValue).Select(p => (ushort)p).ToArray();
        random.Shuffle(ports);

        // What answers is tried among the first, as scanners try the usual ports first.
        ports = [.. OpenPorts.Concat(ports.Except(OpenPorts))];
        random.Shuffle(ports.AsSpan(0, 40));
        var next = 0;
        foreach (var at in Steady())
        {
            var (from, to) = (new Endpoint(source, Ephemeral(random)), new Endpoint(Victim, ports[next++ % ports.Length]));
            var number = (uint)random.Next();
            yield return PacketBuilder.Tcp(at, from, to, TcpControlBits.Syn, number);
            if (OpenPorts.Contains(to.Port))
            {
                yield return PacketBuilder.Tcp(at + Millisecond, to, from, TcpControlBits.Syn | TcpControlBits.Ack, 500, number + 1);
                yield return PacketBuilder.Tcp(at + (2 * Millisecond), from, to, TcpControlBits.Ack, number + 1, 501);
                yield return PacketBuilder.Tcp(at + (3 * Millisecond), to, from, TcpControlBits.Psh | TcpControlBits.Ack, 501, number + 1, payload: 40);
                yield return PacketBuilder.Tcp(at + (4 * Millisecond), from, to, TcpControlBits.Rst | TcpControlBits.Ack, number + 1, 541);
            }
            else
            {
                yield return PacketBuilder.Tcp(at + Millisecond, to, from, TcpControlBits.Rst | TcpControlBits.Ack, 0, number + 1);
            }
        }
    }

    /// <summary>One host tries one port at own address after own address; nobody answers.</summary>
    public IEnumerable<TracePacket> AddressScan(Random random)
    {
        var source = Source ?? Another(random);
        ulong next = 1;
        foreach (var at in Steady())
        {
            yield return PacketBuilder.Tcp(at, new Endpoint(source, Ephemeral(random)), new Endpoint(Hosted(Home, next++), 22), TcpControlBits.Syn, (uint)random.Next());
        }
    }

    /// <summary>A server is asked to open connections by many sources that are forged; it answers some and is never answered.</summary>
    public IEnumerable<TracePacket> SynFlood(Random random)
    {
        const int BacklogShare = 8; // what a full backlog still answers
        var server = new Endpoint(Victim, 443);
        foreach (var at in Steady())
        {
            var forged = new Endpoint(Another(random), Ephemeral(random));
            var number = (uint)random.Next();
            yield return PacketBuilder.Tcp(at, forged, server, TcpControlBits.Syn, number);
            if (random.Next(BacklogShare) == 0)
            {
                yield return PacketBuilder.Tcp(at + Millisecond, server, forged, TcpControlBits.Syn | TcpControlBits.Ack, (uint)random.Next(), number + 1);
            }
        }
    }

    /// <summary>Many servers answer what the struck host never asked.</summary>
    public IEnumerable<TracePacket> Reflection(Random random)
    {
        var service = Amplifiers[random.Next(Amplifiers.Length)];
        foreach (var at in Steady())
        {
            yield return PacketBuilder.Udp(at, new Endpoint(Another(random), service.Port), new Endpoint(Victim, (ushort)(1_024 + random.Next(60_000))), service.Payload);
        }
    }

    /// <summary>An own host calls an outside one again and again, as often and as alike as a clock lets it.</summary>
    public IEnumerable<TracePacket> Beacon(Random random)
    {
        var host = Source ?? Hosted(Home, 20);
        return Steady().SelectMany(at => ControlFlow.Connection(new Endpoint(host, Ephemeral(random)), new Endpoint(Target ?? Another(random), 443), at, 1, Millisecond));
    }

    private IEnumerable<long> Steady()
    {
        for (var at = FromNs; at < UntilNs; at += Gap)
        {
            yield return at;
        }
    }

    private IEnumerable<long> Times(Random random)
    {
        for (var at = FromNs; at < UntilNs; at += (Gap / 2) + random.NextInt64(Gap + 1))
        {
            yield return at;
        }
    }

    private HostAddress Another(Random random) => Hosted(Elsewhere, (ulong)random.Next(Hosts) + 1);

    private static ushort Ephemeral(Random random) => (ushort)(32_768 + random.Next(28_000));
}
