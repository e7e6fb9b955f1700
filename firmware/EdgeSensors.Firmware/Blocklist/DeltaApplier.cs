using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Blocklist;

/// <summary>
/// Makes the newer snapshot of the blocklist from the one in flash and a delta (docs/protocol.md, "Blocklist file", Delta), some entries a step, into a
/// buffer. Its octets are those of the snapshot that is signed, and whoever uses it compares them by their hash: a delta only saves the fetch.
/// </summary>
internal sealed class DeltaApplier
{
    private const int EntriesAStep = 16;
    private const int CopiedAStep = 1_024;
    private const int PlaceBits = 24;
    private const uint Magic = 0x45534401;
    private const uint SnapshotMagic = 0x45534201;
    private const uint WholeSection = 0xffffffff;
    private const int Head = 46;

    private readonly IFlash _flash;
    private readonly int _capacity;
    private readonly byte[] _to;
    private readonly FlashBits _base;
    private readonly FlashBits _delta;
    private readonly GapReader _baseNumbers;
    private readonly GapReader _deltaNumbers;
    private readonly GapWriter _writer;
    private readonly Section _baseSection = new Section();
    private readonly Section _deltaSection = new Section();
    private int _baseEnd, _deltaEnd;
    private int _baseLeft, _deltaLeft;
    private bool _hasBase, _hasDelta;
    private uint _gone;
    private int _come;
    private int[] _places = { };
    private int _place;
    private int _index;
    private bool _hasNext;
    private bool _holdsBase;
    private int _stage;
    private int _length;
    private int _sections;
    private int _copy, _copyLeft;
    private int _countAt;

    private const int Choosing = 0, Copying = 1, ReadingPlaces = 2, Merging = 3;

    /// <summary>An applier into a buffer.</summary>
    /// <param name="flash">Holds base and delta.</param>
    /// <param name="capacity">The most entries.</param>
    /// <param name="to">Takes the snapshot: it is no longer than this.</param>
    public DeltaApplier(IFlash flash, int capacity, byte[] to)
    {
        _flash = flash;
        _capacity = capacity;
        _to = to;
        _base = new FlashBits(flash);
        _delta = new FlashBits(flash);
        _baseNumbers = new GapReader(flash);
        _deltaNumbers = new GapReader(flash);
        _writer = new GapWriter(to);
    }

    /// <summary>The snapshot's octets, when <see cref="Step"/> has said that it is made.</summary>
    public int Length => _length;

    /// <summary>Begins. False if the delta is none, or leads from another base.</summary>
    public bool TryBegin(int baseAddress, int baseLength, int deltaAddress, int deltaLength)
    {
        _base.Begin(baseAddress, baseAddress + baseLength);
        _delta.Begin(deltaAddress, deltaAddress + deltaLength);
        _baseEnd = baseAddress + baseLength;
        _deltaEnd = deltaAddress + deltaLength;
        bool same = (uint)_base.Number(4) == SnapshotMagic && (uint)_delta.Number(4) == Magic;
        for (int i = 0; i < 8 + Sha256.DigestSize; i++)
        {
            same &= _base.Octet() == _delta.Octet();
        }

        Store.BigEndian.Put32(_to, 0, SnapshotMagic);
        for (int i = 4; i < Head - 2; i++)
        {
            _to[i] = (byte)_delta.Octet();
        }

        _baseLeft = (int)_base.Number(2);
        _deltaLeft = (int)_delta.Number(2);
        _length = Head;
        _sections = 0;
        _hasBase = false;
        _hasDelta = false;
        _stage = Choosing;
        return same && !_base.IsPastEnd && !_delta.IsPastEnd;
    }

    /// <summary>Goes on. True at the end, and then <paramref name="good"/> says whether the snapshot is made.</summary>
    public bool Step(out bool good)
    {
        good = true;
        switch (_stage)
        {
            case Copying: Copy(); return false;
            case ReadingPlaces: good = ReadPlaces(); return !good;
            case Merging: good = Merge(); return !good;
            default: return Choose(out good);
        }
    }

    /// <summary>The next section in the order of keys: of the base as it is, of the delta anew, or of both.</summary>
    private bool Choose(out bool good)
    {
        good = false;
        if (!_hasBase && _baseLeft > 0 && !ReadBaseHead())
        {
            return true;
        }

        if (!_hasDelta && _deltaLeft > 0 && !ReadDeltaHead())
        {
            return true;
        }

        if (!_hasBase && !_hasDelta)
        {
            _to[Head - 2] = (byte)(_sections >> 8);
            _to[Head - 1] = (byte)_sections;
            good = _base.Address == _baseEnd && _delta.Address == _deltaEnd && _sections <= BlocklistLoader.MaxSections;
            return true;
        }

        int order = !_hasDelta ? -1 : !_hasBase ? 1 : _baseSection.CompareKey(_deltaSection);
        good = true;
        if (order < 0)
        {
            _hasBase = false;
            _sections++;
            good = BeginSection(_baseSection, _baseSection.Count);
            Store.BigEndian.Put32(_to, _length - 4, (uint)_baseSection.Octets);
            _copy = _baseSection.Address;
            _copyLeft = _baseSection.Octets;
            good = good && _copyLeft <= _to.Length - _length;
            _stage = Copying;
            return !good;
        }

        _hasDelta = false;
        if (order > 0)
        {
            good = _gone == 0 && _come > 0; // the base does not have it
            _baseNumbers.Begin(0, 0, 0, 1);
        }
        else
        {
            _hasBase = false;
            if (_gone == WholeSection)
            {
                good = _come == 0 && _deltaSection.Octets == 0;
                return !good;
            }

            good = _gone <= (uint)_baseSection.Count;
            _baseNumbers.Begin(_baseSection.Address, _baseSection.Octets, _baseSection.Count, _baseSection.PrefixLength);
        }

        long coded = 8L * _deltaSection.Octets;
        good = good && _gone + (long)_come > 0 && _gone + (long)_come <= coded && _come <= _capacity && BeginSection(_deltaSection, 0);
        if (!good)
        {
            return true;
        }

        _sections++;
        _countAt = _length - 8;
        if (_places.Length < (int)_gone)
        {
            _places = new int[(int)_gone];
        }

        _deltaNumbers.Begin(_deltaSection.Address, _deltaSection.Octets, (int)_gone, PlaceBits);
        _writer.Begin(_length, _deltaSection.PrefixLength);
        _place = 0;
        _index = -1;
        _holdsBase = false;
        _stage = ReadingPlaces;
        return false;
    }

    private bool ReadBaseHead()
    {
        if (!_baseSection.TryReadKey(_base))
        {
            return false;
        }

        _baseSection.Count = (int)_base.Number(4);
        _baseSection.Octets = (int)_base.Number(4);
        _baseSection.Address = _base.Address;
        _baseLeft--;
        _hasBase = true;
        return Skip(_base, _baseSection, _baseEnd) && _baseSection.Count > 0;
    }

    private bool ReadDeltaHead()
    {
        if (!_deltaSection.TryReadKey(_delta))
        {
            return false;
        }

        _gone = (uint)_delta.Number(4);
        ulong come = _delta.Number(4);
        _deltaSection.Octets = (int)_delta.Number(4);
        _deltaSection.Address = _delta.Address;
        _deltaLeft--;
        _hasDelta = true;
        _come = come > int.MaxValue ? int.MaxValue : (int)come;
        return Skip(_delta, _deltaSection, _deltaEnd);
    }

    private static bool Skip(FlashBits bits, Section section, int end)
    {
        if (bits.IsPastEnd || section.Octets < 0 || section.Octets > end - section.Address)
        {
            return false;
        }

        bits.Begin(section.Address + section.Octets, end);
        return true;
    }

    /// <summary>Writes a section's key and count, and leaves room for its octets.</summary>
    private bool BeginSection(Section section, int count)
    {
        if (_to.Length - _length < section.KeyLength + 8)
        {
            return false;
        }

        System.Array.Copy(section.Key, 0, _to, _length, section.KeyLength);
        _length += section.KeyLength;
        Store.BigEndian.Put32(_to, _length, (uint)count);
        _length += 8;
        return true;
    }

    private void Copy()
    {
        int count = _copyLeft < CopiedAStep ? _copyLeft : CopiedAStep;
        _flash.Read(_copy, _to, _length, count);
        _copy += count;
        _length += count;
        _copyLeft -= count;
        if (_copyLeft == 0)
        {
            _stage = Choosing;
        }
    }

    private bool ReadPlaces()
    {
        for (int i = 0; i < EntriesAStep && _deltaNumbers.Left > 0; i++)
        {
            if (!_deltaNumbers.TryNext() || _deltaNumbers.Low >= (ulong)_baseSection.Count)
            {
                return false;
            }

            _places[_place++] = (int)_deltaNumbers.Low;
        }

        if (_deltaNumbers.Left > 0)
        {
            return true;
        }

        _deltaNumbers.Resume(_come, _deltaSection.PrefixLength);
        _place = 0;
        _hasNext = _come > 0;
        _stage = Merging;
        return !_hasNext || _deltaNumbers.TryNext();
    }

    /// <summary>Entries of the base that stay, and those that come, in their order.</summary>
    private bool Merge()
    {
        for (int i = 0; i < EntriesAStep; i++)
        {
            if (_baseNumbers.Left == 0 && !_holdsBase)
            {
                if (!_hasNext)
                {
                    return EndSection();
                }

                if (!Emit())
                {
                    return false;
                }

                continue;
            }

            if (!_holdsBase)
            {
                if (!_baseNumbers.TryNext())
                {
                    return false;
                }

                _index++;
                if (_place < (int)_gone && _places[_place] == _index)
                {
                    _place++;
                    continue;
                }

                _holdsBase = true;
            }

            bool same = _hasNext && _deltaNumbers.High == _baseNumbers.High && _deltaNumbers.Low == _baseNumbers.Low;
            if (same)
            {
                return false; // what comes must not be there
            }

            bool comes = _hasNext && (_deltaNumbers.High < _baseNumbers.High || (_deltaNumbers.High == _baseNumbers.High && _deltaNumbers.Low < _baseNumbers.Low));
            if (comes)
            {
                if (!Emit())
                {
                    return false;
                }
            }
            else
            {
                _holdsBase = false;
                if (!_writer.TryAppend(_baseNumbers.High, _baseNumbers.Low))
                {
                    return false;
                }
            }
        }

        return !_writer.Overflowed && _writer.Count <= _capacity;
    }


    private bool Emit()
    {
        if (!_writer.TryAppend(_deltaNumbers.High, _deltaNumbers.Low))
        {
            return false;
        }

        _hasNext = _deltaNumbers.Left > 0;
        return !_hasNext || _deltaNumbers.TryNext();
    }

    private bool EndSection()
    {
        _writer.Finish();
        if (_writer.Overflowed || _writer.Count == 0 || !_deltaNumbers.IsAtEnd)
        {
            return false;
        }

        Store.BigEndian.Put32(_to, _countAt, (uint)_writer.Count);
        Store.BigEndian.Put32(_to, _countAt + 4, (uint)(_writer.Length - _length));
        _length = _writer.Length;
        _stage = Choosing;
        return true;
    }
}
