namespace EdgeSensors.Hardware.Chips;

/// <summary>The PHY's link, both resets, and what goes wrong.</summary>
public sealed partial class W5500Chip
{
    private const long LockNs = 1_000_000; // from RSTn to the PLL's lock, at most (section 5.5.1)
    private const long ShortestResetNs = 500_000; // of RSTn (section 5.5.1)

    private long _resetUntil;
    private long _lockedFrom;
    private long _lowSince = -1;
    private bool _cable;
    private long _linkFrom;
    private byte? _nextBroken;
    private int _brokenAt = -1;

    /// <summary>How long both ends negotiate when the cable is plugged in, milliseconds.</summary>
    public int NegotiationMs { get; set; } = 1_800;

    /// <summary>Whether PHYCFGR's link bit is set.</summary>
    public bool IsLinkUp => _cable && !IsPhyOff && Time.GetTimestamp() >= _linkFrom;

    /// <summary>How often a link that was up was lost.</summary>
    public long LinkLosses { get; private set; }

    /// <summary>How often <see cref="Upset"/> ended a socket that was receiving.</summary>
    public long Upsets { get; private set; }

    /// <summary>How often a length that <see cref="BreakLength"/> broke was read.</summary>
    public long BrokenLengthsRead { get; private set; }

    private bool IsInReset => _lowSince >= 0 || Time.GetTimestamp() < _lockedFrom;

    private bool IsPhyOff => (_common[Common.Phy] & 0x80) == 0 || (_common[Common.Phy] & 0x78) == 0x70;

    /// <summary>Plugs the cable in or out; so does a relay in its way. The link comes up when both ends have negotiated.</summary>
    public void Plug(bool cable)
    {
        Settle();
        if (cable && !_cable)
        {
            _linkFrom = After(NegotiationMs * 1_000_000L);
        }

        LinkLosses += !cable && IsLinkUp ? 1 : 0;
        _cable = cable;
    }

    /// <summary>The link goes for a while, as of a loose plug.</summary>
    public void Flap()
    {
        Plug(false);
        Plug(true);
    }

    /// <summary>The chip is reset by a spike on its supply: all registers as after power-up, and the program is told nothing.</summary>
    public void Upset()
    {
        Settle();
        Upsets += _socket[0][Socket.Status] == StatusMacRaw ? 1 : 0;
        ResetRegisters();
    }

    /// <summary>Overwrites a frame's length prefix, as a bad cell would: that of the next frame that was not released, or where none waits of the next that comes.</summary>
    public void BreakLength(byte high = 0xff)
    {
        if (ReceivedSize(0) > 0 && BufferAddress(0, _released[0], Socket.ReceiveBufferSize) is { } at)
        {
            (_receiveMemory[at], _brokenAt) = (high, at);
        }
        else
        {
            _nextBroken = high;
        }
    }

    private void DriveReset(bool low)
    {
        Settle();
        long now = Time.GetTimestamp();
        if (low && _lowSince < 0)
        {
            _lowSince = now;
        }
        else if (!low && _lowSince >= 0)
        {
            bool longEnough = now >= _lowSince + Nanoseconds(ShortestResetNs);
            _lowSince = -1;
            if (longEnough)
            {
                PowerUp();
            }
        }
    }

    private void PowerUp()
    {
        Unhang();
        ResetRegisters();
        _resetUntil = 0;
        _lockedFrom = After(LockNs);
        _linkFrom = After(NegotiationMs * 1_000_000L);
    }

    /// <summary>PHYCFGR: bit 7 low resets the PHY, bit 6 takes the mode from bits 5 to 3; bits 2 to 0 are read only.</summary>
    private void WritePhy(byte value)
    {
        Settle();
        bool wasOff = IsPhyOff;
        _common[Common.Phy] = (byte)(value & 0xf8);
        if (wasOff && !IsPhyOff)
        {
            _linkFrom = After(NegotiationMs * 1_000_000L);
        }
    }

    /// <summary>Link in bit 0, 100 Mbit/s in bit 1, full duplex in bit 2.</summary>
    private int LinkBits()
    {
        if (!IsLinkUp)
        {
            return 0;
        }

        bool tenOnly = (_common[Common.Phy] & 0x40) != 0 && (_common[Common.Phy] & 0x38) is 0x00 or 0x08;
        return tenOnly || Line is { BitRate: < 100_000_000 } ? 0x05 : 0x07;
    }

    private long After(long nanoseconds) => Time.GetTimestamp() + Nanoseconds(nanoseconds);

    private long Nanoseconds(long nanoseconds) => (long)(nanoseconds * (Time.TimestampFrequency / 1e9));
}
