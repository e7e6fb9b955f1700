namespace EdgeSensors.Firmware.Sealing;

/// <summary>
/// Opens what is sealed by HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305. In slices: one for each
/// bit of the agreement, one for the rest.
/// </summary>
internal sealed class HpkeOpener
{
    private const string Version = "HPKE-v1";
    private const int KemSuite = 0, HpkeSuite = 1;

    private static readonly byte[] KemSuiteId = { (byte)'K', (byte)'E', (byte)'M', 0x00, 0x20 };
    private static readonly byte[] HpkeSuiteId = { (byte)'H', (byte)'P', (byte)'K', (byte)'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03 };

    private readonly X25519 _agreement = new X25519();
    private readonly HmacSha256 _hmac = new HmacSha256();
    private readonly ChaCha20Poly1305 _cipher = new ChaCha20Poly1305();
    private readonly byte[] _publicKey = new byte[X25519.Size];
    private readonly byte[] _secret = new byte[32];
    private readonly byte[] _context = new byte[65];
    private readonly byte[] _encapsulated = new byte[X25519.Size];
    private readonly byte[] _privateKey;
    private readonly byte[] _key = new byte[32];
    private readonly byte[] _nonce = new byte[32];
    private bool _knowsPublicKey;
    private int _stage;

    /// <summary>An opener for a private key of 32 octets.</summary>
    public HpkeOpener(byte[] privateKey)
    {
        _privateKey = privateKey;
        byte[] basePoint = new byte[X25519.Size];
        basePoint[0] = 9;
        _agreement.Begin(privateKey, 0, basePoint, 0);
    }

    /// <summary>Begins with an encapsulated key; <see cref="StepAgree"/> goes on.</summary>
    public void Begin(byte[] encapsulated)
    {
        _stage = 0;
        System.Array.Copy(encapsulated, 0, _encapsulated, 0, X25519.Size);
        if (_knowsPublicKey)
        {
            _agreement.Begin(_privateKey, 0, _encapsulated, 0);
        }
    }

    /// <summary>A slice of the agreement; the first time the own public key is found before it. True when it is done.</summary>
    public bool StepAgree()
    {
        if (!_agreement.Step())
        {
            return false;
        }

        if (_knowsPublicKey)
        {
            return true;
        }

        System.Array.Copy(_agreement.Result, 0, _publicKey, 0, X25519.Size);
        _knowsPublicKey = true;
        _agreement.Begin(_privateKey, 0, _encapsulated, 0);
        return false;
    }

    /// <summary>Opens, in place, what was sealed, the tag behind it; an HMAC a step. True when it is done; <paramref name="good"/> is false if anything differs.</summary>
    public bool StepOpen(string info, byte[] associated, int associatedLength, byte[] data, int length, out bool good)
    {
        good = false;
        switch (_stage)
        {
            case 0:
                int all = 0;
                for (int i = 0; i < X25519.Size; i++)
                {
                    all |= _agreement.Result[i];
                }

                if (all == 0)
                {
                    return true; // a point of low order agrees on nothing (section 7.1.4)
                }

                // ExtractAndExpand (section 4.1), bound to both public keys.
                BeginExtract(KemSuite, _secret, 0, "eae_prk");
                _hmac.Update(_agreement.Result, 0, X25519.Size);
                _hmac.Finish(_secret, 0);
                break;
            case 1:
                BeginExpand(KemSuite, _secret, "shared_secret", 32);
                _hmac.Update(_encapsulated, 0, X25519.Size);
                _hmac.Update(_publicKey, 0, X25519.Size);
                EndExpand(_secret);
                break;
            case 2:
                // KeySchedule (section 5.1), mode_base.
                _context[0] = 0;
                BeginExtract(HpkeSuite, _secret, 0, "psk_id_hash");
                _hmac.Finish(_context, 1);
                break;
            case 3:
                BeginExtract(HpkeSuite, _secret, 0, "info_hash");
                _hmac.Update(info);
                _hmac.Finish(_context, 33);
                break;
            case 4:
                BeginExtract(HpkeSuite, _secret, 32, "secret");
                _hmac.Finish(_secret, 0);
                break;
            case 5:
                BeginExpand(HpkeSuite, _secret, "key", 32);
                _hmac.Update(_context, 0, _context.Length);
                EndExpand(_key);
                break;
            case 6:
                BeginExpand(HpkeSuite, _secret, "base_nonce", ChaCha20Poly1305.NonceSize);
                _hmac.Update(_context, 0, _context.Length);
                EndExpand(_nonce);
                break;
            default:
                good = _cipher.TryOpen(_key, _nonce, associated, associatedLength, data, 0, length);
                return true;
        }

        _stage++;
        return false;
    }

    private void BeginExtract(int suite, byte[] salt, int saltLength, string label)
    {
        _hmac.Begin(salt, 0, saltLength);
        _hmac.Update(Version);
        byte[] id = suite == KemSuite ? KemSuiteId : HpkeSuiteId;
        _hmac.Update(id, 0, id.Length);
        _hmac.Update(label);
    }

    private void BeginExpand(int suite, byte[] key, string label, int length)
    {
        _hmac.Begin(key, 0, 32);
        _hmac.Update(0);
        _hmac.Update((byte)length);
        _hmac.Update(Version);
        byte[] id = suite == KemSuite ? KemSuiteId : HpkeSuiteId;
        _hmac.Update(id, 0, id.Length);
        _hmac.Update(label);
    }

    private void EndExpand(byte[] to)
    {
        _hmac.Update(1);
        _hmac.Finish(to, 0);
    }
}
