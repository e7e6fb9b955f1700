using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Detect;

/// <summary>A flow table with detectors on it, fed by hand or from a file.</summary>
internal sealed class Bench : IDetectionConsumer, IBiflowConsumer
{
    public const long Ms = 1_000_000;

    private readonly FlowTable _flows;

    public Bench(DetectorOptions? options = null, ulong seed = 7)
    {
        _flows = new FlowTable(new FlowTableOptions { HashSeed = seed }, this);
        Engine = new DetectionEngine(options ?? new DetectorOptions(), seed, _flows, this);
    }

    public DetectionEngine Engine { get; }

    public List<Detection> Findings { get; } = [];

    public List<HostAddress> PickedSources { get; } = [];

    public long NowNs { get; set; } = 1_700_000_000_000 * Ms;

    public static HostAddress Ip(uint last, uint network = 0xC6336400) => HostAddress.FromIPv4(network + last);

    public void OnDetection(Detection detection) => Findings.Add(detection);

    public void OnBiflow(ref readonly BiflowRecord record)
    {
        if (Engine.TryPick(in record, out _))
        {
            PickedSources.Add(record.Source);
        }
    }

    public Bench Tcp(HostAddress from, ushort fromPort, HostAddress to, ushort toPort, TcpControlBits flags, int payload = 0, uint sequence = 1, uint acknowledgement = 0)
    {
        Feed(new PacketHeader
        {
            TimestampNs = NowNs, Source = from, Destination = to, SourcePort = fromPort, DestinationPort = toPort, Protocol = IpProtocol.Tcp, IpVersion = 4,
            TcpFlags = flags, PayloadLength = payload, IpLength = 40 + payload, HasPorts = true, TcpSequence = sequence, TcpAcknowledgement = acknowledgement,
        });
        return this;
    }

    public Bench Udp(HostAddress from, ushort fromPort, HostAddress to, ushort toPort, int payload = 20)
    {
        Feed(new PacketHeader
        {
            TimestampNs = NowNs, Source = from, Destination = to, SourcePort = fromPort, DestinationPort = toPort, Protocol = IpProtocol.Udp, IpVersion = 4,
            PayloadLength = payload, IpLength = 28 + payload, HasPorts = true,
        });
        return this;
    }

    /// <summary>A whole conversation: handshake, a question, an answer.</summary>
    public Bench Conversation(HostAddress client, ushort port, HostAddress server, ushort service)
    {
        Tcp(client, port, server, service, TcpControlBits.Syn, sequence: 10);
        Tcp(server, service, client, port, TcpControlBits.Syn | TcpControlBits.Ack, sequence: 50, acknowledgement: 11);
        Tcp(client, port, server, service, TcpControlBits.Ack, sequence: 11, acknowledgement: 51);
        Tcp(client, port, server, service, TcpControlBits.Ack | TcpControlBits.Psh, 100, 11, 51);
        return Tcp(server, service, client, port, TcpControlBits.Ack | TcpControlBits.Psh, 1000, 51, 111);
    }

    public Bench Wait(int ms)
    {
        NowNs += ms * Ms;
        return this;
    }

    public Bench End()
    {
        Engine.Flush();
        _flows.Flush();
        return this;
    }

    public static Bench OfFile(string path)
    {
        var bench = new Bench();
        Assert.True(CaptureFile.TryOpen(path, out var capture, out var error), error?.Message);
        using (capture)
        {
            CapturedPacket packet = default;
            while (capture.Read(ref packet) == PacketRead.Packet)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.IpVersion != 0)
                {
                    bench.Feed(in header);
                    if (header.QuotedOffset != 0 && FrameDecoder.TryDecodeQuoted(packet.Data, in header, out var quoted))
                    {
                        bench._flows.MarkRefused(in quoted);
                    }
                }
            }
        }

        return bench.End();
    }

    private void Feed(in PacketHeader header)
    {
        ref readonly var record = ref _flows.Add(in header);
        Engine.Add(in header, in record);
    }
}
