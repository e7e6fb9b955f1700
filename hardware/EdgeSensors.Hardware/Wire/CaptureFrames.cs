using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Hardware.Wire;

/// <summary>The Ethernet frames of a capture file, timed from its first packet.</summary>
public static class CaptureFrames
{
    private const int LongestFrame = 65_535; // what a file claims beyond it is not believed

    /// <summary>Why a file cannot be played: no capture, or none with an Ethernet frame in it; null where it can.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? Fault(string path)
    {
        try
        {
            return Read(path).Any() ? null : $"{path} has no Ethernet frame";
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    /// <summary>Reads them one by one. A frame that was captured in part is filled up with zeros: its payload is nobody's business.</summary>
    /// <param name="path">A pcap or pcapng file.</param>
    /// <exception cref="InvalidDataException">It is neither.</exception>
    public static IEnumerable<WireFrame> Read(string path)
    {
        if (!CaptureFile.TryOpen(path, out CaptureFile? file, out CaptureError? error))
        {
            throw new InvalidDataException($"{path} is no capture file: {error.Message}");
        }

        using (file)
        {
            long first = -1, last = 0;
            while (Next(file, out CapturedPacket packet))
            {
                if (packet.LinkType != LinkType.Ethernet)
                {
                    continue;
                }

                first = first < 0 ? packet.TimestampNs : first;
                last = Math.Max(last, packet.TimestampNs - first); // captures are not always in order; a wire is
                byte[] octets = new byte[Math.Max(Math.Min(packet.OriginalLength, LongestFrame), packet.Data.Length)];
                packet.Data.CopyTo(octets);
                yield return new WireFrame(last, octets);
            }
        }
    }

    private static bool Next(CaptureFile file, out CapturedPacket packet)
    {
        packet = default;
        return file.Read(ref packet) == PacketRead.Packet;
    }
}
