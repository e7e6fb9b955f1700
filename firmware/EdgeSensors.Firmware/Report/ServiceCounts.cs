namespace EdgeSensors.Firmware.Report;

/// <summary>
/// Counts by protocol and service port in fixed memory. A service that finds its eight places taken takes the one of fewest packets, whose
/// counts are lost: what is shown is never too high, and exact for what stayed.
/// </summary>
internal sealed class ServiceCounts
{
    /// <summary>Places.</summary>
    public const int Capacity = 512;

    private const int Probes = 8;

    private readonly uint[] _keys = new uint[Capacity];
    private readonly uint[] _packets = new uint[Capacity];
    private readonly uint[] _flows = new uint[Capacity];
    private readonly ulong[] _octets = new ulong[Capacity];

    /// <summary>Counts a packet.</summary>
    public void Add(int protocol, int port, int octets, bool opens)
    {
        uint key = ((uint)protocol << 16) | (uint)port;
        int at = (int)((key * 0x9E3779B1u) >> 23);
        int least = at;
        for (int probe = 0; probe < Probes; probe++)
        {
            int place = (at + probe) & (Capacity - 1);
            if (_keys[place] == key || _keys[place] == 0)
            {
                least = place;
                break;
            }

            if (_packets[place] < _packets[least])
            {
                least = place;
            }
        }

        if (_keys[least] != key)
        {
            _keys[least] = key;
            _packets[least] = 0;
            _flows[least] = 0;
            _octets[least] = 0;
        }

        _packets[least]++;
        _octets[least] += (uint)octets;
        if (opens)
        {
            _flows[least]++;
        }
    }

    /// <summary>Puts the places of most packets into an array, the most first; returns how many, which is fewer than it holds when there are fewer.</summary>
    public int Most(int[] places)
    {
        int count = 0;
        for (int i = 0; i < Capacity; i++)
        {
            if (_keys[i] == 0 || (count == places.Length && Precedes(places[count - 1], i)))
            {
                continue;
            }

            int low = 0;
            int high = count;
            while (low < high)
            {
                int middle = (low + high) >> 1;
                if (Precedes(places[middle], i))
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            if (count < places.Length)
            {
                count++;
            }

            for (int at = count - 1; at > low; at--)
            {
                places[at] = places[at - 1];
            }

            places[low] = i;
        }

        return count;
    }

    /// <summary>protocolIdentifier of a place.</summary>
    public int Protocol(int place)
    {
        return (int)(_keys[place] >> 16);
    }

    /// <summary>The service port of a place.</summary>
    public int Port(int place)
    {
        return (int)(_keys[place] & 0xffff);
    }

    /// <summary>Packets of a place.</summary>
    public uint Packets(int place)
    {
        return _packets[place];
    }

    /// <summary>Octets of a place.</summary>
    public ulong Octets(int place)
    {
        return _octets[place];
    }

    /// <summary>Flows of a place.</summary>
    public uint Flows(int place)
    {
        return _flows[place];
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        System.Array.Clear(_keys, 0, Capacity);
        System.Array.Clear(_packets, 0, Capacity);
        System.Array.Clear(_flows, 0, Capacity);
        System.Array.Clear(_octets, 0, Capacity);
    }

    private bool Precedes(int a, int b)
    {
        return _packets[a] > _packets[b] || (_packets[a] == _packets[b] && _keys[a] < _keys[b]);
    }
}
