namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Checks that as many different keys as must have signed a file (TUF 1.0.34, sections 5.3.4, 5.4.2, 5.5.3, 5.6.3), a slice of one signature a step. A signature that
/// nothing vouches for is no reason to trust a file more, and is refused so that no octet can be altered.
/// </summary>
internal sealed class SignatureCheck
{
    private readonly byte[] _buffer;
    private readonly SignedFile _file;
    private readonly Ed25519Verifier _verifier;
    private readonly bool[] _signed = new bool[2 * RoleKeys.MaxKeys];
    private RoleKeys? _trusted;
    private RoleKeys? _own;
    private int _signature;
    private bool _isDone;

    /// <summary>A check of files in a buffer.</summary>
    /// <param name="buffer">Holds the file; to stay as it is until the verdict.</param>
    /// <param name="file">Its envelope.</param>
    /// <param name="verifier">Verifies one signature at a time.</param>
    public SignatureCheck(byte[] buffer, SignedFile file, Ed25519Verifier verifier)
    {
        _buffer = buffer;
        _file = file;
        _verifier = verifier;
    }

    /// <summary>Whether the file is signed as it must be, when there is a verdict.</summary>
    public bool IsGood { get; private set; }

    /// <summary>Signatures checked since the start.</summary>
    public int SignaturesChecked { get; private set; }

    /// <summary>Begins with what the envelope holds now. True when there is a verdict already.</summary>
    /// <param name="trusted">The keys that are trusted for its role; null for a first root, which stands for itself, and on which what others signed is passed over.</param>
    /// <param name="own">Of a root the keys that it names itself, which must sign it too; null for other files.</param>
    public bool Begin(RoleKeys? trusted, RoleKeys? own)
    {
        _trusted = trusted;
        _own = own;
        _signature = 0;
        _isDone = false;
        IsGood = false;
        System.Array.Clear(_signed, 0, _signed.Length);
        BeginSignature();
        return _isDone;
    }

    /// <summary>One slice of work. True when there is a verdict.</summary>
    public bool Step()
    {
        if (_isDone || !_verifier.Step())
        {
            return _isDone;
        }

        if (_verifier.Phase != Ed25519Phase.Accepted)
        {
            _isDone = true;
            return true;
        }

        Count();
        _signature++;
        BeginSignature();
        return _isDone;
    }

    private void BeginSignature()
    {
        RoleKeys? role = null;
        int key = -1;
        while (_signature < _file.Count)
        {
            role = RoleOf(_signature, out key);
            if (role != null || _trusted != null)
            {
                break;
            }

            _signature++;
        }

        if (_signature == _file.Count)
        {
            _isDone = true;
            IsGood = IsEnough(_trusted, 0) && IsEnough(_own, RoleKeys.MaxKeys);
        }
        else if (role == null || !role.Known[key])
        {
            _isDone = true;
        }
        else
        {
            SignaturesChecked++;
            _verifier.Begin(
                role.Keys, key * Ed25519Verifier.PublicKeySize, _file.Values, _signature * Ed25519Verifier.SignatureSize, _buffer, _file.SignedStart, _file.SignedLength);
        }
    }

    /// <summary>The keys that a signature's key is of, the trusted ones first; null for none.</summary>
    private RoleKeys? RoleOf(int signature, out int key)
    {
        int at = signature * Sha256.DigestSize;
        key = _trusted == null ? -1 : _trusted.Find(_file.KeyIds, at);
        if (key >= 0)
        {
            return _trusted;
        }

        key = _own == null ? -1 : _own.Find(_file.KeyIds, at);
        return key >= 0 ? _own : null;
    }

    private void Count()
    {
        int at = _signature * Sha256.DigestSize;
        int trusted = _trusted == null ? -1 : _trusted.Find(_file.KeyIds, at);
        if (trusted >= 0)
        {
            _signed[trusted] = true;
        }

        int own = _own == null ? -1 : _own.Find(_file.KeyIds, at);
        if (own >= 0 && _own!.Known[own])
        {
            _signed[RoleKeys.MaxKeys + own] = true;
        }
    }

    /// <summary>Whether enough different keys have signed; a key under two ids counts once.</summary>
    private bool IsEnough(RoleKeys? role, int offset)
    {
        if (role == null)
        {
            return true;
        }

        int signers = 0;
        for (int i = 0; i < role.Count; i++)
        {
            bool counts = _signed[offset + i];
            for (int before = 0; counts && before < i; before++)
            {
                counts = !(_signed[offset + before] && role.IsTwin(i, before));
            }

            signers += counts ? 1 : 0;
        }

        return role.Threshold >= 1 && signers >= role.Threshold;
    }
}
