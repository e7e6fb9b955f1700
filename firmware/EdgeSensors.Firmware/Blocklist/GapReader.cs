using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Blocklist;

/// <summary>
/// Reads an ascending series of numbers coded by their gaps (docs/protocol.md, "Blocklist file", Numbers), one at a time: 128 bits each, the upper
/// half zero where the width allows it.
/// </summary>
internal sealed class GapReader
{
    /// <summary>Numbers that share a parameter.</summary>
    public const int GroupSize = 128;

    /// <summary>Quotients from here on are escaped.</summary>
    public const int Escape = 16;

    /// <summary>Bits of a parameter.</summary>
    public const int ParameterBits = 7;

    private readonly FlashBits _bits;
    private int _width;
    private int _parameter;
    private int _read;

    /// <summary>Reads from a chip.</summary>
    public GapReader(IFlash flash)
    {
        _bits = new FlashBits(flash);
    }

    /// <summary>The number that was read last.</summary>
    public ulong High, Low;

    /// <summary>Numbers that are left.</summary>
    public int Left { get; private set; }

    /// <summary>Whether the octets were just those that the numbers take.</summary>
    public bool IsAtEnd => _bits.IsAtEnd;

    /// <summary>Begins at an address.</summary>
    /// <param name="address">The first octet.</param>
    /// <param name="octets">Octets of the coded numbers.</param>
    /// <param name="count">Numbers.</param>
    /// <param name="width">Bits of a number, 1 to 128.</param>
    public void Begin(int address, int octets, int count, int width)
    {
        _bits.Begin(address, address + octets);
        Resume(count, width);
    }

    /// <summary>Begins another series at the next bit.</summary>
    public void Resume(int count, int width)
    {
        _width = width;
        _read = 0;
        Left = count;
        High = 0;
        Low = 0;
    }

    /// <summary>Reads the next number. False if the bits are none, or there are no more.</summary>
    public bool TryNext()
    {
        if (Left == 0)
        {
            return false;
        }

        if (_read % GroupSize == 0)
        {
            _parameter = (int)_bits.Bits(ParameterBits);
            if (_parameter >= _width)
            {
                return false;
            }
        }

        int quotient = _bits.Ones(Escape);
        int bits = quotient == Escape ? _width : _parameter;
        bool good = bits <= 32 && _width <= 32 ? NextNarrow(quotient, bits) : NextWide(quotient, bits);
        _read++;
        Left--;
        return good && !_bits.IsPastEnd;
    }

    private bool NextNarrow(int quotient, int bits)
    {
        ulong gap = _bits.Bits(bits);
        if (quotient != Escape)
        {
            gap |= (ulong)(uint)quotient << _parameter;
        }

        Low = _read == 0 ? gap : Low + gap + 1;
        return (Low >> _width) == 0;
    }

    private bool NextWide(int quotient, int bits)
    {
        ulong high = 0, low = 0;
        for (int left = bits; left > 0;)
        {
            int some = left > 32 ? 32 : left;
            high = (high << some) | (low >> (64 - some));
            low = (low << some) | _bits.Bits(some);
            left -= some;
        }

        if (quotient != Escape)
        {
            // The quotient has four bits, which may leave the number's.
            if (_parameter >= 64)
            {
                int shift = _parameter - 64;
                if (shift > 60 && ((ulong)(uint)quotient >> (64 - shift)) != 0)
                {
                    return false;
                }

                high |= (ulong)(uint)quotient << shift;
            }
            else
            {
                low |= (ulong)(uint)quotient << _parameter;
                high |= _parameter > 60 ? (ulong)(uint)quotient >> (64 - _parameter) : 0;
            }
        }

        if (_read > 0)
        {
            ulong sum = Low + low;
            ulong carry = sum < Low ? 1UL : 0UL;
            sum++;
            carry += sum == 0 ? 1UL : 0UL;
            ulong sumHigh = High + high;
            bool over = sumHigh < High;
            sumHigh += carry;
            over = over || (carry > 0 && sumHigh < carry);
            if (over)
            {
                return false;
            }

            high = sumHigh;
            low = sum;
        }

        High = high;
        Low = low;
        if (_width >= 128)
        {
            return true;
        }

        return _width > 64 ? (high >> (_width - 64)) == 0 : high == 0 && (_width == 64 || (low >> _width) == 0);
    }
}
