using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.Firmware.Outbox;

/// <summary>
/// A ring of sectors in flash that messages are logged to, so that all sectors wear alike. A message is cut into fragments where a sector ends; each
/// fragment has a checksum, so that one which a power cut tore is known for it, and with its message passed over. Each sector's head says the
/// epoch, a serial number and the sequence to come, so that the place to go on is found at a start and no number is ever used twice. When the
/// ring comes around, the oldest sector is erased with what is in it.
/// </summary>
internal sealed class MessageRing
{
    /// <summary>Octets of a fragment's head.</summary>
    public const int FragmentHead = 24;

    private const int SectorHead = 48;
    private const uint Magic = 0x45534f42;
    private const int FirstBit = 1, LastBit = 2;
    private const int LeastPayload = 16;
    private const int MostTries = 8;

    private readonly IFlash _flash;
    private readonly FlashWriter _writer;
    private readonly int _start;
    private readonly int _sectors;
    private readonly byte[] _head = new byte[SectorHead];
    private readonly byte[] _fragment = new byte[FragmentHead];
    private readonly byte[] _scratch = new byte[FlashGeometry.PageSize];

    // The end that is written: -1 before the first sector.
    private int _writeSector = -1;
    private int _writeAt;
    private uint _serial;

    // The oldest sector that still counts, and what is read next.
    private int _oldest;
    private int _readSector;
    private int _readAt;

    // The message that is being written.
    private byte[] _payload;
    private int _payloadLength;
    private int _written;
    private int _pending;
    private int _channel;
    private ulong _sequence;
    private int _stage;
    private int _tries;
    private bool _forgotten;

    /// <summary>A ring over a part of a chip.</summary>
    /// <param name="flash">The chip.</param>
    /// <param name="start">The first octet, at a sector's begin.</param>
    /// <param name="octets">At least three sectors.</param>
    public MessageRing(IFlash flash, int start, int octets)
    {
        _flash = flash;
        _writer = new FlashWriter(flash);
        _start = start;
        _sectors = octets / FlashGeometry.SectorSize;
        _payload = _scratch;
    }

    /// <summary>The epoch of what is in the ring; 0 when it is new.</summary>
    public ulong Epoch;

    /// <summary>At a start: the least sequence that was not used.</summary>
    public ulong NextSequence = 1;

    /// <summary>At a start: everything up to here was acknowledged.</summary>
    public ulong Acknowledged;

    /// <summary>Called before a sector is erased, with the sequence and the channel of each message that is lost with it.</summary>
    public IDroppedMessages? Dropped;

    /// <summary>Octets programmed and sectors erased.</summary>
    public FlashWriter Writer => _writer;

    /// <summary>Whether a message is being written.</summary>
    public bool IsWriting => _stage != 0;

    /// <summary>Whether the last message could not be written, as on a chip that is worn out.</summary>
    public bool Failed { get; private set; }

    /// <summary>The message that <see cref="TryFind"/> found.</summary>
    public ulong FoundSequence { get; private set; }

    /// <summary>Its channel.</summary>
    public OutboxChannel FoundChannel { get; private set; }

    /// <summary>Finds the newest sector and the end of what is in it.</summary>
    public void Load()
    {
        _writeSector = -1;
        uint newest = 0;
        for (int i = 0; i < _sectors; i++)
        {
            if (ReadSectorHead(i) && (_writeSector < 0 || BigEndian.Get32(_head, 4) > newest))
            {
                newest = BigEndian.Get32(_head, 4);
                _writeSector = i;
            }
        }

        _oldest = 0;
        _readSector = 0;
        _readAt = SectorHead;
        if (_writeSector < 0)
        {
            return;
        }

        ReadSectorHead(_writeSector);
        _serial = newest;
        Epoch = BigEndian.Get64(_head, 8);
        NextSequence = BigEndian.Get64(_head, 16);
        Acknowledged = BigEndian.Get64(_head, 24);

        // As far back as the serial numbers fall; a sector without a head is worn, or its erase was cut off.
        _oldest = _writeSector;
        uint serial = newest;
        for (int i = 1; i < _sectors; i++)
        {
            int before = (_writeSector + _sectors - i) % _sectors;
            if (!ReadSectorHead(before))
            {
                continue;
            }

            if (BigEndian.Get32(_head, 4) >= serial || BigEndian.Get64(_head, 8) != Epoch)
            {
                break;
            }

            serial = BigEndian.Get32(_head, 4);
            _oldest = before;
        }

        _writeAt = SectorHead;
        int length = ReadFragment(_writeSector, _writeAt);
        while (length >= 0)
        {
            ulong sequence = BigEndian.Get64(_fragment, 4);
            ulong acknowledged = BigEndian.Get64(_fragment, 12);
            if (IsWhole(_writeSector, _writeAt, length))
            {
                NextSequence = sequence >= NextSequence ? sequence + 1 : NextSequence;
                Acknowledged = acknowledged > Acknowledged ? acknowledged : Acknowledged;
            }

            _writeAt += FragmentHead + length;
            length = ReadFragment(_writeSector, _writeAt);
        }

        if (!IsErasedFrom(_writeAt))
        {
            _writeAt = FlashGeometry.SectorSize; // torn: the rest of the sector is left alone
        }

        Rewind();
    }

    /// <summary>Begins to write a message; its octets must stay as they are until it is done.</summary>
    public void BeginWrite(OutboxChannel channel, ulong sequence, byte[] payload, int length)
    {
        _payload = payload;
        _payloadLength = length;
        _channel = (int)channel;
        _sequence = sequence;
        _written = 0;
        _tries = 0;
        Failed = false;
        _stage = 1;
        BeginFragment();
    }

    /// <summary>Goes on writing: a page, or an erase begun. True when there is nothing to write.</summary>
    public bool Step()
    {
        if (_stage == 0)
        {
            return true;
        }

        if (!_writer.Step())
        {
            return false;
        }

        if (_writer.Failed)
        {
            // A worn sector: the message begins anew in the next one, and what was written of it is passed over.
            _tries++;
            _writeAt = FlashGeometry.SectorSize;
            _written = 0;
            if (_tries == MostTries)
            {
                Failed = true;
                _stage = 0;
                return true;
            }

            BeginFragment();
            return false;
        }

        if (_stage == 1)
        {
            _writeAt = SectorHead;
            BeginFragment();
        }
        else if (_stage == 2)
        {
            _stage = 3;
            _writer.Begin(AddressOf(_writeSector, _writeAt + FragmentHead), _payload, _written, _pending);
        }
        else
        {
            _writeAt += FragmentHead + _pending;
            _written += _pending;
            if (_written == _payloadLength)
            {
                _stage = 0;
                return true;
            }

            BeginFragment();
        }

        return false;
    }

    /// <summary>Takes what is in the ring for nothing: the next message begins a sector of another epoch.</summary>
    public void Forget()
    {
        if (_writeSector >= 0)
        {
            _oldest = (_writeSector + 1) % _sectors;
            _writeAt = FlashGeometry.SectorSize;
        }

        _forgotten = true;
        Acknowledged = 0;
        NextSequence = 1;
    }

    /// <summary>Goes back to the oldest message there is.</summary>
    public void Rewind()
    {
        _readSector = _oldest;
        _readAt = SectorHead;
    }

    /// <summary>Finds the next whole-looking message after <paramref name="after"/>; looks at <paramref name="looks"/> fragments at most.</summary>
    /// <param name="after">Messages up to this sequence are passed over.</param>
    /// <param name="looks">How much work this may be; what is left of it.</param>
    public bool TryFind(ulong after, ref int looks)
    {
        while (_writeSector >= 0 && !_forgotten && looks > 0)
        {
            looks--;
            if (IsAtEnd())
            {
                return false;
            }

            int length = ReadFragment(_readSector, _readAt);
            if (length < 0)
            {
                NextReadSector();
                continue;
            }

            int bits = _fragment[0];
            FoundSequence = BigEndian.Get64(_fragment, 4);

            // A head that a power cut tore may claim any sequence, and one from far ahead would hide the messages behind it.
            if ((bits & FirstBit) != 0 && FoundSequence > after && IsWhole(_readSector, _readAt, length))
            {
                FoundChannel = (OutboxChannel)(bits >> 4);
                return true;
            }

            _readAt += FragmentHead + length;
        }

        return false;
    }

    /// <summary>Reads the message that was found and moves beyond it. Returns its octets; -1 if it is torn or does not fit, and then it is passed over.</summary>
    public int ReadFound(byte[] to)
    {
        ulong sequence = FoundSequence;
        int total = 0;
        bool first = true;
        while (true)
        {
            int length = ReadFragment(_readSector, _readAt);
            if (length < 0)
            {
                if (_readSector == _writeSector)
                {
                    return -1;
                }

                NextReadSector();
                continue;
            }

            int bits = _fragment[0];
            if (BigEndian.Get64(_fragment, 4) != sequence || ((bits & FirstBit) != 0) != first || total + length > to.Length)
            {
                if (first)
                {
                    _readAt += FragmentHead + length;
                }

                return -1;
            }

            uint checksum = BigEndian.Get32(_fragment, 20);
            _flash.Read(AddressOf(_readSector, _readAt + FragmentHead), to, total, length);
            _readAt += FragmentHead + length;
            if (checksum != Checksum(to, total, length))
            {
                return -1;
            }

            total += length;
            first = false;
            if ((bits & LastBit) != 0)
            {
                return total;
            }
        }
    }

    private bool IsAtEnd()
    {
        return _readSector == _writeSector
            && (_stage == 1 || _readAt >= _writeAt || (_writeAt == FlashGeometry.SectorSize && ReadFragment(_readSector, _readAt) < 0));
    }

    private void NextReadSector()
    {
        if (_readSector == _writeSector)
        {
            _readAt = FlashGeometry.SectorSize;
            return;
        }

        _readSector = (_readSector + 1) % _sectors;
        _readAt = SectorHead;
    }

    private int AddressOf(int sector, int at)
    {
        return _start + sector * FlashGeometry.SectorSize + at;
    }

    private void BeginFragment()
    {
        if (_writeSector < 0 || FlashGeometry.SectorSize - _writeAt < FragmentHead + LeastPayload)
        {
            BeginSector();
            return;
        }

        int room = FlashGeometry.SectorSize - _writeAt - FragmentHead;
        int left = _payloadLength - _written;
        _pending = left < room ? left : room;
        int bits = (_written == 0 ? FirstBit : 0) | (_pending == left ? LastBit : 0) | (_channel << 4);
        _fragment[0] = (byte)bits;
        _fragment[1] = 0;
        _fragment[2] = (byte)(_pending >> 8);
        _fragment[3] = (byte)_pending;
        BigEndian.Put64(_fragment, 4, _sequence);
        BigEndian.Put64(_fragment, 12, Acknowledged);
        BigEndian.Put32(_fragment, 20, Checksum(_payload, _written, _pending));
        _stage = 2;
        _writer.Begin(AddressOf(_writeSector, _writeAt), _fragment, 0, FragmentHead);
    }

    private void BeginSector()
    {
        int next = _writeSector < 0 ? 0 : (_writeSector + 1) % _sectors;
        if (_writeSector >= 0 && !_forgotten && next == _oldest)
        {
            Drop(next);
            bool reading = _readSector == next;
            _oldest = (next + 1) % _sectors;
            if (reading)
            {
                Rewind();
            }
        }

        bool empty = _writeSector < 0 || _forgotten;
        _forgotten = false;
        _writeSector = next;
        if (empty)
        {
            _oldest = next;
            Rewind();
        }

        _serial++;
        _writeAt = FlashGeometry.SectorSize; // nothing is in it until its head is
        BigEndian.Put32(_head, 0, Magic);
        BigEndian.Put32(_head, 4, _serial);
        BigEndian.Put64(_head, 8, Epoch);
        BigEndian.Put64(_head, 16, NextSequence);
        BigEndian.Put64(_head, 24, Acknowledged);
        System.Array.Clear(_head, 32, SectorHead - 36);
        BigEndian.Put32(_head, SectorHead - 4, Crc32.Of(_head, 0, SectorHead - 4));
        _stage = 1;
        _writer.Begin(AddressOf(next, 0), _head, 0, SectorHead);
    }

    /// <summary>Tells of every message that begins in a sector.</summary>
    private void Drop(int sector)
    {
        int at = SectorHead;
        int length = ReadFragment(sector, at);
        while (length >= 0)
        {
            ulong sequence = BigEndian.Get64(_fragment, 4);
            if ((_fragment[0] & FirstBit) != 0 && Dropped != null && IsWhole(sector, at, length))
            {
                Dropped.Drop((OutboxChannel)(_fragment[0] >> 4), sequence);
            }

            at += FragmentHead + length;
            length = ReadFragment(sector, at);
        }
    }

    private bool ReadSectorHead(int sector)
    {
        _flash.Read(AddressOf(sector, 0), _head, 0, SectorHead);
        return BigEndian.Get32(_head, 0) == Magic && BigEndian.Get32(_head, SectorHead - 4) == Crc32.Of(_head, 0, SectorHead - 4);
    }

    /// <summary>Reads a fragment's head. Returns its payload's octets, or -1 where there is none.</summary>
    private int ReadFragment(int sector, int at)
    {
        if (FlashGeometry.SectorSize - at < FragmentHead + 1)
        {
            return -1;
        }

        _flash.Read(AddressOf(sector, at), _fragment, 0, FragmentHead);
        int length = (_fragment[2] << 8) | _fragment[3];
        bool sound = _fragment[1] == 0 && (_fragment[0] & 0xcc) == 0 && length > 0 && length <= FlashGeometry.SectorSize - at - FragmentHead;
        return sound ? length : -1;
    }

    /// <summary>Whether the checksum of the fragment whose head was read holds: a torn head may say anything.</summary>
    private bool IsWhole(int sector, int at, int length)
    {
        uint checksum = BigEndian.Get32(_fragment, 20);
        uint crc = Crc32.Update(Crc32.Seed, _fragment, 0, 20);
        int done = 0;
        while (done < length)
        {
            int count = length - done < _scratch.Length ? length - done : _scratch.Length;
            _flash.Read(AddressOf(sector, at + FragmentHead + done), _scratch, 0, count);
            crc = Crc32.Update(crc, _scratch, 0, count);
            done += count;
        }

        return ~crc == checksum;
    }

    private bool IsErasedFrom(int at)
    {
        while (at < FlashGeometry.SectorSize)
        {
            int count = FlashGeometry.SectorSize - at < _scratch.Length ? FlashGeometry.SectorSize - at : _scratch.Length;
            _flash.Read(AddressOf(_writeSector, at), _scratch, 0, count);
            for (int i = 0; i < count; i++)
            {
                if (_scratch[i] != 0xff)
                {
                    return false;
                }
            }

            at += count;
        }

        return true;
    }

    private uint Checksum(byte[] payload, int offset, int count)
    {
        return ~Crc32.Update(Crc32.Update(Crc32.Seed, _fragment, 0, 20), payload, offset, count);
    }
}
