using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Traffic;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Frames for a mirror port, from a scenario's <c>traffic</c>: played from a file, or made up from the seed, as they are asked for.</summary>
internal sealed class TapTraffic(TimeSpan lasts, RunSeed seed, Func<ScenarioStep, string> capturePath, IReadOnlyList<Prefix> listed)
{
    private const long Second = 1_000_000_000;
    private const long LineRateNs = 6_720; // 60 octets with preamble, check sequence and gap at 100 Mb/s

    private static readonly Prefix Outside = Prefix.Parse("198.18.0.0/15"); // RFC 2544's, so that nothing of it is anybody's

    /// <summary>The frames of one entry, for one tap, timed from the run's start.</summary>
    public IEnumerable<WireFrame> Of(ScenarioStep step, string tap, IReadOnlyList<Prefix> own)
    {
        var from = Ns(step.Time("from")!.Value);
        return step.What == "capture" ? Play(step, from) : Make(step, from, [.. own.Where(p => p.IsIPv4)], seed.Stream($"traffic/{step.Index}/{tap}"));
    }

    /// <summary>Nanoseconds.</summary>
    public static long Ns(TimeSpan time) => time.Ticks * 100;

    private IEnumerable<WireFrame> Play(ScenarioStep step, long from)
    {
        var speed = step.Number("speed");
        for (var pass = 0; pass < step.Count("repeat"); pass++)
        {
            long last = from;
            foreach (var frame in CaptureFrames.Read(capturePath(step)))
            {
                if (from + (frame.AtNs / speed) > Ns(lasts))
                {
                    yield break;
                }

                last = from + (long)(frame.AtNs / speed);
                yield return frame with { AtNs = last };
            }

            from = last + (Second / 10);
        }
    }

    private IEnumerable<WireFrame> Make(ScenarioStep step, long from, IReadOnlyList<Prefix> own, Random random)
    {
        var until = Math.Min(from + Ns(step.Time("lasts")!.Value), Ns(lasts));
        var rate = step.Number("rate");
        var gap = rate <= 0 ? LineRateNs : (long)(Second / rate);
        return step.Text("generate") switch
        {
            "visitors" => Visitors(step, from, until, gap, own, random),
            "port-scan" => PortScan(step, from, until, gap, own, random),
            "address-scan" => AddressScan(step, from, until, gap, own, random),
            "syn-flood" => SynFlood(step, from, until, gap, own, random),
            _ => Beacon(step, from, until, gap, own, random),
        };
    }

    /// <summary>Ordinary connections of outside hosts to one own server; they overlap, so they are merged by time.</summary>
    private static IEnumerable<WireFrame> Visitors(ScenarioStep step, long from, long until, long gap, IReadOnlyList<Prefix> own, Random random)
    {
        var server = new Endpoint(Target(step, own, 10), 443);
        var hosts = step.Count("hosts");
        var waiting = new PriorityQueue<TracePacket, (long At, long Order)>();
        long order = 0;
        for (var at = from; at < until; at += (gap / 2) + random.NextInt64(gap + 1))
        {
            while (waiting.TryPeek(out _, out var key) && key.At <= at)
            {
                yield return Frame(waiting.Dequeue());
            }

            var visitor = new Endpoint(Host(Outside, (ulong)random.Next(hosts) + 1), (ushort)(32_768 + random.Next(28_000)));
            foreach (var packet in ControlFlow.Connection(visitor, server, at, 1 + random.Next(5), (20 + random.Next(300)) * 1_000_000L))
            {
                waiting.Enqueue(packet, (packet.OffsetNs, order++));
            }
        }

        while (waiting.TryDequeue(out var packet, out _))
        {
            yield return Frame(packet);
        }
    }

    private static IEnumerable<WireFrame> PortScan(ScenarioStep step, long from, long until, long gap, IReadOnlyList<Prefix> own, Random random)
    {
        var (source, target) = (Source(step, random), Target(step, own, 10));
        var port = 1;
        for (var at = from; at < until; at += gap)
        {
            var (probe, answer) = (new Endpoint(source, (ushort)(40_000 + random.Next(20_000))), new Endpoint(target, (ushort)port));
            yield return Frame(PacketBuilder.Tcp(at, probe, answer, TcpControlBits.Syn, (uint)random.Next()));
            yield return Frame(PacketBuilder.Tcp(at + (gap / 4), answer, probe, TcpControlBits.Rst | TcpControlBits.Ack, 0, 1));
            port = port == 65_535 ? 1 : port + 1;
        }
    }

    private static IEnumerable<WireFrame> AddressScan(ScenarioStep step, long from, long until, long gap, IReadOnlyList<Prefix> own, Random random)
    {
        var source = Source(step, random);
        ulong next = 1;
        for (var at = from; at < until; at += gap)
        {
            yield return Frame(PacketBuilder.Tcp(at, new Endpoint(source, (ushort)(40_000 + random.Next(20_000))), new Endpoint(Host(own[0], next++), 22), TcpControlBits.Syn, (uint)random.Next()));
        }
    }

    private static IEnumerable<WireFrame> SynFlood(ScenarioStep step, long from, long until, long gap, IReadOnlyList<Prefix> own, Random random)
    {
        var target = new Endpoint(Target(step, own, 10), 443);
        var hosts = step.Count("hosts");
        for (var at = from; at < until; at += gap)
        {
            var forged = new Endpoint(Host(Outside, (ulong)random.Next(hosts) + 1), (ushort)(1_024 + random.Next(60_000)));
            yield return Frame(PacketBuilder.Tcp(at, forged, target, TcpControlBits.Syn, (uint)random.Next()));
        }
    }

    /// <summary>An own host calls a listed one, as often and as alike as a clock lets it.</summary>
    private IEnumerable<WireFrame> Beacon(ScenarioStep step, long from, long until, long gap, IReadOnlyList<Prefix> own, Random random)
    {
        var victim = step.Prefixes("source") is [var chosen, ..] ? Address(chosen, 0) : Host(own[0], 20);
        var hub = new Endpoint(step.Prefixes("target") is [var named, ..] ? Address(named, 0) : Address(listed.First(p => p.IsIPv4), 0), 443);
        for (var at = from; at < until; at += gap)
        {
            foreach (var packet in ControlFlow.Connection(new Endpoint(victim, (ushort)(49_152 + random.Next(16_000))), hub, at, 1, 1_000_000))
            {
                yield return Frame(packet);
            }
        }
    }

    private static WireFrame Frame(TracePacket packet) => new(packet.OffsetNs, packet.Frame);

    private static HostAddress Source(ScenarioStep step, Random random) => step.Prefixes("source") is [var named, ..] ? Address(named, 0) : Host(Outside, (ulong)random.Next(1, 100_000));

    private static HostAddress Target(ScenarioStep step, IReadOnlyList<Prefix> own, ulong number) => step.Prefixes("target") is [var named, ..] ? Address(named, 0) : Host(own[0], number);

    /// <summary>The host of a number in a prefix, modulo what it holds.</summary>
    private static HostAddress Host(Prefix prefix, ulong number)
    {
        var bits = (prefix.IsIPv4 ? 32 : 128) - prefix.Length;
        var hosts = bits >= 62 ? ulong.MaxValue : 1UL << bits;
        return Address(prefix, number % hosts);
    }

    private static HostAddress Address(Prefix prefix, ulong number)
    {
        var octets = prefix.Address.GetAddressBytes();
        for (var i = octets.Length - 1; i >= 0 && number > 0; i--, number >>= 8)
        {
            octets[i] |= (byte)number;
        }

        return HostAddress.From(new System.Net.IPAddress(octets));
    }
}
