using BenchmarkDotNet.Attributes;
using EdgeSensors.Benchmarks.Traffic;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Benchmarks.Meter;

/// <summary>The meter's hot path piece by piece, on a synthetic capture in memory; each figure is for one packet and includes the piece before it.</summary>
[MemoryDiagnoser]
public class MeterPieces
{
    private const int Packets = 200_000;

    private byte[] _capture = [];

    /// <summary>Biflows in the capture: a table that fits the second-level cache, and one that does not.</summary>
    [Params(1_000, 100_000)]
    public int Flows { get; set; }

    [GlobalSetup]
    public void Generate()
    {
        using var stream = new MemoryStream();
        SyntheticCapture.Write(stream, new TrafficShape(Flows, Packets, SnapLength: 96, Seed: 1));
        _capture = stream.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public long Read()
    {
        using var file = Open();
        CapturedPacket packet = default;
        var octets = 0L;
        while (file.Read(ref packet) != PacketRead.End)
            octets += packet.Data.Length;
        return octets;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public long Decode()
    {
        using var file = Open();
        CapturedPacket packet = default;
        var octets = 0L;
        while (file.Read(ref packet) != PacketRead.End)
        {
            FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
            octets += header.IpLength;
        }

        return octets;
    }

    [Benchmark(OperationsPerInvoke = Packets, Description = "Meter, packet by packet")]
    public long Add()
    {
        using var file = Open();
        var meter = new PacketMeter(new FlowTableOptions(), new Discard());
        CapturedPacket packet = default;
        while (file.Read(ref packet) != PacketRead.End)
            meter.Add(ref packet);
        meter.Flows.Flush();
        return meter.Flows.ExportedCount;
    }

    [Benchmark(OperationsPerInvoke = Packets, Description = "Meter, looking ahead")]
    public long Enqueue()
    {
        using var file = Open();
        var meter = new PacketMeter(new FlowTableOptions(), new Discard());
        meter.AddAll(file);
        return meter.Flows.ExportedCount;
    }

    private CaptureFile Open() =>
        CaptureFile.TryOpen(new MemoryStream(_capture), "capture", out var file, out var error) ? file : throw new InvalidOperationException(error.Message);

    private sealed class Discard : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }
    }
}
