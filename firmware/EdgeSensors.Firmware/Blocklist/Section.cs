namespace EdgeSensors.Firmware.Blocklist;

/// <summary>A section's head: a sorted set of prefixes of one category, family, length and expiry.</summary>
internal sealed class Section
{
    /// <summary>The most octets of a key.</summary>
    public const int MostKey = 74;

    /// <summary>The key as it lies in the file.</summary>
    public readonly byte[] Key = new byte[MostKey];

    /// <summary>Its octets.</summary>
    public int KeyLength;

    /// <summary>4 or 6.</summary>
    public int Family;

    /// <summary>Bits of the prefixes.</summary>
    public int PrefixLength;

    /// <summary>Unix milliseconds from which its entries count no longer.</summary>
    public long NotAfter;

    /// <summary>Entries.</summary>
    public int Count;

    /// <summary>Where the coded addresses lie.</summary>
    public int Address;

    /// <summary>Their octets.</summary>
    public int Octets;

    /// <summary>Reads a key. False if it is none.</summary>
    public bool TryReadKey(FlashBits bits)
    {
        int category = bits.Octet();
        if (category < 1 || category > 63)
        {
            return false;
        }

        KeyLength = 0;
        Key[KeyLength++] = (byte)category;
        for (int i = 0; i < category; i++)
        {
            int c = bits.Octet();
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            {
                return false;
            }

            Key[KeyLength++] = (byte)c;
        }

        for (int i = 0; i < 10; i++)
        {
            Key[KeyLength++] = (byte)bits.Octet();
        }

        Family = Key[KeyLength - 10];
        PrefixLength = Key[KeyLength - 9];
        NotAfter = 0;
        for (int i = KeyLength - 8; i < KeyLength; i++)
        {
            NotAfter = (NotAfter << 8) | Key[i];
        }

        return !bits.IsPastEnd && (Family == 4 || Family == 6) && PrefixLength >= 1 && PrefixLength <= (Family == 4 ? 32 : 128) && NotAfter >= 0;
    }

    /// <summary>Below zero if this key comes before another, zero if they are the same. Categories are compared as texts: by octets, a shorter one first.</summary>
    public int CompareKey(Section other)
    {
        int shared = KeyLength < other.KeyLength ? KeyLength : other.KeyLength;
        int own = Key[0], others = other.Key[0];
        int both = own < others ? own : others;
        for (int i = 1; i <= both; i++)
        {
            if (Key[i] != other.Key[i])
            {
                return Key[i] - other.Key[i];
            }
        }

        if (own != others)
        {
            return own - others;
        }

        for (int i = own + 1; i < shared; i++)
        {
            if (Key[i] != other.Key[i])
            {
                return Key[i] - other.Key[i];
            }
        }

        return 0;
    }
}
