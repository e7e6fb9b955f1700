namespace EdgeSensors.Firmware.Report;

/// <summary>
/// Deterministic CBOR (RFC 8949, section 4.2.1) into one buffer. The caller gives map keys in the order of their octets; maps have at most 23
/// entries, which are counted as keys are written. What finds no room sets <see cref="Overflowed"/>, and nothing is written beyond the end.
/// </summary>
internal sealed class CborWriter
{
    private const int MaxDepth = 8;

    private readonly byte[] _buffer;
    private readonly int[] _starts = new int[MaxDepth];
    private readonly int[] _entries = new int[MaxDepth];
    private int _depth = -1;

    /// <summary>Writes into <paramref name="buffer"/>.</summary>
    public CborWriter(byte[] buffer)
    {
        _buffer = buffer;
    }

    /// <summary>Octets written.</summary>
    public int Length { get; private set; }

    /// <summary>Whether something found no room: the message must not be sent.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The buffer, from 0 to <see cref="Length"/>.</summary>
    public byte[] Buffer => _buffer;

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        Length = 0;
        Overflowed = false;
        _depth = -1;
    }

    /// <summary>Begins a map.</summary>
    public void BeginMap()
    {
        _depth++;
        _starts[_depth] = Length;
        _entries[_depth] = 0;
        Put(0xa0);
    }

    /// <summary>Ends the map begun last.</summary>
    public void EndMap()
    {
        if (!Overflowed)
        {
            _buffer[_starts[_depth]] = (byte)(0xa0 | _entries[_depth]);
        }

        _depth--;
    }

    /// <summary>A key of the map begun last.</summary>
    public void Key(int key)
    {
        _entries[_depth]++;
        Int(key);
    }

    /// <summary>Begins an array of <paramref name="count"/> items.</summary>
    public void BeginArray(int count)
    {
        Head(0x80, (ulong)count);
    }

    /// <summary>An unsigned integer.</summary>
    public void UInt(ulong value)
    {
        Head(0, value);
    }

    /// <summary>An integer.</summary>
    public void Int(long value)
    {
        if (value >= 0)
        {
            Head(0, (ulong)value);
        }
        else
        {
            Head(0x20, (ulong)(-1 - value));
        }
    }

    /// <summary>The simple value true.</summary>
    public void True()
    {
        Put(0xf5);
    }

    /// <summary>Text of ASCII characters, as all of ours is.</summary>
    public void Text(string text)
    {
        Head(0x60, (ulong)text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            Put((byte)text[i]);
        }
    }

    /// <summary>Octets.</summary>
    public void Bytes(byte[] data, int offset, int count)
    {
        Head(0x40, (ulong)count);
        if (Overflowed || Length + count > _buffer.Length)
        {
            Overflowed = true;
            return;
        }

        System.Array.Copy(data, offset, _buffer, Length, count);
        Length += count;
    }

    /// <summary>A key and an unsigned integer.</summary>
    public void Field(int key, ulong value)
    {
        Key(key);
        UInt(value);
    }

    /// <summary>A key and a count, both left out when it is zero.</summary>
    public void Count(int key, ulong value)
    {
        if (value != 0)
        {
            Field(key, value);
        }
    }

    /// <summary>A key and a token.</summary>
    public void Field(int key, string text)
    {
        Key(key);
        Text(text);
    }

    private void Head(int major, ulong value)
    {
        if (value < 24)
        {
            Put((byte)(major | (int)value));
            return;
        }

        int octets = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
        Put((byte)(major | (octets == 1 ? 24 : octets == 2 ? 25 : octets == 4 ? 26 : 27)));
        for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
        {
            Put((byte)(value >> shift));
        }
    }

    private void Put(byte value)
    {
        if (Length >= _buffer.Length)
        {
            Overflowed = true;
            return;
        }

        _buffer[Length++] = value;
    }
}
