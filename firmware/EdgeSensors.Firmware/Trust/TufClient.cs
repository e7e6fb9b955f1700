namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// The client's workflow of TUF 1.0.34 (section 5) for a tap: root chain, timestamp, snapshot, targets, and one level of delegations, each
/// file in one buffer and each step of bounded work. It does not fetch: it says which file it wants, and the caller brings it, from the
/// hub or from flash. What did not change is not wanted again. It is stricter than the specification where our repositories allow it: files are
/// canonical as they lie, every signature must be good, references carry length and SHA-256, delegations are terminating.
/// </summary>
internal sealed class TufClient
{
    /// <summary>The most new roots of one update (section 5.3.2).</summary>
    public const int MaxRootRotations = 256;

    /// <summary>The most octets of a root or a timestamp, whose length nothing signs.</summary>
    public const int MaxUnsignedLength = 16 * 1024;

    private const int HashedAStep = 256;

    private readonly MetadataReader _reader;
    private readonly SignedFile _file = new SignedFile();
    private readonly Ed25519Verifier _verifier;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];
    private readonly RoleKeys[] _roles = { new RoleKeys(), new RoleKeys(), new RoleKeys(), new RoleKeys() };
    private readonly bool[] _signed = new bool[2 * RoleKeys.MaxKeys];
    private readonly DelegatedRole[] _delegated;
    private readonly bool[] _wantsRole;
    private readonly RoleKeys[] _verifiedUnder;
    private readonly FileReference[] _files;
    private readonly long[] _expires;
    private readonly WitnessPolicy _policy = new WitnessPolicy();
    private readonly bool _witnessed;
    private readonly FileReference _snapshotNamed = new FileReference();
    private readonly FileReference _timestampNamed = new FileReference();

    private TufPhase _phase = TufPhase.Idle;
    private int _item;
    private int _length;
    private int _hashed;
    private int _signature;
    private int _rotations;
    private bool _online;
    private bool _anchored;
    private long _now;
    private long _rootVersion;
    private long _timestampVersion;
    private long _snapshotVersion;

    /// <summary>A client for certain roles.</summary>
    /// <param name="buffer">Holds one file at a time: none is longer.</param>
    /// <param name="delegated">The roles that are followed.</param>
    /// <param name="wanted">The targets that are looked for.</param>
    /// <param name="verifier">May be used by others between updates.</param>
    /// <param name="witnessed">Whether a root without a witness policy is refused.</param>
    public TufClient(byte[] buffer, DelegatedRole[] delegated, WantedTarget[] wanted, Ed25519Verifier verifier, bool witnessed)
    {
        _witnessed = witnessed;
        Proof = new LogProofVerifier(verifier);
        Buffer = buffer;
        _delegated = delegated;
        _verifier = verifier;
        _reader = new MetadataReader(delegated, wanted);
        int items = FirstDelegated + delegated.Length;
        _files = new FileReference[items];
        _expires = new long[items];
        _verifiedUnder = new RoleKeys[delegated.Length];
        _wantsRole = new bool[delegated.Length];
        for (int i = 0; i < items; i++)
        {
            _files[i] = new FileReference();
        }

        for (int i = 0; i < delegated.Length; i++)
        {
            _verifiedUnder[i] = new RoleKeys();
        }
    }

    /// <summary>The numbers of items: root, timestamp, snapshot, targets, and then the delegated roles.</summary>
    public const int Root = 0, Timestamp = 1, Snapshot = 2, Targets = 3, FirstDelegated = 4;

    /// <summary>Takes the file that is wanted.</summary>
    public byte[] Buffer { get; }

    /// <summary>Takes the proof that is wanted.</summary>
    public LogProofVerifier Proof { get; }

    /// <summary>Octets of the proof of the file at hand; 0 where none was asked for.</summary>
    public int ProofLength { get; private set; }

    /// <summary>The time up to which witnesses vouch for the trusted timestamp, Unix milliseconds; 0 without witnesses.</summary>
    public long WitnessedMs { get; private set; }

    /// <summary>The name of a witness that cosigned it; empty without.</summary>
    public string Witness { get; private set; } = "";

    /// <summary>Where the update stands.</summary>
    public TufPhase Phase => _phase;

    /// <summary>The item at hand.</summary>
    public int Item => _item;

    /// <summary>The file's name in the repository, while one is wanted.</summary>
    public string WantedName { get; private set; } = "";

    /// <summary>Its hash and length as they are signed; not set for a root or a timestamp.</summary>
    public FileReference Wanted { get; } = new FileReference();

    /// <summary>Why the last update was refused.</summary>
    public TufFault Fault { get; private set; }

    /// <summary>Octets of the file in the buffer.</summary>
    public int Length => _length;

    /// <summary>Its SHA-256.</summary>
    public byte[] Digest => _digest;

    /// <summary>The trusted root's version; 0 for none.</summary>
    public long RootVersion => _rootVersion;

    /// <summary>The trusted timestamp's version; 0 for none.</summary>
    public long TimestampVersion => _timestampVersion;

    /// <summary>When the trusted timestamp expires, Unix milliseconds.</summary>
    public long TimestampExpiresMs => _expires[Timestamp];

    /// <summary>The first moment at which one of what was verified has expired.</summary>
    public long ExpiresMs
    {
        get
        {
            long first = long.MaxValue;
            for (int i = 0; i < _expires.Length; i++)
            {
                if (_files[i].IsSet && _expires[i] < first)
                {
                    first = _expires[i];
                }
            }

            return first;
        }
    }

    /// <summary>Signatures of metadata checked since the start; those of proofs are counted apart.</summary>
    public int SignaturesChecked { get; private set; }

    /// <summary>Octets hashed by SHA-256 since the start.</summary>
    public long OctetsHashed { get; private set; }

    /// <summary>The file that was verified of an item.</summary>
    public FileReference FileOf(int item)
    {
        return _files[item];
    }

    /// <summary>Trusts a first root, which came with the enrolment or out of flash: it must be signed by its own keys.</summary>
    public void BeginAnchor()
    {
        _anchored = false;
        _online = false;
        _rotations = 0;
        Fault = TufFault.None;
        Want(Root, "root.json", null);
    }

    /// <summary>Begins an update.</summary>
    /// <param name="nowMs">The trusted time, fixed for the whole update (section 5.1).</param>
    /// <param name="online">Whether the root's successors can be asked for.</param>
    public void Begin(long nowMs, bool online)
    {
        Fault = TufFault.None;
        _now = nowMs;
        _online = online;
        _rotations = 0;
        if (!_anchored)
        {
            Refuse(TufFault.NoTrustedRoot);
            return;
        }

        AfterRoot();
    }

    /// <summary>Gives an update up.</summary>
    public void Abandon(TufFault fault)
    {
        Refuse(fault);
    }

    /// <summary>The wanted file lies in the buffer.</summary>
    /// <param name="length">Its octets.</param>
    public void Supply(int length)
    {
        if (_phase != TufPhase.Wanting)
        {
            return;
        }

        if (Wanted.IsSet ? length != Wanted.Length : length > MaxUnsignedLength)
        {
            Refuse(Wanted.IsSet ? TufFault.HashMismatch : TufFault.TooLarge);
            return;
        }

        _length = length;
        _hashed = 0;
        _hash.Reset();
        _phase = TufPhase.Hashing;
    }

    /// <summary>The wanted proof lies in its buffer.</summary>
    /// <param name="length">Its octets.</param>
    public void SupplyProof(int length)
    {
        if (_phase == TufPhase.WantingProof)
        {
            ProofLength = length;
            Proof.Begin(length, _digest, _policy);
            _phase = TufPhase.Proving;
        }
    }

    /// <summary>There is no such file.</summary>
    public void SupplyNothing()
    {
        if (_phase == TufPhase.WantingProof)
        {
            Refuse(TufFault.ProofMissing);
            return;
        }

        if (_phase != TufPhase.Wanting)
        {
            return;
        }

        if (_item == Root && _anchored)
        {
            EndRootChain(); // section 5.3.3: the last root is trusted already
            return;
        }

        Refuse(TufFault.NotFound);
    }

    /// <summary>One slice of work. False when there is nothing to do but to bring what is wanted.</summary>
    public bool Step()
    {
        switch (_phase)
        {
            case TufPhase.Hashing: StepHash(); return true;
            case TufPhase.Reading: StepRead(); return true;
            case TufPhase.Verifying: StepVerify(); return true;
            case TufPhase.Proving: StepProve(); return true;
            default: return false;
        }
    }

    private void StepHash()
    {
        int count = _length - _hashed;
        if (count > HashedAStep)
        {
            count = HashedAStep;
        }

        _hash.Update(Buffer, _hashed, count);
        _hashed += count;
        OctetsHashed += count;
        if (_hashed < _length)
        {
            return;
        }

        _hash.Finish(_digest, 0);
        if (Wanted.IsSet)
        {
            if (!Hex.Same(_digest, 0, Wanted.Hash, 0, _digest.Length))
            {
                Refuse(TufFault.HashMismatch);
                return;
            }
        }
        else if (_item == Timestamp && _files[Timestamp].IsSet && Hex.Same(_digest, 0, _files[Timestamp].Hash, 0, _digest.Length))
        {
            AfterTimestamp(); // section 5.4.3.1: no news
            return;
        }

        TufFault fault = _file.Read(Buffer, _length);
        if (fault != TufFault.None)
        {
            Refuse(fault);
            return;
        }

        Forget(_item);
        _reader.Begin(KindOf(_item), Buffer, _file.SignedStart, _file.SignedLength);
        if (_item >= FirstDelegated)
        {
            _reader.ForgetTargets(_delegated[_item - FirstDelegated]);
        }

        _phase = TufPhase.Reading;
    }

    private void StepRead()
    {
        if (!_reader.Step(out TufFault fault))
        {
            return;
        }

        if (fault == TufFault.None)
        {
            fault = CheckVersion();
        }

        if (fault != TufFault.None)
        {
            Refuse(fault);
            return;
        }

        _signature = 0;
        System.Array.Clear(_signed, 0, _signed.Length);
        _phase = TufPhase.Verifying;
        BeginSignature();
    }

    /// <summary>What can be refused without a signature's cost; none of it is accepted by it.</summary>
    private TufFault CheckVersion()
    {
        long version = _reader.Version;
        switch (_item)
        {
            case Root:
                if (!_anchored)
                {
                    return TufFault.None;
                }

                return version == _rootVersion + 1 ? TufFault.None : version <= _rootVersion ? TufFault.Rollback : TufFault.WrongVersion;
            case Timestamp:
                // The same version in the same octets is no news and does not come here; in others it is a forgery.
                if (version <= _timestampVersion || _reader.Snapshot.Version < _timestampNamed.Version)
                {
                    return TufFault.Rollback;
                }

                return _reader.ExpiresMs > _now ? TufFault.None : TufFault.Expired;
            case Snapshot:
                return version != _timestampNamed.Version ? TufFault.WrongVersion : CheckSnapshot();
            default:
                FileReference named = _item == Targets ? _snapshotNamed : _delegated[_item - FirstDelegated].Metadata;
                if (version != named.Version)
                {
                    return TufFault.WrongVersion;
                }

                return _reader.ExpiresMs > _now ? TufFault.None : TufFault.Expired;
        }
    }

    /// <summary>Sections 5.5.5 and 5.5.6: a role that was there may not leave or go back.</summary>
    private TufFault CheckSnapshot()
    {
        if (_reader.ExpiresMs <= _now)
        {
            return TufFault.Expired;
        }

        if (!_reader.Targets.IsSet)
        {
            return TufFault.NotInSnapshot;
        }

        if (_reader.Targets.Version < _files[Targets].Version)
        {
            return TufFault.Rollback;
        }

        for (int i = 0; i < _delegated.Length; i++)
        {
            FileReference now = _delegated[i].Metadata;
            if ((now.IsNamed && !now.IsSet) || now.Version < _files[FirstDelegated + i].Version)
            {
                return TufFault.Rollback;
            }
        }

        return TufFault.None;
    }

    private RoleKeys KeysOf(int item)
    {
        return item < FirstDelegated ? _roles[item] : _delegated[item - FirstDelegated].Keys;
    }

    /// <summary>
    /// A first root stands for itself, and what others signed on it is passed over; a later one is signed by the old keys and by its own. A
    /// signature that nothing vouches for is no reason to trust a file more, and is refused so that no octet can be altered.
    /// </summary>
    private void BeginSignature()
    {
        RoleKeys role = _item == Root && !_anchored ? _reader.Roles[Root] : KeysOf(_item);
        int key = -1;
        while (_signature < _file.Count)
        {
            int at = _signature * Sha256.DigestSize;
            key = role.Find(_file.KeyIds, at);
            if (key < 0 && _item == Root && _anchored)
            {
                role = _reader.Roles[Root];
                key = role.Find(_file.KeyIds, at);
            }

            if (key >= 0 || _item != Root || _anchored)
            {
                break;
            }

            _signature++;
        }

        if (_signature == _file.Count)
        {
            EndSignatures();
        }
        else if (key < 0 || !role.Known[key])
        {
            Refuse(TufFault.ThresholdUnmet);
        }
        else
        {
            SignaturesChecked++;
            _verifier.Begin(
                role.Keys, key * Ed25519Verifier.PublicKeySize, _file.Values, _signature * Ed25519Verifier.SignatureSize, Buffer, _file.SignedStart, _file.SignedLength);
        }
    }

    private void StepVerify()
    {
        if (!_verifier.Step())
        {
            return;
        }

        if (_verifier.Phase != Ed25519Phase.Accepted)
        {
            Refuse(TufFault.ThresholdUnmet);
            return;
        }

        int at = _signature * Sha256.DigestSize;
        if (_item == Root)
        {
            int old = _roles[Root].Find(_file.KeyIds, at);
            int candidate = _reader.Roles[Root].Find(_file.KeyIds, at);
            if (_anchored && old >= 0)
            {
                _signed[old] = true;
            }

            if (candidate >= 0 && _reader.Roles[Root].Known[candidate])
            {
                _signed[RoleKeys.MaxKeys + candidate] = true;
            }
        }
        else
        {
            _signed[KeysOf(_item).Find(_file.KeyIds, at)] = true;
        }

        _signature++;
        BeginSignature();
    }

    private void EndSignatures()
    {
        bool enough = _item == Root
            ? (!_anchored || Signers(_roles[Root], 0) >= _roles[Root].Threshold)
                && Signers(_reader.Roles[Root], RoleKeys.MaxKeys) >= _reader.Roles[Root].Threshold
            : KeysOf(_item).Threshold >= 1 && Signers(KeysOf(_item), 0) >= KeysOf(_item).Threshold;
        if (!enough)
        {
            Refuse(TufFault.ThresholdUnmet);
            return;
        }

        ProofLength = 0;
        bool needsProof = _item == Timestamp || (_item == Root && _anchored);
        if (!needsProof)
        {
            _phase = TufPhase.Keeping;
        }
        else if (_policy.IsSound)
        {
            // Beside the metadata, outside what TUF hashes: it is made after the file is signed. The timestamp's is the proof of all that it names.
            WantedName = _reader.Version.ToString() + (_item == Root ? ".root.tlog-proof" : ".timestamp.tlog-proof");
            _phase = TufPhase.WantingProof;
        }
        else if (_witnessed)
        {
            Refuse(TufFault.NoWitnessPolicy);
        }
        else
        {
            _phase = TufPhase.Keeping;
        }
    }

    private void StepProve()
    {
        if (!Proof.Step(out bool good))
        {
            return;
        }

        if (!good)
        {
            Refuse(TufFault.ProofRefused);
        }
        else if (_item == Root && !_reader.Policy.IsSound)
        {
            Refuse(TufFault.NoWitnessPolicy); // it would do without witnesses from here on
        }
        else
        {
            _phase = TufPhase.Keeping;
        }
    }

    /// <summary>The file that was verified has been kept: goes on with the next one.</summary>
    public void Kept()
    {
        if (_phase != TufPhase.Keeping)
        {
            return;
        }

        _files[_item].Set(_digest, _length, _reader.Version);
        _expires[_item] = _reader.ExpiresMs;
        switch (_item)
        {
            case Root: AdoptRoot(); break;
            case Timestamp: AdoptTimestamp(); break;
            case Snapshot: AdoptSnapshot(); break;
            case Targets: AfterTargets(0); break;
            default:
                _verifiedUnder[_item - FirstDelegated].CopyFrom(KeysOf(_item));
                AfterTargets(_item - FirstDelegated + 1);
                break;
        }
    }

    /// <summary>Different keys that signed; a key under two ids counts once.</summary>
    private int Signers(RoleKeys role, int offset)
    {
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

        return signers;
    }

    private void AdoptRoot()
    {
        bool first = !_anchored;
        if (!first && !(_roles[Timestamp].SameAs(_reader.Roles[Timestamp]) && _roles[Snapshot].SameAs(_reader.Roles[Snapshot])))
        {
            // Section 5.3.11: new keys are how a repository recovers from a fast-forward attack.
            _timestampVersion = 0;
            _timestampNamed.Clear();
            _snapshotVersion = 0;
            for (int i = Timestamp; i < _files.Length; i++)
            {
                _files[i].Clear();
            }
        }

        for (int i = 0; i < _roles.Length; i++)
        {
            if (i != Root && !_roles[i].SameAs(_reader.Roles[i]) && _files[i].IsSet)
            {
                Unverify(i);
            }

            _roles[i].CopyFrom(_reader.Roles[i]);
        }

        _policy.CopyFrom(_reader.Policy);
        _rootVersion = _reader.Version;
        _anchored = true;
        if (first)
        {
            _phase = TufPhase.Idle;
            return;
        }

        _rotations++;
        AfterRoot();
    }

    private void AfterRoot()
    {
        if (!_online)
        {
            EndRootChain();
        }
        else if (_rotations == MaxRootRotations)
        {
            Refuse(TufFault.TooLarge);
        }
        else
        {
            Want(Root, (_rootVersion + 1).ToString() + ".root.json", null);
        }
    }

    private void EndRootChain()
    {
        if (_expires[Root] <= _now)
        {
            Refuse(TufFault.Expired); // section 5.3.10
            return;
        }

        Want(Timestamp, "timestamp.json", null);
    }

    private void AdoptTimestamp()
    {
        if (ProofLength > 0)
        {
            WitnessedMs = Proof.WitnessedMs;
            Witness = Proof.Witness;
        }

        _timestampVersion = _reader.Version;
        _timestampNamed.CopyFrom(_reader.Snapshot);
        AfterTimestamp();
    }

    private void AfterTimestamp()
    {
        if (_expires[Timestamp] <= _now)
        {
            Refuse(TufFault.Expired);
            return;
        }

        if (_snapshotVersion != 0 && _files[Snapshot].SameFile(_timestampNamed))
        {
            AfterSnapshot();
            return;
        }

        Want(Snapshot, _timestampNamed.Version.ToString() + ".snapshot.json", _timestampNamed);
    }

    private void AdoptSnapshot()
    {
        _snapshotVersion = _reader.Version;
        _snapshotNamed.CopyFrom(_reader.Targets);
        AfterSnapshot();
    }

    private void AfterSnapshot()
    {
        if (_expires[Snapshot] <= _now)
        {
            Refuse(TufFault.Expired);
            return;
        }

        if (IsCurrent(Targets, _snapshotNamed))
        {
            AfterTargets(0);
            return;
        }

        Want(Targets, _snapshotNamed.Version.ToString() + ".targets.json", _snapshotNamed);
    }

    private void AfterTargets(int next)
    {
        if (_expires[Targets] <= _now)
        {
            Refuse(TufFault.Expired);
            return;
        }

        for (int i = next; i < _delegated.Length; i++)
        {
            DelegatedRole role = _delegated[i];
            int item = FirstDelegated + i;
            if (role.Keys.Threshold < 1)
            {
                _reader.ForgetTargets(role); // nobody is to speak of it: as if it listed nothing
                Forget(item);
                continue;
            }

            if (!role.Metadata.IsSet)
            {
                Refuse(TufFault.NotInSnapshot);
                return;
            }

            if (IsCurrent(item, role.Metadata) && _verifiedUnder[i].SameAs(role.Keys))
            {
                if (_expires[item] <= _now)
                {
                    Refuse(TufFault.Expired);
                    return;
                }

                continue;
            }

            Want(item, role.Metadata.Version.ToString() + "." + role.Name + ".json", role.Metadata);
            return;
        }

        _phase = TufPhase.Done;
    }

    private bool IsCurrent(int item, FileReference named)
    {
        return _files[item].SameFile(named) && _files[item].Version == named.Version;
    }

    private void Want(int item, string name, FileReference? file)
    {
        _item = item;
        WantedName = name;
        if (file == null)
        {
            Wanted.Clear();
        }
        else
        {
            Wanted.CopyFrom(file);
            if (file.Length > Buffer.Length)
            {
                Refuse(TufFault.TooLarge);
                return;
            }
        }

        _phase = TufPhase.Wanting;
    }

    /// <summary>
    /// What the reader is about to overwrite counts as verified no more, so that a refusal in the middle costs the fetch of it and nothing else.
    /// Versions stay: they guard against rollback.
    /// </summary>
    private void Forget(int item)
    {
        if (item > Timestamp)
        {
            Unverify(item);
            if (item == Snapshot)
            {
                _snapshotVersion = 0;
            }
        }
    }

    private void Unverify(int item)
    {
        long version = _files[item].Version;
        _files[item].Clear();
        _files[item].Version = version;
    }

    private void Refuse(TufFault fault)
    {
        Fault = fault;
        _phase = TufPhase.Idle;
    }

    private static MetadataKind KindOf(int item)
    {
        return item < FirstDelegated ? (MetadataKind)item : MetadataKind.Delegated;
    }
}
