using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Power;

namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// Texas Instruments TMP102 (datasheet SBOS397; sections by name): pointer register, 12- and 13-bit temperature, conversion rates, shutdown with
/// one-shot conversions, and the alert bit of its comparator mode. Not emulated: interrupt mode, the SMBus alert response and high-speed mode.
/// </summary>
public sealed class Tmp102Chip : II2cChip
{
    private const long ConversionMs = 26; // "Conversion time", typical
    private const int ReadOnlyBits = 0x6020; // R1, R0 and AL
    private readonly TimeProvider _time;
    private readonly Func<double> _celsius;
    private int _pointer;
    private int _configuration;
    private int _low;
    private int _high;
    private int _converted;
    private long _nextMs;
    private bool _alert;
    private int _faults;

    /// <summary>A sensor.</summary>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What the chip is fed from.</param>
    /// <param name="celsius">How warm it is where the sensor sits.</param>
    /// <param name="address">0x48 to 0x4b, by what ADD0 is wired to.</param>
    public Tmp102Chip(TimeProvider time, Supply supply, Func<double> celsius, int address = 0x48)
    {
        _time = time;
        _celsius = celsius;
        Address = address;
        supply.Restored += PowerUp;
        PowerUp();
    }

    /// <inheritdoc/>
    public int Address { get; }

    private bool IsExtended => (_configuration & 0x0010) != 0;

    private bool IsAsleep => (_configuration & 0x0100) != 0;

    private long Milliseconds => _time.GetTimestamp() / (_time.TimestampFrequency / 1_000);

    /// <summary>How often it converts, "Conversion Rate": 0.25, 1, 4 (at power-up) and 8 Hz.</summary>
    private long PeriodMs => ((_configuration >> 6) & 3) switch { 0 => 4_000, 1 => 1_000, 2 => 250, _ => 125 };

    /// <inheritdoc/>
    public bool TryTake(byte octet, int index)
    {
        Settle();
        switch (index)
        {
            case 0:
                _pointer = octet & 3; // "Pointer Register": the two lowest bits
                break;
            case 1:
                StoreFirst(octet); // "All registers are updated byte by byte"
                break;
            case 2:
                StoreSecond(octet);
                break;
        }

        return true;
    }

    /// <inheritdoc/>
    public byte Give(int index)
    {
        Settle();
        int value = _pointer switch { 0 => Temperature(), 1 => Configuration(), 2 => _low, _ => _high };
        return (byte)(index % 2 == 0 ? value >> 8 : value);
    }

    /// <summary>One-sixteenths of a degree, the highest bit first: 12 bits, or 13 with the lowest bit set to tell.</summary>
    private int Temperature() => (IsExtended ? (_converted << 3) | 1 : Math.Clamp(_converted, -2048, 2047) << 4) & 0xffff;

    private int Configuration()
    {
        bool polarity = (_configuration & 0x0400) != 0;
        bool ready = IsAsleep && _nextMs < 0;
        return (_configuration & ~0x8020) | 0x6000 | (_alert == polarity ? 0x0020 : 0) | (ready ? 0x8000 : 0);
    }

    private void StoreFirst(byte octet)
    {
        switch (_pointer)
        {
            case 1:
                bool wasAsleep = IsAsleep;
                _configuration = (_configuration & 0x00ff) | ((octet << 8) & ~ReadOnlyBits & ~0x8000);
                if (IsAsleep)
                {
                    _nextMs = (octet & 0x80) != 0 ? Milliseconds + ConversionMs : wasAsleep ? _nextMs : -1;
                }
                else if (wasAsleep)
                {
                    _nextMs = Milliseconds + ConversionMs;
                }

                break;
            case 2: _low = (_low & 0xff) | (octet << 8); break;
            case 3: _high = (_high & 0xff) | (octet << 8); break;
        }
    }

    private void StoreSecond(byte octet)
    {
        switch (_pointer)
        {
            case 1: _configuration = (_configuration & 0xff00) | (octet & 0xd0); break;
            case 2: _low = (_low & 0xff00) | (octet & 0xf8); break;
            case 3: _high = (_high & 0xff00) | (octet & 0xf8); break;
        }
    }

    private void Settle()
    {
        if (_nextMs >= 0 && Milliseconds >= _nextMs)
        {
            _converted = Math.Clamp((int)Math.Round(_celsius() * 16, MidpointRounding.AwayFromZero), -55 * 16, 150 * 16);
            long missed = IsAsleep ? 0 : (Milliseconds - _nextMs) / PeriodMs;
            _nextMs = IsAsleep ? -1 : _nextMs + (missed + 1) * PeriodMs;
            Compare((int)missed + 1);
        }
    }

    /// <summary>"Comparator Mode": at or above THIGH, as many times as the fault queue says, the alert is on; below TLOW it is off.</summary>
    private void Compare(int conversions)
    {
        int shift = IsExtended ? 3 : 4;
        bool beyond = _alert ? _converted < (short)_low >> shift : _converted >= (short)_high >> shift;
        _faults = beyond ? _faults + conversions : 0;
        int needed = ((_configuration >> 11) & 3) switch { 0 => 1, 1 => 2, 2 => 4, _ => 6 };
        if (_faults >= needed)
        {
            _alert = !_alert;
            _faults = 0;
        }
    }

    /// <summary>"Configuration and Power-Up/Reset Format": 60A0h, 4 Hz; the temperature reads 0 °C until the first conversion is done.</summary>
    private void PowerUp()
    {
        _pointer = 0;
        _configuration = 0x0080;
        _low = 75 * 16 << 4;
        _high = 80 * 16 << 4;
        _converted = 0;
        _alert = false;
        _faults = 0;
        _nextMs = Milliseconds + ConversionMs;
    }
}
