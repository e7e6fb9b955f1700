namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Verifies Ed25519 signatures (RFC 8032, section 5.1.7) in slices, so that frames go on being taken in between: the costliest slice is
/// one doubling and two additions of points, <see cref="Field25519"/>'s product being what counts. Everything it needs it takes at construction.
/// The equation checked is S B = R + k A, without the cofactor, R compared as octets; encodings of points and of S must be canonical.
/// </summary>
internal sealed class Ed25519Verifier
{
    /// <summary>Octets of a signature.</summary>
    public const int SignatureSize = 64;

    /// <summary>Octets of a public key.</summary>
    public const int PublicKeySize = 32;

    private const int N = Field25519.Limbs;
    private const int TableEntries = 8;

    private readonly Field25519 _field;
    private readonly EdwardsCurve _curve;
    private readonly FieldPower _power;
    private readonly Scalar25519 _scalar = new Scalar25519();
    private readonly Sha512 _hash = new Sha512();
    private readonly int _u, _v, _w, _negated, _sum, _step, _baseTable, _keyTable;
    private readonly byte[] _challenge = new byte[Sha512.DigestSize];
    private readonly byte[] _encoding = new byte[Field25519.EncodedSize];
    private readonly sbyte[] _keyDigits = new sbyte[256];
    private readonly sbyte[] _baseDigits = new sbyte[256];

    private byte[] _publicKey, _signature, _message;
    private int _publicKeyOffset, _signatureOffset, _messageOffset, _messageLeft;
    private Ed25519Phase _phase;
    private int _position;

    /// <summary>Takes the memory for a verification and builds the table of the base point's odd multiples.</summary>
    public Ed25519Verifier()
    {
        _field = new Field25519(10 + 5 + 3 + 4 + 4 + 4 + 2 * 4 * TableEntries);
        _curve = new EdwardsCurve(_field);
        _power = new FieldPower(_field);
        _u = _field.Reserve(1);
        _v = _field.Reserve(1);
        _w = _field.Reserve(1);
        _negated = _field.Reserve(4);
        _sum = _field.Reserve(4);
        _step = _field.Reserve(4);
        _baseTable = _field.Reserve(4 * TableEntries);
        _keyTable = _field.Reserve(4 * TableEntries);
        _publicKey = _signature = _message = _encoding;
        _phase = Ed25519Phase.Refused;
        for (int i = 0; i < TableEntries; i++)
        {
            BuildEntry(_baseTable, _curve.BasePoint, i);
        }
    }

    /// <summary>How far the verification has come.</summary>
    public Ed25519Phase Phase => _phase;

    /// <summary>Begins. The three arrays are read in place, and must stay as they are until the verdict.</summary>
    public void Begin(byte[] publicKey, int publicKeyOffset, byte[] signature, int signatureOffset, byte[] message, int messageOffset, int messageLength)
    {
        _publicKey = publicKey;
        _publicKeyOffset = publicKeyOffset;
        _signature = signature;
        _signatureOffset = signatureOffset;
        _message = message;
        _messageOffset = messageOffset;
        _messageLeft = messageLength;
        _position = 0;
        if (!Scalar25519.IsReduced(signature, signatureOffset + 32))
        {
            _phase = Ed25519Phase.Refused;
            return;
        }

        _hash.Reset();
        _hash.Update(signature, signatureOffset, 32);
        _hash.Update(publicKey, publicKeyOffset, PublicKeySize);
        _phase = Ed25519Phase.Hashing;
    }

    /// <summary>One slice of work. True when there is a verdict in <see cref="Phase"/>.</summary>
    public bool Step()
    {
        switch (_phase)
        {
            case Ed25519Phase.Hashing: StepHash(); break;
            case Ed25519Phase.Reducing: StepReduce(); break;
            case Ed25519Phase.FindingPoint: StepFindPoint(); break;
            case Ed25519Phase.Tabulating: StepTabulate(); break;
            case Ed25519Phase.Multiplying: StepMultiply(); break;
            case Ed25519Phase.Inverting: StepInvert(); break;
            default: break;
        }

        return _phase == Ed25519Phase.Accepted || _phase == Ed25519Phase.Refused;
    }

    private void StepHash()
    {
        int taken = _messageLeft < Sha512.BlockSize ? _messageLeft : Sha512.BlockSize;
        _hash.Update(_message, _messageOffset, taken);
        _messageOffset += taken;
        _messageLeft -= taken;
        if (_messageLeft == 0)
        {
            _phase = Ed25519Phase.Reducing;
        }
    }

    private void StepReduce()
    {
        if (_position == 0)
        {
            _hash.Finish(_challenge, 0);
            _position = 1;
        }
        else if (_position == 1)
        {
            _scalar.Reduce(_challenge);
            _position = 2;
        }
        else if (_position == 2)
        {
            Scalar25519.ToSlidingWindows(_keyDigits, _challenge, 0);
            _position = 3;
        }
        else
        {
            Scalar25519.ToSlidingWindows(_baseDigits, _signature, _signatureOffset + 32);
            BeginFindPoint();
        }
    }

    /// <summary>RFC 8032, section 5.1.3: x^2 = u / v with u = y^2 - 1 and v = d y^2 + 1; a root is u v^3 (u v^7)^((p-5)/8).</summary>
    private void BeginFindPoint()
    {
        Field25519 f = _field;
        if (!f.Decode(_negated + N, _publicKey, _publicKeyOffset))
        {
            _phase = Ed25519Phase.Refused;
            return;
        }

        f.Set(_negated + 2 * N, 1);
        f.Square(_u, _negated + N, 0);
        f.Multiply(_v, _u, _curve.DConstant);
        f.Subtract(_u, _u, _negated + 2 * N);
        f.Add(_v, _v, _negated + 2 * N);
        f.Square(_w, _v, 0);
        f.Multiply(_w, _w, _v);
        f.Square(_negated, _w, 0);
        f.Multiply(_negated, _negated, _v);
        f.Multiply(_negated, _negated, _u);
        _power.Begin(_negated, root: true);
        f.Multiply(_w, _w, _u);
        _phase = Ed25519Phase.FindingPoint;
    }

    private void StepFindPoint()
    {
        if (!_power.Step())
        {
            return;
        }

        Field25519 f = _field;
        int x = _negated;
        f.Multiply(x, _w, _power.Result);
        f.Square(_w, x, 0);
        f.Multiply(_w, _w, _v);
        f.Subtract(_v, _w, _u);
        if (!f.IsZero(_v, _encoding))
        {
            f.Add(_v, _w, _u);
            if (!f.IsZero(_v, _encoding))
            {
                _phase = Ed25519Phase.Refused; // no point has this y
                return;
            }

            f.Multiply(x, x, _curve.MinusOneRoot);
        }

        f.Encode(_encoding, x);
        int sign = _publicKey[_publicKeyOffset + 31] >> 7;
        if (sign == 1 && f.IsZero(x, _encoding))
        {
            _phase = Ed25519Phase.Refused; // there is no -0
            return;
        }

        // The negated key is what the equation wants: R = S B + k (-A).
        f.Encode(_encoding, x);
        if ((_encoding[0] & 1) == sign)
        {
            f.Set(_w, 0);
            f.Subtract(x, _w, x);
        }

        f.Multiply(_negated + 3 * N, x, _negated + N);
        _position = 0;
        _phase = Ed25519Phase.Tabulating;
    }

    private void StepTabulate()
    {
        BuildEntry(_keyTable, _negated, _position);
        _position++;
        if (_position < TableEntries)
        {
            return;
        }

        _curve.SetNeutral(_sum);
        _position = 255;
        while (_position >= 0 && _keyDigits[_position] == 0 && _baseDigits[_position] == 0)
        {
            _position--;
        }

        _phase = Ed25519Phase.Multiplying;
    }

    /// <summary>Entry i of a table is (2 i + 1) times its point; entries are built in order.</summary>
    private void BuildEntry(int table, int point, int i)
    {
        if (i == 0)
        {
            _curve.ToEntry(table, point);
            _curve.Double(_step, point, withT: true);
            return;
        }

        // The sum 2 P + (2 i - 1) P; 2 P stays in _step, _sum is room for work.
        _field.Copy(_sum, _step);
        _field.Copy(_sum + N, _step + N);
        _field.Copy(_sum + 2 * N, _step + 2 * N);
        _field.Copy(_sum + 3 * N, _step + 3 * N);
        _curve.Add(_sum, table + (i - 1) * EdwardsCurve.PointLimbs, subtract: false);
        _curve.ToEntry(table + i * EdwardsCurve.PointLimbs, _sum);
    }

    private void StepMultiply()
    {
        if (_position < 0)
        {
            _power.Begin(_sum + 2 * N, root: false);
            _phase = Ed25519Phase.Inverting;
            return;
        }

        int key = _keyDigits[_position];
        int @base = _baseDigits[_position];
        _curve.Double(_sum, _sum, withT: key != 0 || @base != 0);
        AddMultiple(_keyTable, key);
        AddMultiple(_baseTable, @base);
        _position--;
    }

    private void AddMultiple(int table, int digit)
    {
        if (digit > 0)
        {
            _curve.Add(_sum, table + (digit >> 1) * EdwardsCurve.PointLimbs, subtract: false);
        }
        else if (digit < 0)
        {
            _curve.Add(_sum, table + (-digit >> 1) * EdwardsCurve.PointLimbs, subtract: true);
        }
    }

    private void StepInvert()
    {
        if (!_power.Step())
        {
            return;
        }

        _field.Multiply(_u, _sum, _power.Result);
        _field.Multiply(_v, _sum + N, _power.Result);
        _field.Encode(_encoding, _u);
        int sign = _encoding[0] & 1;
        _field.Encode(_encoding, _v);
        _encoding[31] = (byte)(_encoding[31] | (sign << 7));
        int difference = 0;
        for (int i = 0; i < Field25519.EncodedSize; i++)
        {
            difference |= _encoding[i] ^ _signature[_signatureOffset + i];
        }

        _phase = difference == 0 ? Ed25519Phase.Accepted : Ed25519Phase.Refused;
    }
}
