namespace EdgeSensors.Firmware.Select;

/// <summary>
/// What may be reported: the verified collection authorisation in force, or none, and then only health leaves (wall 2). A tap stands in its
/// owner's own network: it holds the owner's consent, which covers peers at home.
/// </summary>
internal sealed class Authority
{
    /// <summary>The most own prefixes.</summary>
    public const int MaxPrefixes = 64;

    private readonly ulong[] _prefixHigh = new ulong[MaxPrefixes];
    private readonly ulong[] _prefixLow = new ulong[MaxPrefixes];
    private readonly ulong[] _maskHigh = new ulong[MaxPrefixes];
    private readonly ulong[] _maskLow = new ulong[MaxPrefixes];
    private long _notBefore, _notAfter;
    private int _prefixes;
    private int _directions;
    private bool _concern;

    /// <summary>Its id, a token; null when there is none in force.</summary>
    public string? Id { get; private set; }

    /// <summary>Unix milliseconds from which it holds.</summary>
    public long NotBefore => _notBefore;

    /// <summary>Unix milliseconds from which it holds no longer.</summary>
    public long NotAfter => _notAfter;

    /// <summary>Whether it is in force: verified, and the trusted time is within it.</summary>
    public bool IsInForce(long unixMs)
    {
        return unixMs < _notAfter && unixMs >= _notBefore;
    }

    /// <summary>Whether a flow in this direction may be counted in detail.</summary>
    public bool Covers(int direction)
    {
        return (_directions & (1 << direction)) != 0;
    }

    /// <summary>Whether flows that the list picks may leave as records.</summary>
    public bool AllowsRecords => _concern;

    /// <summary>0 broad, 1 concern, 2 targeted: what the document says.</summary>
    public int Level { get; set; }

    /// <summary>Withdraws what is in force.</summary>
    public void Withdraw()
    {
        Id = null;
        _notAfter = 0;
        _notBefore = 0;
        _prefixes = 0;
        _directions = 0;
        _concern = false;
    }

    /// <summary>Puts a verified authorisation in force; its prefixes follow by <see cref="TryAddPrefix"/>.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="notBefore">Unix milliseconds.</param>
    /// <param name="notAfter">Unix milliseconds.</param>
    /// <param name="directions">Bit i for direction i.</param>
    /// <param name="concern">Whether its level is concern or more.</param>
    public void Grant(string id, long notBefore, long notAfter, int directions, bool concern)
    {
        Withdraw();
        Id = id;
        _notBefore = notBefore;
        _notAfter = notAfter;
        _directions = directions;
        _concern = concern;
    }

    /// <summary>Adds an own prefix; of IPv4 in the mapped form with 96 added to its length. False when there is no room.</summary>
    public bool TryAddPrefix(ulong high, ulong low, int length)
    {
        if (_prefixes == MaxPrefixes || length < 0 || length > 128)
        {
            return false;
        }

        ulong maskHigh = length == 0 ? 0 : length >= 64 ? ulong.MaxValue : ulong.MaxValue << (64 - length);
        ulong maskLow = length <= 64 ? 0 : length == 128 ? ulong.MaxValue : ulong.MaxValue << (128 - length);
        _maskHigh[_prefixes] = maskHigh;
        _maskLow[_prefixes] = maskLow;
        _prefixHigh[_prefixes] = high & maskHigh;
        _prefixLow[_prefixes] = low & maskLow;
        _prefixes++;
        return true;
    }

    /// <summary>Whether the address is the owner's.</summary>
    public bool IsOwn(ulong high, ulong low)
    {
        for (int i = 0; i < _prefixes; i++)
        {
            if ((low & _maskLow[i]) == _prefixLow[i] && (high & _maskHigh[i]) == _prefixHigh[i])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The direction of a flow between two addresses.</summary>
    public int DirectionOf(ulong sourceHigh, ulong sourceLow, ulong destinationHigh, ulong destinationLow)
    {
        bool from = IsOwn(sourceHigh, sourceLow);
        bool to = IsOwn(destinationHigh, destinationLow);
        if (from)
        {
            return to ? Direction.Internal : Direction.Outbound;
        }

        return to ? Direction.Inbound : Direction.Transit;
    }
}
