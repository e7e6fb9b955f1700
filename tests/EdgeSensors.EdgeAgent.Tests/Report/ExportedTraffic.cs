using System.Buffers.Binary;
using System.Net;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>A router that exports NetFlow v5, record by record, into a consumer; its clock may be wrong.</summary>
internal sealed class ExportedTraffic
{
    public const byte Syn = 2;
    public const byte SynAck = 0x12;
    public const byte RstAck = 0x14;
    public const byte Conversation = 0x1B;

    private static readonly ExporterEndpoint s_router = new(HostAddress.FromIPv4(0xC0000201), 50_000);

    private readonly FlowCollector _collector;
    private readonly ushort _sampling;
    private uint _sequence;

    /// <param name="consumer">Takes the flows.</param>
    /// <param name="sampling">As the header states it; 0 for nothing.</param>
    /// <param name="stated">As a person states it; 0 for nothing.</param>
    public ExportedTraffic(IExportedFlowConsumer consumer, ushort sampling = 0, double stated = 0)
    {
        _collector = new FlowCollector(new CollectorOptions { ConfiguredSampling = _ => stated }, consumer);
        _sampling = sampling;
    }

    /// <summary>When the next record is sent and arrives, milliseconds since the Unix epoch.</summary>
    public long NowMs { get; set; } = 1_800_000_000_000;

    /// <summary>What the router's clock is off by.</summary>
    public long ClockErrorMs { get; set; }

    /// <summary>Sends one record.</summary>
    public ExportedTraffic Flow(string from, ushort fromPort, string to, ushort toPort, byte protocol, byte flags, uint packets = 1, uint octets = 40, uint lengthMs = 0)
    {
        var datagram = new byte[72];
        const uint UptimeMs = 90_000_000;
        var sent = NowMs + ClockErrorMs;
        BinaryPrimitives.WriteUInt16BigEndian(datagram, 5);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), 1);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(4), UptimeMs);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(8), (uint)(sent / 1000));
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(12), (uint)(sent % 1000 * 1_000_000));
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(16), _sequence++);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(22), _sampling);
        IPAddress.Parse(from).TryWriteBytes(datagram.AsSpan(24), out _);
        IPAddress.Parse(to).TryWriteBytes(datagram.AsSpan(28), out _);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(40), packets);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(44), octets);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(48), UptimeMs - 1000 - lengthMs);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(52), UptimeMs - 1000);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(56), fromPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(58), toPort);
        (datagram[61], datagram[62]) = (flags, protocol);
        _collector.Add(s_router, NowMs * 1_000_000, datagram);
        return this;
    }

    /// <summary>A conversation's two records.</summary>
    public ExportedTraffic Conversed(string client, ushort port, string server, ushort service, uint packets = 10) => this
        .Flow(client, port, server, service, 6, Conversation, packets, packets * 100, lengthMs: 500)
        .Flow(server, service, client, port, 6, Conversation, packets, packets * 1000, lengthMs: 499);
}
