using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Firmware.Tests;

/// <summary>One frame of a real capture.</summary>
internal readonly record struct CapturedFrame(byte[] Octets, int Length, long UnixMs);

/// <summary>Real captures of Ethernet beside the repository.</summary>
internal static class Captures
{
    /// <summary>The capture files up to a size, in order of name.</summary>
    public static IEnumerable<string> Files(string folder, long upTo) =>
        Directory.EnumerateFiles(SharedData.Path("captures/" + folder), "*", SearchOption.AllDirectories)
            .Where(f => new FileInfo(f).Length <= upTo).Order(StringComparer.Ordinal);

    /// <summary>The Ethernet frames of a file, none if it is no capture.</summary>
    public static IEnumerable<CapturedFrame> Frames(string path)
    {
        if (!CaptureFile.TryOpen(path, out CaptureFile? file, out _))
        {
            yield break;
        }

        using (file)
        {
            while (Next(file) is { } frame)
            {
                if (frame.Octets is not null)
                {
                    yield return frame;
                }
            }
        }
    }

    private static CapturedFrame? Next(CaptureFile file)
    {
        CapturedPacket packet = default;
        return file.Read(ref packet) != PacketRead.Packet ? null
            : packet.LinkType != LinkType.Ethernet ? default(CapturedFrame)
            : new CapturedFrame(packet.Data.ToArray(), Math.Max(packet.OriginalLength, packet.Data.Length), packet.TimestampNs / 1_000_000);
    }
}
