using EdgeSensors.FieldTest.Network;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Replay;

/// <summary>Counts what comes out of the gateway on both sides: the referee of the run. Reads headers only, as the agent does.</summary>
internal sealed class ArrivalWatch : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(120);

    private readonly ReplayPlan _plan;
    private readonly List<(LiveCapture Capture, Thread Reader)> _readers = [];
    private volatile bool _stop;

    private ArrivalWatch(ReplayPlan plan) => _plan = plan;

    /// <summary>What arrived so far.</summary>
    public CrossingCount Arrived { get; } = new();

    /// <summary>Opens the far ends; throws <see cref="NetworkSetupException"/> where the kernel refuses.</summary>
    public static ArrivalWatch Open(GatewayNetwork network, ReplayPlan plan)
    {
        var watch = new ArrivalWatch(plan);
        watch.Start(network.Inside, GatewayNetwork.InsideInterface, inbound: true);
        watch.Start(network.Outside, GatewayNetwork.OutsideInterface, inbound: false);
        return watch;
    }

    /// <summary>Waits until nothing has arrived for a while.</summary>
    public void Settle(TimeSpan atMost)
    {
        var deadline = Environment.TickCount64 + (long)atMost.TotalMilliseconds;
        var (last, since) = (Arrived.Total, Environment.TickCount64);
        while (Environment.TickCount64 < deadline && Environment.TickCount64 - since < Quiet.TotalMilliseconds)
        {
            Thread.Sleep(20);
            if (Arrived.Total != last)
            {
                (last, since) = (Arrived.Total, Environment.TickCount64);
            }
        }
    }

    /// <summary>Frames that the counting itself lost; the counts are exact only while this is 0.</summary>
    public long Missed() => _readers.Sum(r => r.Capture.ReadStatistics().Dropped);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop = true;
        foreach (var (capture, reader) in _readers)
        {
            reader.Join();
            capture.Dispose();
        }
    }

    private void Start(NetworkNamespace place, string interfaceName, bool inbound)
    {
        var options = new LiveCaptureOptions { BlockTimeoutMs = 5, WaitMs = 50, RingOctets = 16 << 20, BlockOctets = 256 << 10 };
        LiveCaptureError? error = null;
        var capture = place.Run(() => LiveCapture.TryOpen(interfaceName, options, out var opened, out error) ? opened : null)
            ?? throw new NetworkSetupException($"watching {interfaceName} failed: {error!.Message}");
        var reader = new Thread(() => Read(capture, inbound)) { IsBackground = true, Name = $"watch {interfaceName}" };
        _readers.Add((capture, reader));
        reader.Start();
    }

    private void Read(LiveCapture capture, bool inbound)
    {
        var packet = default(CapturedPacket);
        var known = new Dictionary<HostAddress, bool>();
        while (!_stop)
        {
            if (capture.Read(ref packet) != PacketRead.Packet)
            {
                continue;
            }

            FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);

            // The interface also shows what is injected there; what has come through the gateway has its source on the other side.
            if (header.IpVersion != 0 && IsInside(known, header.Source) != inbound && IsInside(known, header.Destination) == inbound)
            {
                Arrived.Add(inbound ? header.Source : header.Destination, inbound);
            }
        }
    }

    private bool IsInside(Dictionary<HostAddress, bool> known, HostAddress address)
    {
        if (!known.TryGetValue(address, out var inside))
        {
            known[address] = inside = _plan.Inside.Contains(address);
        }

        return inside;
    }
}
