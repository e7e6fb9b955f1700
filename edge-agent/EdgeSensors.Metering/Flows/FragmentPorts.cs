using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Remembers the ports of first fragments so that later ones are metered in the same flow. A fixed, direct-mapped table: a collision forgets the older datagram,
/// whose remaining fragments are then metered without ports, as are fragments that overtake their first.
/// </summary>
internal sealed class FragmentPorts(ulong seed)
{
    private const int Slots = 4096;
    private const long LifetimeNs = 30_000_000_000; // reassembly gives up between 15 s (RFC 791) and 60 s (RFC 8200); systems use 30 s

    private readonly Entry[] _entries = new Entry[Slots];

    public void Remember(in PacketHeader first)
    {
        ref var entry = ref Slot(in first);
        entry.Key = first.FragmentKey;
        entry.First = first;
    }

    /// <summary>Completes a later fragment from its first one.</summary>
    public bool TryComplete(ref PacketHeader later)
    {
        ref var entry = ref Slot(in later);
        ref readonly var first = ref entry.First;
        if (entry.Key != later.FragmentKey || first.IpVersion == 0 || Math.Abs(later.TimestampNs - first.TimestampNs) > LifetimeNs)
            return false;
        if (first.TunnelDepth > later.TunnelDepth)
            Descend(in first, ref later);

        // A later IPv6 fragment may name an extension header where the first, read further, named the transport (RFC 8200 §4.5).
        later.Protocol = first.Protocol;
        later.SourcePort = first.SourcePort;
        later.DestinationPort = first.DestinationPort;
        later.HasIcmp = first.HasIcmp;
        later.IcmpType = first.IcmpType;
        later.IcmpCode = first.IcmpCode;
        later.IcmpIdentifier = first.IcmpIdentifier;
        return true;
    }

    /// <summary>The first fragment was metered as the packet in the tunnel that it carries: what a later one holds is that packet's. Its own length stays.</summary>
    private static void Descend(in PacketHeader first, ref PacketHeader later)
    {
        later.IpVersion = first.IpVersion;
        later.Source = first.Source;
        later.Destination = first.Destination;
        later.VlanId = first.VlanId;
        later.CustomerVlanId = first.CustomerVlanId;
        later.SegmentId = first.SegmentId;
        later.Tunnel = first.Tunnel;
        later.TunnelId = first.TunnelId;
        later.TunnelDepth = first.TunnelDepth;
        later.HopLimit = first.HopLimit;
        later.TrafficClass = first.TrafficClass;
    }

    private ref Entry Slot(in PacketHeader header) => ref _entries[(int)((header.FragmentKey ^ seed) * 0x9E3779B97F4A7C15 >> 52)];

    private struct Entry
    {
        public ulong Key;
        public PacketHeader First;
    }
}
