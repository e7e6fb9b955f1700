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
        entry.Source = first.Source;
        entry.Destination = first.Destination;
        entry.FragmentId = first.FragmentId;
        entry.Protocol = first.Protocol;
        entry.TimestampNs = first.TimestampNs;
        entry.SourcePort = first.SourcePort;
        entry.DestinationPort = first.DestinationPort;
        entry.HasIcmp = first.HasIcmp;
        entry.IcmpType = first.IcmpType;
        entry.IcmpCode = first.IcmpCode;
        entry.IcmpIdentifier = first.IcmpIdentifier;
        entry.Used = true;
    }

    /// <summary>Completes a later fragment from its first one.</summary>
    public bool TryComplete(ref PacketHeader later)
    {
        ref var entry = ref Slot(in later);
        if (!entry.Used || entry.FragmentId != later.FragmentId || entry.Source != later.Source || entry.Destination != later.Destination
            || Math.Abs(later.TimestampNs - entry.TimestampNs) > LifetimeNs)
        {
            return false;
        }

        // A later IPv6 fragment may name an extension header where the first, read further, named the transport (RFC 8200 §4.5).
        if (later.IpVersion == 4 && entry.Protocol != later.Protocol)
            return false;
        later.Protocol = entry.Protocol;
        later.SourcePort = entry.SourcePort;
        later.DestinationPort = entry.DestinationPort;
        later.HasIcmp = entry.HasIcmp;
        later.IcmpType = entry.IcmpType;
        later.IcmpCode = entry.IcmpCode;
        later.IcmpIdentifier = entry.IcmpIdentifier;
        return true;
    }

    private ref Entry Slot(in PacketHeader header)
    {
        var mix = (header.Source.Low ^ seed) * 0x9E3779B97F4A7C15;
        mix = (mix ^ header.Destination.Low ^ (mix >> 29)) * 0xBF58476D1CE4E5B9;
        mix = (mix ^ header.FragmentId ^ (mix >> 32)) * 0x94D049BB133111EB;
        return ref _entries[(int)(mix >> 52)];
    }

    private struct Entry
    {
        public HostAddress Source;
        public HostAddress Destination;
        public long TimestampNs;
        public uint FragmentId;
        public ushort SourcePort;
        public ushort DestinationPort;
        public ushort IcmpIdentifier;
        public byte IcmpType;
        public byte IcmpCode;
        public IpProtocol Protocol;
        public bool HasIcmp;
        public bool Used;
    }
}
