using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Flows;

/// <summary>
/// Remembers the ports of first fragments so that later ones are metered in the same flow. A fixed table of four places a slot, taken once there is a fragment: a fifth datagram
/// in a slot makes the oldest be forgotten, whose remaining fragments are then metered without ports, as are fragments that overtake their first.
/// </summary>
internal sealed class FragmentPorts(ulong seed)
{
    private const int Slots = 1024;
    private const int Places = 4;
    private const long LifetimeNs = 30_000_000_000; // reassembly gives up between 15 s (RFC 791) and 60 s (RFC 8200); systems use 30 s

    private Entry[]? _entries;

    public void Remember(in PacketHeader first)
    {
        _entries ??= new Entry[Slots * Places];
        var slot = Slot(in first);
        ref var oldest = ref slot[0];
        foreach (ref var entry in slot)
        {
            if (entry.Key == first.FragmentKey || entry.First.IpVersion == 0)
            {
                oldest = ref entry;
                break;
            }

            if (entry.First.TimestampNs < oldest.First.TimestampNs)
                oldest = ref entry;
        }

        oldest.Key = first.FragmentKey;
        oldest.First = first;
    }

    /// <summary>Completes a later fragment from its first one.</summary>
    public bool TryComplete(ref PacketHeader later)
    {
        if (_entries is null)
            return false;
        foreach (ref readonly var entry in Slot(in later))
        {
            if (entry.Key == later.FragmentKey && entry.First.IpVersion != 0)
                return Math.Abs(later.TimestampNs - entry.First.TimestampNs) <= LifetimeNs && Complete(in entry.First, ref later);
        }

        return false;
    }

    private static bool Complete(in PacketHeader first, ref PacketHeader later)
    {
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

    private Span<Entry> Slot(in PacketHeader header) => _entries.AsSpan((int)((header.FragmentKey ^ seed) * 0x9E3779B97F4A7C15 >> 54) * Places, Places);

    private struct Entry
    {
        public ulong Key;
        public PacketHeader First;
    }
}
