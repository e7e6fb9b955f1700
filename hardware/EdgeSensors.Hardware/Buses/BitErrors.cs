namespace EdgeSensors.Hardware.Buses;

/// <summary>Turns bits over on a bus, each with the same chance, drawn from a seed.</summary>
public sealed class BitErrors
{
    private readonly Random _random;
    private double _rate;
    private long _clean;

    /// <summary>No errors until a rate is set.</summary>
    public BitErrors(int seed)
    {
        _random = new Random(seed);
    }

    /// <summary>The chance that a bit is turned over, 0 to 1.</summary>
    public double Rate
    {
        get => _rate;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            _rate = value;
            _clean = NextGap();
        }
    }

    /// <summary>Bits turned over so far.</summary>
    public long Count { get; private set; }

    /// <summary>An octet on its way.</summary>
    public byte Pass(byte octet)
    {
        if (_rate == 0)
        {
            return octet;
        }

        if (_clean >= 8)
        {
            _clean -= 8;
            return octet;
        }

        int bit = 0;
        while (bit + _clean < 8)
        {
            bit += (int)_clean;
            octet ^= (byte)(0x80 >> bit);
            bit++;
            Count++;
            _clean = NextGap();
        }

        _clean -= 8 - bit;
        return octet;
    }

    /// <summary>How many bits pass before the next is turned over: geometric.</summary>
    private long NextGap() => _rate switch
    {
        0 => long.MaxValue,
        1 => 0,
        _ => (long)Math.Min(1e15, Math.Log(1 - _random.NextDouble()) / Math.Log(1 - _rate)),
    };
}
