using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Every IP packet that was on a wire, as the agent's own decoder reads it.</summary>
internal sealed class WireTruth
{
    private readonly List<WirePacket> _packets = [];

    /// <summary>Notes a frame.</summary>
    public void Note(long atNs, ReadOnlySpan<byte> frame)
    {
        FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, 0, out var header);
        if (header.IpVersion != 0)
        {
            _packets.Add(new WirePacket(atNs, header.IpLength, (byte)header.Protocol, (byte)header.TcpFlags, header.HasPorts ? header.SourcePort : -1, header.HasPorts ? header.DestinationPort : -1));
        }
    }

    /// <summary>The packets whose last bit arrived from one time on and before another.</summary>
    public ReadOnlySpan<WirePacket> Between(long fromNs, long toNs)
    {
        var all = CollectionsMarshal.AsSpan(_packets);
        int first = First(all, fromNs), last = First(all, toNs);
        return first < last ? all[first..last] : [];
    }

    private static int First(ReadOnlySpan<WirePacket> packets, long atNs)
    {
        int low = 0, high = packets.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = packets[middle].AtNs < atNs ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>A packet on a wire.</summary>
/// <param name="AtNs">When its last bit arrived, nanoseconds since the start.</param>
/// <param name="Octets">Of the IP packet.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="TcpFlags">Of TCP; 0 otherwise.</param>
/// <param name="SourcePort">Minus one where there are no ports.</param>
/// <param name="DestinationPort">The same.</param>
internal readonly record struct WirePacket(long AtNs, long Octets, byte Protocol, byte TcpFlags, int SourcePort, int DestinationPort);
