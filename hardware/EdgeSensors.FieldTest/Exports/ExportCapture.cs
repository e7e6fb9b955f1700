using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Exports;

/// <summary>The export datagrams of a capture, in their order.</summary>
/// <param name="Datagrams">The UDP payloads.</param>
internal sealed record ExportCapture(IReadOnlyList<ExportDatagram> Datagrams)
{
    /// <summary>Reads a pcap or pcapng file; of any other file all octets are one datagram.</summary>
    public static bool TryRead(string path, [NotNullWhen(true)] out ExportCapture? capture, [NotNullWhen(false)] out string? error)
    {
        capture = null;
        if (!CaptureFile.TryOpen(path, out var file, out var wrong))
        {
            return wrong.Kind == CaptureErrorKind.NotACapture ? TryReadOne(path, out capture, out error) : Refuse(wrong.Message, out error);
        }

        using (file)
        {
            var datagrams = new List<ExportDatagram>();
            CapturedPacket packet = default;
            while (file.Read(ref packet) == PacketRead.Packet)
            {
                FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                var payload = header.IpVersion == 0 || header.Protocol != IpProtocol.Udp ? [] : packet.Data[Math.Min(header.HeaderLength, packet.Data.Length)..];
                payload = payload[..Math.Min(header.PayloadLength, payload.Length)];
                if (ExportHeader.FormatOf(payload) is not null)
                {
                    datagrams.Add(new ExportDatagram(packet.TimestampNs, new ExporterEndpoint(header.Source, header.SourcePort), payload.ToArray()));
                }
            }

            capture = new ExportCapture(datagrams);
            return datagrams.Count > 0 ? Accept(out error) : Refuse($"{path}: holds no IPFIX, NetFlow or sFlow datagram", out error);
        }
    }

    private static bool TryReadOne(string path, out ExportCapture? capture, out string? error)
    {
        capture = null;
        try
        {
            var octets = File.ReadAllBytes(path);
            if (octets.Length > 65_507 || ExportHeader.FormatOf(octets) is null)
            {
                return Refuse($"{path}: is neither a capture nor an export datagram", out error);
            }

            capture = new ExportCapture([new ExportDatagram(0, new ExporterEndpoint(HostAddress.FromIPv4(0x7F000001), 9999), octets)]);
            return Accept(out error);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Refuse($"{path}: cannot be read ({exception.Message.TrimEnd('.')})", out error);
        }
    }

    private static bool Accept(out string? error)
    {
        error = null;
        return true;
    }

    private static bool Refuse(string what, out string? error)
    {
        error = what;
        return false;
    }
}

/// <summary>One export datagram.</summary>
/// <param name="AtNs">When it was captured, nanoseconds since the Unix epoch.</param>
/// <param name="From">Who sent it.</param>
/// <param name="Payload">Its octets.</param>
internal sealed record ExportDatagram(long AtNs, ExporterEndpoint From, byte[] Payload);
