using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Blocklist;

/// <summary>What is listed now, of all categories: single IPv4 addresses near their entropy, and a group for each other length.</summary>
internal sealed class ListedAddresses
{
    /// <summary>The most groups.</summary>
    public const int MaxGroups = 16;

    private readonly PrefixGroup[] _groups = new PrefixGroup[MaxGroups];
    private int _count;

    /// <summary>A list of these addresses; null for none.</summary>
    public ListedAddresses(AddressSet? addresses)
    {
        Addresses = addresses;
    }

    /// <summary>The single IPv4 addresses.</summary>
    public AddressSet? Addresses { get; }

    /// <summary>The file's version.</summary>
    public long Version { get; set; }

    /// <summary>The first moment at which part of it holds no longer, Unix milliseconds.</summary>
    public long NextExpiryMs { get; set; } = long.MaxValue;

    /// <summary>Entries.</summary>
    public int Count
    {
        get
        {
            int all = Addresses == null ? 0 : Addresses.Count;
            for (int i = 0; i < _count; i++)
            {
                all += _groups[i].Count;
            }

            return all;
        }
    }

    /// <summary>Adds a group. False if there is no room for another.</summary>
    public bool TryAdd(PrefixGroup group)
    {
        if (_count == MaxGroups)
        {
            return false;
        }

        _groups[_count++] = group;
        return true;
    }

    /// <summary>Whether an address, IPv4 in its mapped form, is listed.</summary>
    public bool Contains(ulong high, ulong low)
    {
        bool ipv4 = AddressOctets.IsIPv4(high, low);
        if (ipv4 && Addresses != null && Addresses.Contains((uint)low))
        {
            return true;
        }

        int family = ipv4 ? 4 : 6;
        for (int i = 0; i < _count; i++)
        {
            PrefixGroup group = _groups[i];
            if (group.Family == family && group.Contains(high, low))
            {
                return true;
            }
        }

        return false;
    }
}
