using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>The IP packets of a capture that a gateway can forward, in order, and how many were left out and why.</summary>
internal sealed class Trace
{
    private const long LargestCapture = 1L << 30;

    private Trace(string name, List<TracePacket> packets, SortedDictionary<string, int> leftOut, string? note)
    {
        Name = name;
        Packets = packets;
        LeftOut = leftOut;
        Note = note;
    }

    /// <summary>What people call it: a file name, or what was generated.</summary>
    public string Name { get; }

    /// <summary>In the order of the capture; at least one.</summary>
    public IReadOnlyList<TracePacket> Packets { get; }

    /// <summary>Frames that cannot run through a gateway, by reason.</summary>
    public IReadOnlyDictionary<string, int> LeftOut { get; }

    /// <summary>Something about the file that the reader should know, such as its cut end; null where all is well.</summary>
    public string? Note { get; }

    /// <summary>From the first packet to the last.</summary>
    public TimeSpan Duration => TimeSpan.FromTicks(Packets[^1].OffsetNs / 100);

    /// <summary>Octets of the largest IP packet.</summary>
    public int LargestPacket => Packets.Max(p => p.IpLength);

    /// <summary>Reads a capture whole; false with one line of why.</summary>
    /// <param name="path">pcap or pcapng.</param>
    /// <param name="longestSilence">A longer time without a packet is cut to this.</param>
    /// <param name="trace">The trace.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryRead(string path, TimeSpan longestSilence, [NotNullWhen(true)] out Trace? trace, [NotNullWhen(false)] out string? error)
    {
        trace = null;
        if (File.Exists(path) && new FileInfo(path).Length > LargestCapture)
        {
            error = $"{path}: larger than 1 GiB, which is more than a field test replays; cut it, for instance with editcap -c";
            return false;
        }

        if (!CaptureFile.TryOpen(path, out var file, out var opening))
        {
            error = opening.Message;
            return false;
        }

        using (file)
        {
            var packets = new List<TracePacket>();
            var leftOut = new SortedDictionary<string, int>(StringComparer.Ordinal);
            var captured = default(CapturedPacket);
            var clock = new TraceClock(longestSilence);
            while (file.Read(ref captured) == PacketRead.Packet)
            {
                var reason = Take(captured, clock, packets);
                if (reason is not null)
                {
                    leftOut[reason] = leftOut.GetValueOrDefault(reason) + 1;
                }
            }

            error = packets.Count > 0 ? null : $"{path}: holds no IP packet that a gateway would forward ({Describe(leftOut)})";
            trace = error is null ? new Trace(Path.GetFileName(path), packets, leftOut, file.Error?.Message) : null;
            return trace is not null;
        }
    }

    /// <summary>A trace of packets made here.</summary>
    public static Trace Of(string name, List<TracePacket> packets) => new(name, packets, [], null);

    private static string? Take(in CapturedPacket captured, TraceClock clock, List<TracePacket> packets)
    {
        var status = FrameDecoder.Decode(captured.LinkType, captured.Data, captured.OriginalLength, captured.TimestampNs, out var header);
        if (header.IpVersion == 0 || !LinkFraming.TryFindIp(captured.LinkType, captured.Data, out var offset))
        {
            return status == DecodeStatus.NotIp ? "not IP" : "not readable as IP";
        }

        if (header.TunnelDepth > 0)
        {
            return "in a tunnel"; // a gateway forwards by the tunnel's own header, and the agent meters the packet inside
        }

        if (!Forwarding.IsForwarded(header, out var reason))
        {
            return reason;
        }

        var at = clock.Advance(captured.TimestampNs);
        packets.Add(new TracePacket(at, header.Source, header.Destination, ConversationKey.Of(header), EthernetFrame.Around(captured.Data[offset..], header)));
        return null;
    }

    private static string Describe(SortedDictionary<string, int> leftOut) =>
        leftOut.Count == 0 ? "it is empty" : string.Join(", ", leftOut.Select(r => $"{r.Value} {r.Key}"));
}
