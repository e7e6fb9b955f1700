using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Store;

/// <summary>
/// What is in force: of each slot which half, with length, version and hash of what lies there; the time floor; the owner's consent. One record
/// with a checksum says all of it, so that a power cut leaves either the old state or the new, whole. Records are logged one behind the other
/// over four sectors, eight in each, so that 32 changes erase a sector once.
/// </summary>
internal sealed class TapState
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 512;

    private const uint Magic = 0x45535453;
    private const int Records = FlashMap.StateSectors * FlashGeometry.SectorSize / RecordSize;
    private const int FirstSlot = 48;
    private const int SlotSize = 48;
    private const int Checksum = RecordSize - 4;

    private readonly IFlash _flash;
    private readonly FlashWriter _writer;
    private readonly byte[] _record = new byte[RecordSize];
    private uint _generation;
    private int _place = Records - 1;

    /// <summary>The state on a chip.</summary>
    public TapState(IFlash flash)
    {
        _flash = flash;
        _writer = new FlashWriter(flash);
        for (int i = 0; i < FlashMap.Slots; i++)
        {
            Files[i] = new FileReference();
        }
    }

    /// <summary>What lies in each slot's half in force; not set where there is nothing.</summary>
    public readonly FileReference[] Files = new FileReference[FlashMap.Slots];

    /// <summary>Which half of each slot is in force.</summary>
    public readonly byte[] Halves = new byte[FlashMap.Slots];

    /// <summary>No time before this is believed: Unix milliseconds, 0 for none yet.</summary>
    public long TimeFloorMs;

    /// <summary>The timestamp version of the last update that was taken whole; 0 for none.</summary>
    public long TimestampVersion;

    /// <summary>The version of the blocklist in its slot; 0 for none.</summary>
    public long BlocklistVersion;

    /// <summary>Whether the owner has taken the consent back at the button.</summary>
    public bool ConsentWithdrawn;

    /// <summary>Counts starts, so that what may be at most one a start can be told apart.</summary>
    public uint Starts;

    /// <summary>Octets programmed and sectors erased.</summary>
    public FlashWriter Writer => _writer;

    /// <summary>Whether a record is being written.</summary>
    public bool IsSaving => _writer.IsBusy;

    /// <summary>Takes the newest whole record. False if there is none, as on a new chip.</summary>
    public bool TryLoad()
    {
        bool found = false;
        for (int place = 0; place < Records; place++)
        {
            _flash.Read(FlashMap.State + place * RecordSize, _record, 0, RecordSize);
            if (BigEndian.Get32(_record, 0) != Magic || BigEndian.Get32(_record, Checksum) != Crc32.Of(_record, 0, Checksum))
            {
                continue;
            }

            uint generation = BigEndian.Get32(_record, 4);
            if (!found || generation > _generation)
            {
                found = true;
                _generation = generation;
                _place = place;
                Read();
            }
        }

        return found;
    }

    /// <summary>Begins to write the state as it is now; what changes later is not in it.</summary>
    public void BeginSave()
    {
        _generation++;
        _place = (_place + 1) % Records;
        Write();
        int address = FlashMap.State + _place * RecordSize;

        // A record that was cut off, or a sector whose erase was, may lie in the way: then the next sector is begun.
        if (address % FlashGeometry.SectorSize != 0 && !IsErased(address))
        {
            int perSector = FlashGeometry.SectorSize / RecordSize;
            _place = (_place / perSector + 1) * perSector % Records;
            address = FlashMap.State + _place * RecordSize;
        }

        _writer.Begin(address, _record, 0, RecordSize);
    }

    /// <summary>Goes on writing. True when it is done; <see cref="FlashWriter.Failed"/> says whether the chip took it.</summary>
    public bool StepSave()
    {
        return _writer.Step();
    }

    private bool IsErased(int address)
    {
        byte[] there = new byte[RecordSize];
        _flash.Read(address, there, 0, RecordSize);
        for (int i = 0; i < RecordSize; i++)
        {
            if (there[i] != 0xff)
            {
                return false;
            }
        }

        return true;
    }

    private void Read()
    {
        TimeFloorMs = (long)BigEndian.Get64(_record, 8);
        TimestampVersion = (long)BigEndian.Get64(_record, 16);
        BlocklistVersion = (long)BigEndian.Get64(_record, 24);
        Starts = BigEndian.Get32(_record, 32);
        ConsentWithdrawn = _record[36] != 0;
        byte[] hash = new byte[Sha256.DigestSize];
        for (int i = 0; i < FlashMap.Slots; i++)
        {
            int at = FirstSlot + i * SlotSize;
            Halves[i] = (byte)(_record[at] & 1);
            Files[i].Clear();
            if (_record[at + 1] != 0)
            {
                System.Array.Copy(_record, at + 16, hash, 0, hash.Length);
                Files[i].Set(hash, (int)BigEndian.Get32(_record, at + 4), (long)BigEndian.Get64(_record, at + 8));
            }
        }
    }

    private void Write()
    {
        System.Array.Clear(_record, 0, RecordSize);
        BigEndian.Put32(_record, 0, Magic);
        BigEndian.Put32(_record, 4, _generation);
        BigEndian.Put64(_record, 8, (ulong)TimeFloorMs);
        BigEndian.Put64(_record, 16, (ulong)TimestampVersion);
        BigEndian.Put64(_record, 24, (ulong)BlocklistVersion);
        BigEndian.Put32(_record, 32, Starts);
        _record[36] = (byte)(ConsentWithdrawn ? 1 : 0);
        for (int i = 0; i < FlashMap.Slots; i++)
        {
            int at = FirstSlot + i * SlotSize;
            _record[at] = Halves[i];
            _record[at + 1] = (byte)(Files[i].IsSet ? 1 : 0);
            BigEndian.Put32(_record, at + 4, (uint)Files[i].Length);
            BigEndian.Put64(_record, at + 8, (ulong)Files[i].Version);
            System.Array.Copy(Files[i].Hash, 0, _record, at + 16, Sha256.DigestSize);
        }

        BigEndian.Put32(_record, Checksum, Crc32.Of(_record, 0, Checksum));
    }
}
