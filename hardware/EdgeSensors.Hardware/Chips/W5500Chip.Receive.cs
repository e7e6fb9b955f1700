using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.Hardware.Chips;

/// <summary>Socket 0 in MACRAW mode: what arrives and fits is kept, what does not is gone without a word.</summary>
public sealed partial class W5500Chip
{
    private const int MacRaw = 4;
    private const int StatusMacRaw = 0x42;
    private const int ReceiveBit = 0x04;
    private const int SentBit = 0x10;
    private const int LengthPrefix = 2;
    private const int LongestFrame = 1_522;

    private readonly byte[] _receiveMemory = new byte[ReceiveMemory];
    private readonly long[] _commandUntil = new long[Sockets];
    private readonly int[] _released = new int[Sockets];
    private long _running;

    /// <summary>Frames kept while socket 0 was open.</summary>
    public long Kept { get; private set; }

    /// <summary>Frames dropped for want of room, which the real chip does not count.</summary>
    public long Dropped { get; private set; }

    /// <summary>Frames that came while nobody received, or that the filters, a wrong check sequence or their length kept out.</summary>
    public long Unheeded { get; private set; }

    /// <summary>Those of them that came while there was no link.</summary>
    public long WithoutLink { get; private set; }

    /// <summary>The running number that the next frame's length prefix will have, as <see cref="OnOctetRead"/> counts.</summary>
    public long NextOctet => _running;

    /// <summary>Takes what has arrived by now.</summary>
    public void Settle()
    {
        long now = Time.GetTimestamp();
        while (Line is { } line && line.TryTake(now, out WireFrame frame))
        {
            if (!IsLinkUp || frame.IsDamaged || IsInReset)
            {
                Unheeded++;
                WithoutLink += IsLinkUp ? 0 : 1;
                continue;
            }

            Receive(frame.Octets.Span);
        }
    }

    /// <summary>A frame arrives at this moment, with no regard to what the line carries.</summary>
    /// <returns>Whether it was kept.</returns>
    public bool Receive(ReadOnlySpan<byte> frame)
    {
        byte[] s = _socket[0];
        if (s[Socket.Status] != StatusMacRaw || frame.Length is < 14 or > LongestFrame || !PassesFilters(frame))
        {
            Unheeded++;
            return false;
        }

        int size = s[Socket.ReceiveBufferSize] * 1024;
        if (ReceivedSize(0) + LengthPrefix + frame.Length > size || BufferAddress(0, 0, Socket.ReceiveBufferSize) is null)
        {
            Dropped++;
            return false;
        }

        Put(_nextBroken ?? (byte)((frame.Length + LengthPrefix) >> 8), isBroken: _nextBroken is not null);
        _nextBroken = null;
        Put((byte)(frame.Length + LengthPrefix));
        foreach (byte octet in frame)
        {
            Put(octet);
        }

        Kept++;
        s[Socket.Interrupt] |= ReceiveBit;
        return true;
    }

    /// <summary>Sn_MR's filters: own address only (MFEN), no broadcast, no multicast (MMB), no IPv6 (MIP6B).</summary>
    private bool PassesFilters(ReadOnlySpan<byte> frame)
    {
        int mode = _socket[0][Socket.Mode];
        bool broadcast = frame[..6].IndexOfAnyExcept((byte)0xff) < 0;
        bool multicast = !broadcast && (frame[0] & 1) != 0;
        bool own = frame[..6].SequenceEqual(_common.AsSpan(Common.HardwareAddress, 6));
        bool filtered = (mode & 0x80) != 0;
        return (!filtered || own || broadcast || multicast)
            && !(broadcast && (mode & 0x40) != 0)
            && !(multicast && (mode & 0x20) != 0)
            && !((mode & 0x10) != 0 && frame[12] == 0x86 && frame[13] == 0xdd);
    }

    private void Put(byte octet, bool isBroken = false)
    {
        byte[] s = _socket[0];
        int write = Get16(s, Socket.ReceiveWrite);
        int at = BufferAddress(0, write, Socket.ReceiveBufferSize)!.Value;
        _receiveMemory[at] = octet;
        _brokenAt = isBroken ? at : _brokenAt == at ? -1 : _brokenAt;
        Set16(s, Socket.ReceiveWrite, (write + 1) & 0xffff);
        _running++;
    }

    private byte ReadBuffer(int n, int address)
    {
        if (BufferAddress(n, address, Socket.ReceiveBufferSize) is not { } at)
        {
            return Noise();
        }

        BrokenLengthsRead += n == 0 && at == _brokenAt ? 1 : 0;
        if (n == 0 && OnOctetRead is { } tell)
        {
            int released = _released[0];
            long first = _running - ReceivedSize(0);
            tell(first + ((address - released) & 0xffff));
        }

        return _receiveMemory[at];
    }

    /// <summary>Page 55: the difference of the write pointer and the read pointer that RECV has told.</summary>
    private int ReceivedSize(int n) => (Get16(_socket[n], Socket.ReceiveWrite) - _released[n]) & 0xffff;

    private int TransmitFree(int n) =>
        _socket[n][Socket.TransmitBufferSize] * 1024 - ((Get16(_socket[n], Socket.TransmitWrite) - Get16(_socket[n], Socket.TransmitRead)) & 0xffff);

    /// <summary>Page 46: the register is cleared when the command was accepted; one that comes before that is lost.</summary>
    private void Command(int n, byte command)
    {
        if (Time.GetTimestamp() < _commandUntil[n])
        {
            return;
        }

        byte[] s = _socket[n];
        s[Socket.Command] = command;
        _commandUntil[n] = After(_random.Next(100, 2_000));
        switch (command)
        {
            case 0x01:
                Open(n);
                break;
            case 0x10:
                s[Socket.Status] = 0;
                break;
            case 0x20 when s[Socket.Status] == StatusMacRaw:
                Send(n);
                break;
            case 0x40 when s[Socket.Status] != 0:
                _released[n] = Get16(s, Socket.ReceiveRead);
                if (ReceivedSize(n) > 0)
                {
                    s[Socket.Interrupt] |= ReceiveBit;
                }

                break;
        }
    }

    /// <summary>Pages 46 and 50: by Sn_MR's protocol; MACRAW is there on socket 0 only. OPEN initialises the pointers, and does not say to what.</summary>
    private void Open(int n)
    {
        byte[] s = _socket[n];
        int status = (s[Socket.Mode] & 0x0f) switch { 1 => 0x13, 2 => 0x22, MacRaw when n == 0 => StatusMacRaw, _ => 0 };
        if (status == 0)
        {
            return;
        }

        s[Socket.Status] = (byte)status;
        int pointer = _random.Next(0x10000);
        Set16(s, Socket.ReceiveRead, pointer);
        Set16(s, Socket.ReceiveWrite, pointer);
        Set16(s, Socket.TransmitRead, pointer);
        Set16(s, Socket.TransmitWrite, pointer);
        _released[n] = pointer;
        if (n == 0)
        {
            _running = 0;
        }
    }

    private void Send(int n)
    {
        byte[] s = _socket[n];
        int read = Get16(s, Socket.TransmitRead), write = Get16(s, Socket.TransmitWrite);
        int count = (write - read) & 0xffff;
        if (count > s[Socket.TransmitBufferSize] * 1024)
        {
            return;
        }

        byte[] frame = new byte[count];
        for (int i = 0; i < count; i++)
        {
            frame[i] = _transmitMemory[BufferAddress(n, read + i, Socket.TransmitBufferSize) ?? 0];
        }

        Set16(s, Socket.TransmitRead, write);
        s[Socket.Interrupt] |= SentBit;
        if (IsLinkUp)
        {
            OnSent?.Invoke(frame);
        }
    }
}
