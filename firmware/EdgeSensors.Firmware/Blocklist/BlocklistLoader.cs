using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Blocklist;

/// <summary>
/// Reads a snapshot of the blocklist (docs/protocol.md, "Blocklist file") out of flash into memory, some entries a step. The first pass checks all of
/// it and compares its state; the second merges the sections that hold now, for each family and prefix length, into sorted sets. Total: what is
/// not such a file, or more than there is room for, is refused.
/// </summary>
internal sealed class BlocklistLoader
{
    /// <summary>The most sections that a tap reads.</summary>
    public const int MaxSections = 128;

    /// <summary>Entries of one step.</summary>
    public const int EntriesAStep = 16;

    /// <summary>Octets before the sections.</summary>
    public const int HeadSize = 46;

    private const uint Magic = 0x45534201;
    private const int Merged = 7; // after the families

    private readonly IFlash _flash;
    private readonly int _capacity;
    private readonly FlashBits _bits;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _state = new byte[Sha256.DigestSize];
    private readonly byte[] _digest = new byte[Sha256.DigestSize];
    private readonly byte[] _octets = new byte[16];
    private readonly Section[] _sections = new Section[MaxSections];
    private readonly GapReader[] _readers = new GapReader[MaxSections];
    private readonly bool[] _in = new bool[MaxSections];
    private int _end;
    private int _count;
    private int _section;
    private bool _reading;
    private bool _merging;
    private long _now;
    private ListedAddresses? _result;
    private PrefixGroup? _group;
    private AddressSet? _addresses;
    private int _family;
    private int _length;
    private ulong _lastHigh, _lastLow;
    private bool _any;

    /// <summary>A loader for a chip.</summary>
    /// <param name="flash">Holds the file.</param>
    /// <param name="capacity">The most entries that there is room for.</param>
    public BlocklistLoader(IFlash flash, int capacity)
    {
        _flash = flash;
        _capacity = capacity;
        _bits = new FlashBits(flash);
    }

    /// <summary>The file's version.</summary>
    public long Version { get; private set; }

    /// <summary>The state that the file names.</summary>
    public byte[] State => _state;

    /// <summary>Sections of the file, as <see cref="SectionAt"/> counts.</summary>
    public int Sections => _count;

    /// <summary>What is listed, when <see cref="Step"/> has said that all is read.</summary>
    public ListedAddresses? Result => _result;

    /// <summary>A section's head.</summary>
    public Section SectionAt(int i)
    {
        return _sections[i];
    }

    /// <summary>Begins.</summary>
    /// <param name="address">Where the file lies.</param>
    /// <param name="length">Its octets.</param>
    /// <param name="nowMs">What has expired by now is left out.</param>
    public void Begin(int address, int length, long nowMs)
    {
        _bits.Begin(address, address + length);
        _end = address + length;
        _now = nowMs;
        _section = -1;
        _count = 0;
        _reading = false;
        _merging = false;
        _result = null;
        _hash.Reset();
    }

    /// <summary>Reads on. True at the end, and then <paramref name="good"/> says whether it is such a file.</summary>
    public bool Step(out bool good)
    {
        if (_merging)
        {
            bool merged = Merge();
            good = _result != null;
            return merged;
        }

        if (_section < 0)
        {
            good = ReadHead();
            return !good;
        }

        if (_section == _count)
        {
            good = Check();
            return !good;
        }

        good = ReadSection();
        return !good;
    }

    private bool ReadHead()
    {
        if ((uint)_bits.Number(4) != Magic)
        {
            return false;
        }

        Version = (long)_bits.Number(8);
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] = (byte)_bits.Octet();
        }

        _count = (int)_bits.Number(2);
        _section = 0;
        return !_bits.IsPastEnd && Version >= 1 && _count <= MaxSections;
    }

    /// <summary>The head of a section, or some of its entries: all of them go into the state, and must be sound.</summary>
    private bool ReadSection()
    {
        if (!_reading)
        {
            Section? section = _sections[_section];
            if (section == null)
            {
                section = new Section();
                _sections[_section] = section;
                _readers[_section] = new GapReader(_flash);
            }

            if (!section.TryReadKey(_bits) || (_section > 0 && _sections[_section - 1].CompareKey(section) >= 0))
            {
                return false;
            }

            ulong count = _bits.Number(4);
            ulong octets = _bits.Number(4);
            section.Address = _bits.Address;
            if (_bits.IsPastEnd || octets > (ulong)(_end - section.Address) || count < 1 || count > 8 * octets || count > (ulong)_capacity)
            {
                return false;
            }

            section.Count = (int)count;
            section.Octets = (int)octets;
            _bits.Begin(section.Address + section.Octets, _end);
            _hash.Update(section.Key, 0, section.KeyLength);
            Store.BigEndian.Put32(_octets, 0, (uint)count);
            _hash.Update(_octets, 0, 4);
            _readers[_section].Begin(section.Address, section.Octets, section.Count, section.PrefixLength);
            _reading = true;
            return true;
        }

        GapReader reader = _readers[_section];
        for (int i = 0; i < EntriesAStep && reader.Left > 0; i++)
        {
            if (!reader.TryNext())
            {
                return false;
            }

            HashAddress(_sections[_section], reader.High, reader.Low);
        }

        if (reader.Left == 0)
        {
            _reading = false;
            _section++;
            return reader.IsAtEnd;
        }

        return true;
    }

    private void HashAddress(Section section, ulong high, ulong low)
    {
        if (section.Family == 4)
        {
            Store.BigEndian.Put32(_octets, 0, (uint)low << (32 - section.PrefixLength));
            _hash.Update(_octets, 0, 4);
            return;
        }

        int shift = 128 - section.PrefixLength;
        if (shift >= 64)
        {
            high = low << (shift - 64);
            low = 0;
        }
        else if (shift > 0)
        {
            high = (high << shift) | (low >> (64 - shift));
            low <<= shift;
        }

        Store.BigEndian.Put64(_octets, 0, high);
        Store.BigEndian.Put64(_octets, 8, low);
        _hash.Update(_octets, 0, 16);
    }

    /// <summary>The end of the first pass: the state must be the one that the file names. Then room is taken for what holds now.</summary>
    private bool Check()
    {
        _hash.Finish(_digest, 0);
        if (_bits.Address != _end || !Hex.Same(_digest, 0, _state, 0, _state.Length))
        {
            return false;
        }

        int single = 0;
        int all = 0;
        long expiry = long.MaxValue;
        for (int i = 0; i < _count; i++)
        {
            Section s = _sections[i];
            _in[i] = s.NotAfter > _now;
            if (_in[i])
            {
                all += s.Count;
                single += s.Family == 4 && s.PrefixLength == 32 ? s.Count : 0;
                expiry = s.NotAfter < expiry ? s.NotAfter : expiry;
            }
        }

        if (all > _capacity || single > AddressSet.MaxCapacity)
        {
            return false;
        }

        _addresses = single > 0 ? new AddressSet(single) : null;
        _result = new ListedAddresses(_addresses);
        _result.Version = Version;
        _result.NextExpiryMs = expiry;
        _family = 0;
        _merging = true;
        return NextGroup();
    }

    /// <summary>Begins with the sections of the next family and length, rising. False if there are more groups than there is room for.</summary>
    private bool NextGroup()
    {
        int best = int.MaxValue;
        for (int i = 0; i < _count; i++)
        {
            int rank = 1_000 * _sections[i].Family + _sections[i].PrefixLength;
            if (_in[i] && rank > 1_000 * _family + _length && rank < best)
            {
                best = rank;
            }
        }

        _group = null;
        _any = false;
        if (best == int.MaxValue)
        {
            _family = Merged;
            return true;
        }

        _family = best / 1_000;
        _length = best % 1_000;
        int entries = 0;
        for (int i = 0; i < _count; i++)
        {
            if (IsOfGroup(i))
            {
                entries += _sections[i].Count;
                _readers[i].Begin(_sections[i].Address, _sections[i].Octets, _sections[i].Count, _length);
                _readers[i].TryNext();
            }
        }

        if (_family == 4 && _length == 32)
        {
            return true;
        }

        _group = new PrefixGroup(_family, _length, entries);
        return _result!.TryAdd(_group);
    }

    private bool IsOfGroup(int i)
    {
        return _in[i] && _sections[i].Family == _family && _sections[i].PrefixLength == _length;
    }

    /// <summary>Some entries of the group, the least of all its sections' next ones each time; one that several list is taken once.</summary>
    private bool Merge()
    {
        if (_family == Merged)
        {
            if (_addresses != null)
            {
                _addresses.Complete();
            }

            return true;
        }

        for (int n = 0; n < EntriesAStep; n++)
        {
            int least = -1;
            for (int i = 0; i < _count; i++)
            {
                if (IsOfGroup(i) && _sections[i].Count > 0 && (least < 0 || IsBelow(_readers[i], _readers[least])))
                {
                    least = i;
                }
            }

            if (least < 0)
            {
                return !NextGroup() && Drop();
            }

            GapReader reader = _readers[least];
            if (!_any || reader.High != _lastHigh || reader.Low != _lastLow)
            {
                _any = true;
                _lastHigh = reader.High;
                _lastLow = reader.Low;
                if (_group == null)
                {
                    _addresses!.TryAppend((uint)reader.Low);
                }
                else
                {
                    _group.Append(reader.High, reader.Low);
                }
            }

            if (!reader.TryNext())
            {
                _in[least] = false; // read to its end
            }
        }

        return false;
    }

    private bool Drop()
    {
        _result = null;
        return true;
    }

    private static bool IsBelow(GapReader a, GapReader b)
    {
        return a.High < b.High || (a.High == b.High && a.Low < b.Low);
    }
}
