namespace EdgeSensors.Firmware.Detect;

/// <summary>What one sweep over the flows adds up to for each address, in fixed memory: 64 addresses, those of fewest flows giving way.</summary>
internal sealed class SourceTable
{
    /// <summary>Places.</summary>
    public const int Capacity = 64;

    /// <summary>Words of a bitmap that tells distinct things: 256 bits, so that some fall together and figures are too low, never too high.</summary>
    public const int Words = 4;

    private const int Probes = 8;

    /// <summary>The address of a place.</summary>
    public readonly ulong[] High = new ulong[Capacity], Low = new ulong[Capacity];

    /// <summary>Flows that led to nothing, and others.</summary>
    public readonly int[] Failed = new int[Capacity], Good = new int[Capacity];

    /// <summary>Packets and octets of those that led to nothing.</summary>
    public readonly ulong[] Packets = new ulong[Capacity], Octets = new ulong[Capacity];

    /// <summary>Packets a second.</summary>
    public readonly uint[] Rate = new uint[Capacity];

    /// <summary>The first and the last of them, as the flow table counts.</summary>
    public readonly int[] FirstMs = new int[Capacity], LastMs = new int[Capacity];

    /// <summary>Their direction.</summary>
    public readonly byte[] Direction = new byte[Capacity];

    private readonly ulong[] _ports = new ulong[Capacity * Words];
    private readonly ulong[] _peers = new ulong[Capacity * Words];

    /// <summary>Whether a place is taken.</summary>
    public bool IsUsed(int place)
    {
        return Failed[place] + Good[place] > 0;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        System.Array.Clear(Failed, 0, Capacity);
        System.Array.Clear(Good, 0, Capacity);
        System.Array.Clear(_ports, 0, _ports.Length);
        System.Array.Clear(_peers, 0, _peers.Length);
    }

    /// <summary>The place of an address, made if it is new.</summary>
    public int Find(ulong high, ulong low, ulong hash)
    {
        int at = (int)(hash >> 58);
        int least = at;
        for (int probe = 0; probe < Probes; probe++)
        {
            int place = (at + probe) & (Capacity - 1);
            if (!IsUsed(place))
            {
                least = place;
                break;
            }

            if (High[place] == high && Low[place] == low)
            {
                return place;
            }

            if (Failed[place] < Failed[least])
            {
                least = place;
            }
        }

        High[least] = high;
        Low[least] = low;
        Failed[least] = 0;
        Good[least] = 0;
        Packets[least] = 0;
        Octets[least] = 0;
        Rate[least] = 0;
        FirstMs[least] = int.MaxValue;
        LastMs[least] = 0;
        System.Array.Clear(_ports, least * Words, Words);
        System.Array.Clear(_peers, least * Words, Words);
        return least;
    }

    /// <summary>Marks a port and a peer by their hashes.</summary>
    public void Mark(int place, ulong portHash, ulong peerHash)
    {
        _ports[place * Words + (int)(portHash >> 62)] |= 1UL << (int)((portHash >> 56) & 63);
        _peers[place * Words + (int)(peerHash >> 62)] |= 1UL << (int)((peerHash >> 56) & 63);
    }

    /// <summary>Distinct ports, at least.</summary>
    public int Ports(int place)
    {
        return Ones(_ports, place);
    }

    /// <summary>Distinct peers, at least.</summary>
    public int Peers(int place)
    {
        return Ones(_peers, place);
    }

    private static int Ones(ulong[] words, int place)
    {
        int ones = 0;
        for (int i = 0; i < Words; i++)
        {
            ulong word = words[place * Words + i];
            while (word != 0)
            {
                word &= word - 1;
                ones++;
            }
        }

        return ones;
    }
}
