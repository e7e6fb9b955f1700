namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Points of edwards25519 in extended coordinates (X : Y : Z : T), four field elements in a row; for the tables in the form that an
/// addition wants them: Y + X, Y - X, 2 Z, 2 d T. Formulas: Hisil, Wong, Carter, Dawson 2008 (RFC 8032, section 5.1.4).
/// </summary>
internal sealed class EdwardsCurve
{
    /// <summary>Array positions that a point takes.</summary>
    public const int PointLimbs = 4 * Field25519.Limbs;

    private const int N = Field25519.Limbs;

    // RFC 8032, section 5.1: d = -121665/121666; 2^((p-1)/4), a root of -1; the base point. Little-endian.
    private const string D = "a3785913ca4deb75abd841414d0a700098e879777940c78c73fe6f2bee6c0352";
    private const string RootOfMinusOne = "b0a00e4a271beec478e42fad0618432fa7d7fb3d99004d2b0bdfc14f8024832b";
    private const string BaseX = "1ad5258f602d56c9b2a7259560c72c695cdcd6fd31e2a4c0fe536ecdd3366921";
    private const string BaseY = "5866666666666666666666666666666666666666666666666666666666666666";

    private readonly Field25519 _field;
    private readonly int _a, _b, _c, _d2;

    /// <summary>The curve, with its constants and the base point in the field's memory.</summary>
    public EdwardsCurve(Field25519 field)
    {
        _field = field;
        _a = field.Reserve(1);
        _b = field.Reserve(1);
        _c = field.Reserve(1);
        _d2 = field.Reserve(1);
        DConstant = field.Reserve(1);
        MinusOneRoot = field.Reserve(1);
        BasePoint = field.Reserve(4);
        byte[] room = new byte[Field25519.EncodedSize];
        Constant(DConstant, D, room);
        field.Add(_a, DConstant, DConstant);
        field.Set(_b, 1);
        field.Multiply(_d2, _a, _b);
        Constant(MinusOneRoot, RootOfMinusOne, room);
        Constant(BasePoint, BaseX, room);
        Constant(BasePoint + N, BaseY, room);
        field.Set(BasePoint + 2 * N, 1);
        field.Multiply(BasePoint + 3 * N, BasePoint, BasePoint + N);
    }

    /// <summary>Where the curve's constant d lies.</summary>
    public int DConstant { get; }

    /// <summary>Where a square root of -1 lies.</summary>
    public int MinusOneRoot { get; }

    /// <summary>Where the base point lies.</summary>
    public int BasePoint { get; }

    /// <summary>p = the neutral point.</summary>
    public void SetNeutral(int p)
    {
        _field.Set(p, 0);
        _field.Set(p + N, 1);
        _field.Set(p + 2 * N, 1);
        _field.Set(p + 3 * N, 0);
    }

    /// <summary>p = 2 q; without T (which only an addition after it needs) an eighth cheaper. Eight products or squares.</summary>
    public void Double(int p, int q, bool withT)
    {
        Field25519 f = _field;
        f.Add(_a, q, q + N);
        f.Square(_a, _a, 0);                      // (X + Y)^2
        f.Square(_b, q, 0);                       // A
        f.Square(_c, q + N, 0);                   // B
        f.Square(p + 2 * N, q + 2 * N, 1);        // C = 2 Z^2
        f.Add(p, _b, _c);                         // H
        f.Subtract(_a, p, _a);                    // E
        f.Subtract(_b, _b, _c);                   // G
        f.Add(_c, p + 2 * N, _b);                 // F
        if (withT)
        {
            f.Multiply(p + 3 * N, _a, p);
        }

        f.Multiply(p + N, _b, p);
        f.Multiply(p, _a, _c);
        f.Multiply(p + 2 * N, _c, _b);
    }

    /// <summary>table entry t = q, in the form for additions.</summary>
    public void ToEntry(int t, int q)
    {
        _field.Add(t, q + N, q);
        _field.Subtract(t + N, q + N, q);
        _field.Add(t + 2 * N, q + 2 * N, q + 2 * N);
        _field.Multiply(t + 3 * N, q + 3 * N, _d2);
    }

    /// <summary>p = p + entry, or p - entry. Eight products.</summary>
    public void Add(int p, int entry, bool subtract)
    {
        Field25519 f = _field;
        int sum = subtract ? entry + N : entry;
        int difference = subtract ? entry : entry + N;
        f.Subtract(_a, p + N, p);
        f.Multiply(_a, _a, difference);           // A
        f.Add(_b, p + N, p);
        f.Multiply(_b, _b, sum);                  // B
        f.Multiply(_c, p + 3 * N, entry + 3 * N); // C
        f.Multiply(p, p + 2 * N, entry + 2 * N);  // D
        f.Add(p + N, _b, _a);                     // H
        f.Subtract(_a, _b, _a);                   // E
        if (subtract)
        {
            f.Add(_b, p, _c);                     // F = D - C, C being of the other sign
            f.Subtract(_c, p, _c);                // G
        }
        else
        {
            f.Subtract(_b, p, _c);
            f.Add(_c, p, _c);
        }

        f.Multiply(p + 3 * N, _a, p + N);
        f.Multiply(p, _a, _b);
        f.Multiply(p + N, _c, p + N);
        f.Multiply(p + 2 * N, _b, _c);
    }

    private void Constant(int element, string hex, byte[] room)
    {
        for (int i = 0; i < room.Length; i++)
        {
            room[i] = (byte)((Digit(hex[2 * i]) << 4) | Digit(hex[2 * i + 1]));
        }

        _field.Decode(element, room, 0);
    }

    private static int Digit(char c)
    {
        return c <= '9' ? c - '0' : c - 'a' + 10;
    }
}
