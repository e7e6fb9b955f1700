using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>The export datagrams of the captures folder: UDP payloads of pcap files, and files that are one payload.</summary>
internal static class ExportReplay
{
    public static string Folder => Path.Combine(Corpus.Captures, "flowexport");

    /// <summary>Gives a file's datagrams to a collector.</summary>
    public static List<CollectStatus> Into(FlowCollector collector, string path)
    {
        var statuses = new List<CollectStatus>();
        foreach (var (from, atNs, payload) in Datagrams(path))
            statuses.Add(collector.Add(from, atNs, payload));
        return statuses;
    }

    public static IEnumerable<(ExporterEndpoint From, long AtNs, byte[] Payload)> Datagrams(string path) =>
        Path.GetExtension(path) == ".pcap"
            ? OfCapture(path)
            : [(new ExporterEndpoint(HostAddress.FromIPv4(0x7F000001), 9999), 1_700_000_000_000_000_000, File.ReadAllBytes(path))];

    private static List<(ExporterEndpoint From, long AtNs, byte[] Payload)> OfCapture(string path)
    {
        var datagrams = new List<(ExporterEndpoint, long, byte[])>();
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
        {
            CapturedPacket packet = default;
            while (file.Read(ref packet) == PacketRead.Packet)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                if (header.Protocol == IpProtocol.Udp && header.HasPorts)
                    datagrams.Add((new ExporterEndpoint(header.Source, header.SourcePort), packet.TimestampNs, packet.Data.Slice(header.HeaderLength, header.PayloadLength).ToArray()));
            }
        }

        return datagrams;
    }
}
