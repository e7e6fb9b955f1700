using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Sketches;

namespace EdgeSensors.Firmware.Report;

/// <summary>What a window adds up to, in fixed memory and without any address: counts, histograms and sketches.</summary>
internal sealed class WindowCounts
{
    /// <summary>Bins of the histogram of IP lengths, and of TCP flags.</summary>
    public const int Bins = 8;

    /// <summary>Packets, octets and flows in all: positions 0, 1 and 2.</summary>
    public readonly ulong[] Total = new ulong[3];

    /// <summary>The same for each direction.</summary>
    public readonly ulong[] Directions = new ulong[3 * Direction.Count];

    /// <summary>The same for each protocol.</summary>
    public readonly ulong[] Protocols = new ulong[3 * 256];

    /// <summary>Packets by IP length.</summary>
    public readonly uint[] Sizes = new uint[Bins];

    /// <summary>TCP packets with each control bit.</summary>
    public readonly uint[] TcpFlags = new uint[Bins];

    /// <summary>The busiest services.</summary>
    public readonly ServiceCounts Services = new ServiceCounts();

    /// <summary>Distinct own addresses, other addresses, other ends' ports, and pairs of addresses.</summary>
    public readonly HyperLogLog[] Cardinalities = { new HyperLogLog(), new HyperLogLog(), new HyperLogLog(), new HyperLogLog() };

    /// <summary>Frames cut or malformed.</summary>
    public uint Malformed;

    /// <summary>Counts a packet in the total.</summary>
    public void AddTotal(int octets, bool opens)
    {
        Total[0]++;
        Total[1] += (uint)octets;
        if (opens)
        {
            Total[2]++;
        }
    }

    /// <summary>Counts a packet that the authorisation lets be selected.</summary>
    public void Add(FrameHeader h, int direction, int servicePort, bool opens)
    {
        int octets = h.IpLength;
        uint flow = opens ? 1u : 0;
        int d = 3 * direction;
        Directions[d]++;
        Directions[d + 1] += (uint)octets;
        Directions[d + 2] += flow;
        int p = 3 * h.Protocol;
        Protocols[p]++;
        Protocols[p + 1] += (uint)octets;
        Protocols[p + 2] += flow;
        Sizes[SizeBin(octets)]++;
        for (int bit = 0, flags = h.TcpFlags; flags != 0; bit++, flags >>= 1)
        {
            if ((flags & 1) != 0)
            {
                TcpFlags[bit]++;
            }
        }

        if (h.HasPorts && (h.Protocol == 6 || h.Protocol == 17))
        {
            Services.Add(h.Protocol, servicePort, octets, opens);
        }
    }

    /// <summary>Begins the next window.</summary>
    public void Clear()
    {
        System.Array.Clear(Total, 0, Total.Length);
        System.Array.Clear(Directions, 0, Directions.Length);
        System.Array.Clear(Protocols, 0, Protocols.Length);
        System.Array.Clear(Sizes, 0, Sizes.Length);
        System.Array.Clear(TcpFlags, 0, TcpFlags.Length);
        Services.Clear();
        for (int i = 0; i < Cardinalities.Length; i++)
        {
            Cardinalities[i].Clear();
        }

        Malformed = 0;
    }

    private static int SizeBin(int octets)
    {
        if (octets <= 127)
        {
            return octets <= 63 ? 0 : 1;
        }

        if (octets <= 511)
        {
            return octets <= 255 ? 2 : 3;
        }

        if (octets <= 1279)
        {
            return octets <= 1023 ? 4 : 5;
        }

        return octets <= 1500 ? 6 : 7;
    }
}
