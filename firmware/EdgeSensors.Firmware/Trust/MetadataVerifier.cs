namespace EdgeSensors.Firmware.Trust;

/// <summary>Verifies one metadata file in the buffer against what is trusted, a slice a step: its hash, its envelope, what it says, its version, its signatures.</summary>
internal sealed class MetadataVerifier
{
    private const int HashedAStep = 256;

    private readonly byte[] _buffer;
    private readonly TrustedMetadata _trusted;
    private readonly DelegatedRole[] _delegated;
    private readonly SignatureCheck _signatures;
    private readonly SignedFile _file = new SignedFile();
    private readonly Sha256 _hash = new Sha256();
    private FileReference _wanted = new FileReference();
    private long _nowMs;
    private int _item;
    private int _hashed;
    private bool _isHashed;
    private bool _isRead;

    /// <summary>A verifier of files in a buffer.</summary>
    /// <param name="buffer">Holds one file at a time.</param>
    /// <param name="trusted">What is trusted.</param>
    /// <param name="delegated">The roles that are followed.</param>
    /// <param name="wanted">The targets that are looked for.</param>
    /// <param name="signatures">Verifies one signature at a time.</param>
    public MetadataVerifier(byte[] buffer, TrustedMetadata trusted, DelegatedRole[] delegated, WantedTarget[] wanted, Ed25519Verifier signatures)
    {
        _buffer = buffer;
        _trusted = trusted;
        _delegated = delegated;
        _signatures = new SignatureCheck(buffer, _file, signatures);
        Contents = new MetadataReader(delegated, wanted);
    }

    /// <summary>What the file says.</summary>
    public MetadataReader Contents { get; }

    /// <summary>Its octets.</summary>
    public int Length { get; private set; }

    /// <summary>Its SHA-256.</summary>
    public byte[] Digest { get; } = new byte[Sha256.DigestSize];

    /// <summary>What is wrong with it; none if it verified, or is no news.</summary>
    public TufFault Fault { get; private set; }

    /// <summary>Whether it is the timestamp that is trusted already (section 5.4.3.1).</summary>
    public bool IsNoNews { get; private set; }

    /// <summary>Signatures checked since the start.</summary>
    public int SignaturesChecked => _signatures.SignaturesChecked;

    /// <summary>Octets hashed since the start.</summary>
    public long OctetsHashed { get; private set; }

    /// <summary>Begins with the file in the buffer.</summary>
    /// <param name="item">What it must be.</param>
    /// <param name="length">Its octets.</param>
    /// <param name="wanted">Its hash as it is signed, or not set; to stay as it is until the verdict.</param>
    /// <param name="nowMs">The trusted time.</param>
    public void Begin(int item, int length, FileReference wanted, long nowMs)
    {
        _item = item;
        _wanted = wanted;
        _nowMs = nowMs;
        _hashed = 0;
        _isHashed = false;
        _isRead = false;
        Length = length;
        Fault = TufFault.None;
        IsNoNews = false;
        _hash.Reset();
    }

    /// <summary>One slice of work. True when there is a verdict.</summary>
    public bool Step()
    {
        if (!_isHashed)
        {
            return StepHash();
        }

        if (!_isRead)
        {
            return StepRead();
        }

        return _signatures.Step() && EndSignatures();
    }

    private bool StepHash()
    {
        int count = Length - _hashed < HashedAStep ? Length - _hashed : HashedAStep;
        _hash.Update(_buffer, _hashed, count);
        _hashed += count;
        OctetsHashed += count;
        if (_hashed < Length)
        {
            return false;
        }

        _isHashed = true;
        _hash.Finish(Digest, 0);
        if (_wanted.IsSet)
        {
            if (!Hex.Same(Digest, 0, _wanted.Hash, 0, Digest.Length))
            {
                return Refuse(TufFault.HashMismatch);
            }
        }
        else if (_item == TufClient.Timestamp && _trusted.FileOf(_item).IsSet && Hex.Same(Digest, 0, _trusted.FileOf(_item).Hash, 0, Digest.Length))
        {
            IsNoNews = true;
            return true;
        }

        TufFault fault = _file.Read(_buffer, Length);
        if (fault != TufFault.None)
        {
            return Refuse(fault);
        }

        _trusted.Forget(_item);
        MetadataKind kind = _item < TufClient.FirstDelegated ? (MetadataKind)_item : MetadataKind.Delegated;
        Contents.Begin(kind, _buffer, _file.SignedStart, _file.SignedLength);
        if (kind == MetadataKind.Delegated)
        {
            Contents.ForgetTargets(_delegated[_item - TufClient.FirstDelegated]);
        }

        return false;
    }

    private bool StepRead()
    {
        if (!Contents.Step(out TufFault fault))
        {
            return false;
        }

        _isRead = true;
        if (fault == TufFault.None)
        {
            fault = _trusted.Check(_item, Contents, _nowMs);
        }

        if (fault != TufFault.None)
        {
            return Refuse(fault);
        }

        // A first root stands for itself; a later one is signed by the old keys and by its own.
        bool isRoot = _item == TufClient.Root;
        RoleKeys? trusted = isRoot && !_trusted.IsAnchored ? null : _trusted.KeysOf(_item);
        return _signatures.Begin(trusted, isRoot ? Contents.Roles[TufClient.Root] : null) && EndSignatures();
    }

    private bool EndSignatures()
    {
        Fault = _signatures.IsGood ? TufFault.None : TufFault.ThresholdUnmet;
        return true;
    }

    private bool Refuse(TufFault fault)
    {
        Fault = fault;
        return true;
    }
}
