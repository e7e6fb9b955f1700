using System.Collections.Concurrent;
using CsCheck;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Metering.Tests.Capture;
using EdgeSensors.Metering.Tests.Truth;
using static EdgeSensors.Metering.Tests.Decode.Frames;

namespace EdgeSensors.Metering.Tests.Flows;

public class ShardedMeterTests
{
    private static readonly FlowTableOptions Options = new()
    {
        IdleTimeout = TimeSpan.FromMilliseconds(400), ActiveTimeout = TimeSpan.FromMilliseconds(2_000), ClosedTimeout = TimeSpan.FromMilliseconds(100), HashSeed = 7,
    };

    /// <summary>Time since the packet before (a clock may be set back), what kind of packet, of which flow, which way, and which TCP flags.</summary>
    private static readonly Gen<(int Step, int Kind, int Flow, bool FromClient, byte Flags)[]> Traffic = Gen.Select(
        Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[0, 600], Gen.Int[-60, 0], Gen.Int[-1500, 3000]),
        Gen.Int[0, 7],
        Gen.Int[0, 15],
        Gen.Bool,
        Gen.OneOf(Gen.Const((byte)0x10), Gen.Const((byte)0x02), Gen.Const((byte)0x12), Gen.Const((byte)0x11), Gen.Const((byte)0x04))).Array[0, 250];

    [Fact]
    public void Any_number_of_workers_gives_the_same_records_in_the_same_order_however_the_stream_is_read() => Gen.Select(Traffic, Gen.Int[4, 40], Gen.Int[1, 400]).Sample(
        (traffic, maxFlows, chunk) =>
        {
            var capture = Build(traffic);
            var options = Options with { MaxFlows = maxFlows };
            var one = Meter(capture, options, workers: 1, shards: 4, chunk: int.MaxValue);
            foreach (var workers in (ReadOnlySpan<int>)[1, 2, 3, 8])
                Assert.Equal(one, Meter(capture, options, workers, shards: 4, chunk));
        },
        iter: 300);

    [Fact]
    public void Neither_the_seed_of_the_hash_nor_the_number_of_shards_changes_the_order() => Gen.Select(Traffic, Gen.ULong).Sample(
        (traffic, seed) =>
        {
            var capture = Build(traffic);
            var one = Meter(capture, Options, workers: 1, shards: 1, chunk: int.MaxValue);
            Assert.Equal(one, Meter(capture, Options with { HashSeed = seed }, workers: 1, shards: 1, chunk: int.MaxValue));
            Assert.Equal(one, Meter(capture, Options with { HashSeed = seed }, workers: 2, shards: 16, chunk: int.MaxValue));
        },
        iter: 300);

    [Fact]
    public void Shards_divide_traffic_as_one_table_does() => Traffic.Sample(
        traffic =>
        {
            var capture = Build(traffic);
            var list = new RecordList();
            var table = new PacketMeter(Options, list);
            using (var source = Open(capture, int.MaxValue))
                table.AddAll(source, TestContext.Current.CancellationToken);
            var sharded = Meter(capture, Options, workers: 2, shards: 4, chunk: 500);
            Assert.Equal(list.Records.Select(Describe).Order(StringComparer.Ordinal), sharded.SkipLast(1).Order(StringComparer.Ordinal));
        },
        iter: 300);

    [Fact]
    public void Every_capture_gives_the_same_with_one_worker_and_many_evictions_and_refusals_included()
    {
        var (refused, fragments, evicted) = (0, 0L, 0L);
        foreach (var truth in Corpus.TsharkTruth())
        {
            var path = Path.Combine(Corpus.Captures, truth.GetProperty("file").GetString()!);
            if (!CaptureFile.TryOpen(path, out var file, out _))
                continue;
            file.Dispose();
            var capture = File.ReadAllBytes(path);
            var options = new FlowTableOptions { MaxFlows = 320, HashSeed = 3 };
            var list = new RecordList();
            var one = new ShardedMeter(options, list, 1, 16);
            using (var source = Open(capture, int.MaxValue))
                one.AddAll(source, null, TestContext.Current.CancellationToken);
            foreach (var workers in (ReadOnlySpan<int>)[2, 3])
            {
                var others = new RecordList();
                var many = new ShardedMeter(options, others, workers, 16);
                using (var source = Open(capture, int.MaxValue))
                    many.AddAll(source, null, TestContext.Current.CancellationToken);
                Assert.Equal(list.Records.Select(Describe), others.Records.Select(Describe));
                Assert.Equal((one.EvictedCount, Describe(one.Totals)), (many.EvictedCount, Describe(many.Totals)));
            }

            refused += list.Records.Count(record => record.RefusedByIcmp);
            fragments += one.Totals.FragmentCount;
            evicted += one.EvictedCount;
        }

        Assert.True(refused > 20 && fragments > 100 && evicted > 100, $"{refused} refused, {fragments} fragments, {evicted} evicted");
    }

    [Fact]
    public void No_worker_allocates_per_packet()
    {
        var capture = new CaptureWriter(bigEndian: false).PcapHeader();
        for (var i = 0; i < 500_000; i++)
            capture.PcapRecord((uint)(1_000 + (i / 1_000)), (uint)(i % 1_000 * 1_000), s_frames[i * 31 % s_frames.Length]);
        var allocations = new Allocations();
        using var source = Open(capture.ToArray(), int.MaxValue);
        var meter = new ShardedMeter(Options, allocations, 2, 4);
        meter.AddAll(source, allocations.Look, TestContext.Current.CancellationToken);
        Assert.Equal(500_000, meter.Totals.IpPacketCount);
        Assert.True(meter.ExportedCount > 10_000);

        // One object a packet would be millions of octets; blocks come to their size once, and the runtime recompiles a method now and then.
        Assert.All(allocations.ByThread.Values, octets => Assert.InRange(octets.Last - octets.First, 0, 400_000));
    }

    [Fact]
    public void What_a_consumer_throws_comes_to_the_caller_and_the_workers_end()
    {
        using var source = Open(Build([.. Enumerable.Range(0, 3_000).Select(i => (700, 0, i % 16, true, (byte)0x10))]), 3_000);
        var meter = new ShardedMeter(Options, new Thrower(), 3, 4);
        Assert.Throws<IOException>(() => meter.AddAll(source, null, TestContext.Current.CancellationToken));
    }

    private static readonly byte[][] s_frames = [.. Enumerable.Range(0, 997).Select(i => Ethernet(0x0800, IPv4("192.0.2.1", $"198.51.100.{i % 200}", 17, Udp(1_000 + i, 53, Payload(i % 90)))))];

    private static List<string> Meter(byte[] capture, FlowTableOptions options, int workers, int shards, int chunk)
    {
        var list = new RecordList();
        var meter = new ShardedMeter(options, list, workers, shards);
        using var source = Open(capture, chunk);
        meter.AddAll(source, null, TestContext.Current.CancellationToken);
        return [.. list.Records.Select(Describe), $"{meter.ExportedCount} {meter.EvictedCount} {Describe(meter.Totals)}"];
    }

    private static CaptureFile Open(byte[] capture, int chunk) =>
        CaptureFile.TryOpen(new ChunkedStream(capture, chunk), "capture", out var file, out var error) ? file : throw new InvalidOperationException(error.Message);

    private static byte[] Build((int Step, int Kind, int Flow, bool FromClient, byte Flags)[] traffic)
    {
        var capture = new CaptureWriter(bigEndian: false).PcapHeader();
        var ms = 10_000_000L;
        foreach (var (step, kind, flow, fromClient, flags) in traffic)
        {
            ms += step;
            capture.PcapRecord((uint)(ms / 1000), (uint)(ms % 1000 * 1000), Frame(kind, flow, fromClient, flags));
        }

        return capture.ToArray();
    }

    private static byte[] Frame(int kind, int flow, bool fromClient, byte flags)
    {
        var (client, server) = ($"192.0.2.{flow / 4}", $"198.51.100.{flow}");
        var (source, destination) = fromClient ? (client, server) : (server, client);
        var (from, to) = fromClient ? (40_000 + flow, 53) : (53, 40_000 + flow);
        var datagram = Udp(from, to, Payload(24));
        return kind switch
        {
            0 or 1 => Ethernet(0x0800, IPv4(source, destination, 6, Tcp(from, to, flags, Payload(flags & 3)))),
            2 => Ethernet(0x0800, IPv4(source, destination, 17, datagram)),
            3 => Ethernet(0x0800, IPv4(source, destination, 17, datagram[..16], fragmentField: 0x2000, identification: 7 + (flags & 1))),
            4 => Ethernet(0x0800, IPv4(source, destination, 17, datagram[16..], fragmentField: 2, identification: 7 + (flags & 1))),
            5 => Ethernet(0x0800, IPv4("203.0.113.9", source, 1, Icmp(3, 3, 0, IPv4(source, destination, flags == 2 ? 6 : 17, datagram)))),
            6 => Ethernet(0x0800, IPv4(source, destination, 1, Icmp(fromClient ? 8 : 0, 0, flow, Payload(8)))),
            _ => Ethernet(0x0806, Payload(28)),
        };
    }

    private static string Describe(BiflowRecord record) =>
        $"{record.Protocol} {record.Source}:{record.SourcePort} {record.Destination}:{record.DestinationPort} {record.VlanId}/{record.CustomerVlanId} {record.FirstNs}-{record.LastNs} "
        + $"{Describe(record.Forward)} {Describe(record.Reverse)} {record.EndReason} {record.Outcome} {record.Continued} {record.RefusedByIcmp} {record.HandshakeCompleted}";

    private static string Describe(DirectionCounters direction) =>
        $"{direction.PacketCount}/{direction.OctetCount}/{direction.FirstNs}-{direction.LastNs}/{direction.TcpFlags}/{direction.FirstTcpFlags}/{direction.SizeVariance:R}/{direction.GapVariance:R}";

    private static string Describe(MeterTotals totals) =>
        $"{totals.PacketCount} {totals.FrameOctetCount} {totals.IpPacketCount} {totals.IpOctetCount} {totals.IPv6PacketCount} {totals.FragmentCount} {totals.CutPacketCount} "
        + string.Join(' ', Enum.GetValues<DecodeStatus>().Select(totals.Count)) + ' ' + string.Join(' ', Enumerable.Range(0, 256).Select(p => totals.PacketsOf((IpProtocol)p)));

    /// <summary>Hands out few octets at a time, as a pipe does.</summary>
    private sealed class ChunkedStream(byte[] octets, int chunk) : MemoryStream(octets)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, chunk));
    }

    /// <summary>What each thread that comes by has allocated, the first time after the start and the last time.</summary>
    private sealed class Allocations : IBiflowConsumer
    {
        private int _looks;

        public ConcurrentDictionary<int, (long First, long Last)> ByThread { get; } = [];

        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }

        public void Look()
        {
            if (++_looks < 80)
                return;
            var thread = Environment.CurrentManagedThreadId;
            var now = GC.GetAllocatedBytesForCurrentThread();
            ByThread[thread] = (ByThread.TryGetValue(thread, out var known) ? known.First : now, now);
        }
    }

    private sealed class Thrower : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record) => throw new IOException("full");
    }
}
