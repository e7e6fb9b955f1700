using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Sealing;

/// <summary>X25519 (RFC 7748, section 5) in slices, one bit of the scalar a step.</summary>
internal sealed class X25519
{
    /// <summary>Octets of a key and of a result.</summary>
    public const int Size = 32;

    private const int N = Field25519.Limbs;
    private const int Elements = 12;
    private const int PowerElements = 5;

    private readonly Field25519 _field = new Field25519(Elements + PowerElements);
    private readonly FieldPower _power;
    private readonly int _x1, _a24, _a, _b, _c, _d, _e, _t;
    private readonly byte[] _scalar = new byte[Size];
    private int _x2, _z2, _x3, _z3;
    private int _bit;
    private int _swapped;
    private bool _inverting;

    /// <summary>Takes the memory for an agreement.</summary>
    public X25519()
    {
        _power = new FieldPower(_field);
        _x1 = _field.Reserve(1);
        _a24 = _field.Reserve(1);
        _a = _field.Reserve(1);
        _b = _field.Reserve(1);
        _c = _field.Reserve(1);
        _d = _field.Reserve(1);
        _e = _field.Reserve(1);
        _t = _field.Reserve(1);
        _x2 = _field.Reserve(4);
        _z2 = _x2 + N;
        _x3 = _x2 + 2 * N;
        _z3 = _x2 + 3 * N;
        _field.Set(_a24, 121_665);
    }

    /// <summary>The result, when <see cref="Step"/> has said that it is there.</summary>
    public byte[] Result { get; } = new byte[Size];

    /// <summary>Begins to multiply a point's u by a scalar.</summary>
    public void Begin(byte[] scalar, int scalarOffset, byte[] u, int offset)
    {
        System.Array.Copy(scalar, scalarOffset, _scalar, 0, Size);
        _scalar[0] &= 248;
        _scalar[31] = (byte)((_scalar[31] & 127) | 64);
        _field.Decode(_x1, u, offset); // what is not reduced is accepted
        _field.Set(_x2, 1);
        _field.Set(_z2, 0);
        _field.Copy(_x3, _x1);
        _field.Set(_z3, 1);
        _bit = 254;
        _swapped = 0;
        _inverting = false;
    }

    /// <summary>One slice. True when the result is there.</summary>
    public bool Step()
    {
        if (_inverting)
        {
            if (!_power.Step())
            {
                return false;
            }

            _field.Multiply(_t, _x2, _power.Result);
            _field.Encode(Result, _t);
            return true;
        }

        if (_bit < 0)
        {
            Swap(_swapped);
            _power.Begin(_z2, root: false);
            _inverting = true;
            return false;
        }

        int bit = (_scalar[_bit >> 3] >> (_bit & 7)) & 1;
        Swap(bit ^ _swapped);
        _swapped = bit;
        _bit--;
        Field25519 f = _field;
        f.Add(_a, _x2, _z2);
        f.Subtract(_b, _x2, _z2);
        f.Add(_c, _x3, _z3);
        f.Subtract(_d, _x3, _z3);
        f.Multiply(_d, _d, _a);
        f.Multiply(_c, _c, _b);
        f.Square(_a, _a, 0);
        f.Square(_b, _b, 0);
        f.Add(_t, _d, _c);
        f.Square(_x3, _t, 0);
        f.Subtract(_t, _d, _c);
        f.Square(_t, _t, 0);
        f.Multiply(_z3, _t, _x1);
        f.Multiply(_x2, _a, _b);
        f.Subtract(_e, _a, _b);
        f.Multiply(_t, _e, _a24);
        f.Add(_t, _t, _a);
        f.Multiply(_z2, _e, _t);
        return false;
    }

    private void Swap(int swap)
    {
        if (swap != 0)
        {
            int x = _x2, z = _z2;
            _x2 = _x3;
            _z2 = _z3;
            _x3 = x;
            _z3 = z;
        }
    }
}
