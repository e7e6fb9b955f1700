namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Raises a field element to p - 2 (its inverse) or (p - 5) / 8 (for square roots) in slices: at most <see cref="SquaringsAStep"/>
/// squarings a step. The two exponents share all but the last of their chain of 254 squarings and 11 products.
/// </summary>
internal sealed class FieldPower
{
    /// <summary>What one step may cost.</summary>
    public const int SquaringsAStep = 16;

    private const int Z = 0;
    private const int T0 = 1;
    private const int T1 = 2;
    private const int T2 = 3;
    private const int Z11 = 4;

    // A line: squarings of register a into register b, or (0) the product of a and c into b.
    private static readonly byte[] SharedChain =
    {
        Z, T0, 1, 0,      // 2
        T0, T1, 2, 0,     // 8
        Z, T1, 0, T1,     // 9
        T0, Z11, 0, T1,   // 11
        Z11, T0, 1, 0,    // 22
        T1, T0, 0, T0,    // 2^5 - 1
        T0, T1, 5, 0,
        T1, T0, 0, T0,    // 2^10 - 1
        T0, T1, 10, 0,
        T1, T1, 0, T0,    // 2^20 - 1
        T1, T2, 20, 0,
        T2, T1, 0, T1,    // 2^40 - 1
        T1, T1, 10, 0,
        T1, T0, 0, T0,    // 2^50 - 1
        T0, T1, 50, 0,
        T1, T1, 0, T0,    // 2^100 - 1
        T1, T2, 100, 0,
        T2, T1, 0, T1,    // 2^200 - 1
        T1, T1, 50, 0,
        T1, T0, 0, T0,    // 2^250 - 1
    };

    private static readonly byte[] InverseEnd = { T0, T0, 5, 0, T0, T0, 0, Z11 };  // 2^255 - 21
    private static readonly byte[] RootEnd = { T0, T0, 2, 0, T0, T0, 0, Z };       // 2^252 - 3

    private readonly Field25519 _field;
    private readonly int _registers;
    private byte[] _end = InverseEnd;
    private int _position;
    private int _squared;

    /// <summary>Works in five elements of the field's memory that nobody else uses.</summary>
    public FieldPower(Field25519 field)
    {
        _field = field;
        _registers = field.Reserve(5);
    }

    /// <summary>Where the result is when <see cref="Step"/> has said so.</summary>
    public int Result => _registers + T0 * Field25519.Limbs;

    /// <summary>Begins a power of <paramref name="element"/>: its inverse, or with <paramref name="root"/> its (p - 5) / 8th.</summary>
    public void Begin(int element, bool root)
    {
        _field.Copy(_registers, element);
        _end = root ? RootEnd : InverseEnd;
        _position = 0;
        _squared = 0;
    }

    /// <summary>One slice of work. True when the result is there.</summary>
    public bool Step()
    {
        int budget = SquaringsAStep;
        while (budget > 0)
        {
            byte[] chain = _position < SharedChain.Length ? SharedChain : _end;
            int at = _position < SharedChain.Length ? _position : _position - SharedChain.Length;
            int from = _registers + chain[at] * Field25519.Limbs;
            int to = _registers + chain[at + 1] * Field25519.Limbs;
            int squarings = chain[at + 2];
            if (squarings == 0)
            {
                _field.Multiply(to, from, _registers + chain[at + 3] * Field25519.Limbs);
                budget -= 2;
                _position += 4;
            }
            else
            {
                _field.Square(to, _squared == 0 ? from : to, 0);
                budget--;
                _squared++;
                if (_squared == squarings)
                {
                    _squared = 0;
                    _position += 4;
                }
            }

            if (_position == SharedChain.Length + _end.Length)
            {
                return true;
            }
        }

        return false;
    }
}
