using EdgeSensors.Firmware.Decode;

namespace EdgeSensors.Firmware.Flows;

/// <summary>
/// Biflows (RFC 5103) in fixed memory: parallel arrays of primitives, chained by 16-bit numbers. The sender of the first packet seen is the
/// initiator. When there is no room a flow is evicted, and counted as such; picked flows are spared where they can be.
/// </summary>
internal sealed class FlowTable
{
    /// <summary>No flow.</summary>
    public const int None = -1;

    // Fields, not properties: a call costs the interpreter as much as twenty instructions.
    private const int SparedAtMost = 8;

    private readonly ulong[] _addresses;
    private readonly uint[] _ports;
    private readonly byte[] _protocols;
    private readonly short[] _next;
    private readonly short[] _heads;
    private readonly ulong _seed;
    private short _free;
    private int _hand;

    /// <summary>Room for a power of two of flows, at most 16,384: 86 octets each. The seed must be secret, lest collisions be made on purpose.</summary>
    public FlowTable(int capacity, ulong seed)
    {
        _seed = seed;
        Capacity = capacity;
        _addresses = new ulong[4 * capacity];
        _ports = new uint[capacity];
        _protocols = new byte[capacity];
        _next = new short[capacity];
        _heads = new short[capacity];
        Octets = new long[2 * capacity];
        Packets = new uint[2 * capacity];
        TcpFlags = new byte[2 * capacity];
        FirstMs = new int[capacity];
        LastMs = new int[capacity];
        Class = new byte[capacity];
        Reason = new byte[capacity];
        Clear();
    }

    /// <summary>The most flows.</summary>
    public readonly int Capacity;

    /// <summary>Flows in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Flows evicted since <see cref="BeginWindow"/>.</summary>
    public uint Evicted { get; private set; }

    /// <summary>Whether the last <see cref="Find"/> opened its flow.</summary>
    public bool Opened;

    /// <summary>Whether the initiator sent the packet of the last <see cref="Find"/>.</summary>
    public bool Forward;

    /// <summary>octetDeltaCount of this window, at 2 i and of the reverse direction at 2 i + 1.</summary>
    public readonly long[] Octets;

    /// <summary>packetDeltaCount of this window, likewise.</summary>
    public readonly uint[] Packets;

    /// <summary>tcpControlBits seen, likewise.</summary>
    public readonly byte[] TcpFlags;

    /// <summary>The first packet's time, as the caller counts milliseconds.</summary>
    public readonly int[] FirstMs;

    /// <summary>The last packet's time.</summary>
    public readonly int[] LastMs;

    /// <summary>What the caller found out about the flow; 0 for not yet.</summary>
    public readonly byte[] Class;

    /// <summary>What picked the flow (the protocol's detector number), 0 for nothing.</summary>
    public readonly byte[] Reason;

    /// <summary>Whether slot <paramref name="i"/> holds a flow.</summary>
    public bool IsUsed(int i)
    {
        return FirstMs[i] >= 0;
    }

    /// <summary>A part of the key: 0 and 1 the initiator's address, 2 and 3 the responder's, in the mapped form.</summary>
    public ulong Address(int i, int part)
    {
        return _addresses[4 * i + part];
    }

    /// <summary>The initiator's port.</summary>
    public int SourcePort(int i)
    {
        return (int)(_ports[i] >> 16);
    }

    /// <summary>The responder's port.</summary>
    public int DestinationPort(int i)
    {
        return (int)(_ports[i] & 0xffff);
    }

    /// <summary>protocolIdentifier.</summary>
    public int Protocol(int i)
    {
        return _protocols[i];
    }

    /// <summary>Finds the packet's flow or opens it, counts the packet to it, and returns its slot.</summary>
    public int Find(FrameHeader h, int timeMs)
    {
        int head = Head(h.SourceHigh, h.SourceLow, (uint)h.SourcePort, h.DestinationHigh, h.DestinationLow, (uint)h.DestinationPort);
        uint ports = ((uint)h.SourcePort << 16) | (uint)h.DestinationPort;
        uint reverse = ((uint)h.DestinationPort << 16) | (uint)h.SourcePort;
        ulong[] a = _addresses;
        Opened = false;
        int i = _heads[head];
        while (i >= 0)
        {
            if (_protocols[i] == h.Protocol)
            {
                int k = 4 * i;
                if (_ports[i] == ports && a[k + 1] == h.SourceLow && a[k + 3] == h.DestinationLow && a[k] == h.SourceHigh && a[k + 2] == h.DestinationHigh)
                {
                    Forward = true;
                    break;
                }

                if (_ports[i] == reverse && a[k + 1] == h.DestinationLow && a[k + 3] == h.SourceLow && a[k] == h.DestinationHigh && a[k + 2] == h.SourceHigh)
                {
                    Forward = false;
                    break;
                }
            }

            i = _next[i];
        }

        if (i < 0)
        {
            i = Open(h, head, ports, timeMs);
        }

        int direction = Forward ? 2 * i : 2 * i + 1;
        Packets[direction]++;
        Octets[direction] += h.IpLength;
        TcpFlags[direction] |= (byte)h.TcpFlags;
        LastMs[i] = timeMs;
        return i;
    }

    /// <summary>
    /// Ends a window: counters begin at zero again, flows silent since <paramref name="silentSinceMs"/> are forgotten, and times are counted
    /// from <paramref name="shiftMs"/> later on.
    /// </summary>
    public void BeginWindow(int silentSinceMs, int shiftMs)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (FirstMs[i] < 0)
            {
                continue;
            }

            if (LastMs[i] < silentSinceMs)
            {
                Remove(i);
                continue;
            }

            // A flow's own begin may lie far back; 0 is "before this window".
            FirstMs[i] = FirstMs[i] > shiftMs ? FirstMs[i] - shiftMs : 0;
            LastMs[i] -= shiftMs;
        }

        System.Array.Clear(Packets, 0, Packets.Length);
        System.Array.Clear(Octets, 0, Octets.Length);
        System.Array.Clear(TcpFlags, 0, TcpFlags.Length);
        Evicted = 0;
    }

    /// <summary>Forgets what was found out about flows, as when the list or the authorisation has changed.</summary>
    public void ForgetClasses()
    {
        System.Array.Clear(Class, 0, Class.Length);
        System.Array.Clear(Reason, 0, Reason.Length);
    }

    /// <summary>Forgets all flows.</summary>
    public void Clear()
    {
        for (int i = 0; i < Capacity; i++)
        {
            _next[i] = (short)(i + 1 < Capacity ? i + 1 : None);
            _heads[i] = None;
            FirstMs[i] = -1;
        }

        _free = 0;
        Count = 0;
        BeginWindow(0, 0);
        ForgetClasses();
    }

    private int Open(FrameHeader h, int head, uint ports, int timeMs)
    {
        if (_free < 0)
        {
            Evict();
        }

        int i = _free;
        _free = _next[i];
        int k = 4 * i;
        _addresses[k] = h.SourceHigh;
        _addresses[k + 1] = h.SourceLow;
        _addresses[k + 2] = h.DestinationHigh;
        _addresses[k + 3] = h.DestinationLow;
        _ports[i] = ports;
        _protocols[i] = (byte)h.Protocol;
        _next[i] = _heads[head];
        _heads[head] = (short)i;
        FirstMs[i] = timeMs;
        Class[i] = 0;
        Reason[i] = 0;
        Count++;
        Opened = true;
        Forward = true;
        return i;
    }

    /// <summary>
    /// The chain of a flow, the same from both sides: each end is mixed with the seed by itself, so that no one can choose ends whose sum is known,
    /// and then they are added.
    /// </summary>
    private int Head(ulong high, ulong low, uint port, ulong otherHigh, ulong otherLow, uint otherPort)
    {
        ulong a = (low ^ (high * 0x9E3779B97F4A7C15UL) ^ ((ulong)port << 47) ^ _seed) * 0xBF58476D1CE4E5B9UL;
        ulong b = (otherLow ^ (otherHigh * 0x9E3779B97F4A7C15UL) ^ ((ulong)otherPort << 47) ^ _seed) * 0xBF58476D1CE4E5B9UL;
        ulong sum = ((a ^ (a >> 29)) * 0x94D049BB133111EBUL) + ((b ^ (b >> 29)) * 0x94D049BB133111EBUL);
        return (int)(sum >> 40) & (Capacity - 1);
    }

    private void Evict()
    {
        int spared = 0;
        while (spared < SparedAtMost && Reason[_hand] != 0)
        {
            spared++;
            _hand = (_hand + 1) & (Capacity - 1);
        }

        Remove(_hand);
        _hand = (_hand + 1) & (Capacity - 1);
        Evicted++;
    }

    private void Remove(int i)
    {
        int k = 4 * i;
        ulong[] a = _addresses;
        int head = Head(a[k], a[k + 1], _ports[i] >> 16, a[k + 2], a[k + 3], _ports[i] & 0xffff);
        if (_heads[head] == i)
        {
            _heads[head] = _next[i];
        }
        else
        {
            int before = _heads[head];
            while (_next[before] != i)
            {
                before = _next[before];
            }

            _next[before] = _next[i];
        }

        Packets[2 * i] = 0;
        Packets[2 * i + 1] = 0;
        Octets[2 * i] = 0;
        Octets[2 * i + 1] = 0;
        TcpFlags[2 * i] = 0;
        TcpFlags[2 * i + 1] = 0;
        FirstMs[i] = -1;
        _next[i] = _free;
        _free = (short)i;
        Count--;
    }
}
