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

    private readonly TrustedMetadata _trusted;
    private readonly MetadataVerifier _file;
    private readonly DelegatedRole[] _delegated;
    private readonly bool _witnessed;

    private TufPhase _phase = TufPhase.Idle;
    private int _item;
    private int _rotations;
    private bool _online;
    private long _now;

    /// <summary>A client for certain roles.</summary>
    /// <param name="buffer">Holds one file at a time: none is longer.</param>
    /// <param name="delegated">The roles that are followed.</param>
    /// <param name="wanted">The targets that are looked for.</param>
    /// <param name="verifier">May be used by others between updates.</param>
    /// <param name="witnessed">Whether a root without a witness policy is refused.</param>
    public TufClient(byte[] buffer, DelegatedRole[] delegated, WantedTarget[] wanted, Ed25519Verifier verifier, bool witnessed)
    {
        _witnessed = witnessed;
        _delegated = delegated;
        _trusted = new TrustedMetadata(delegated);
        _file = new MetadataVerifier(buffer, _trusted, delegated, wanted, verifier);
        Buffer = buffer;
        Proof = new LogProofVerifier(verifier);
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
    public int Length => _file.Length;

    /// <summary>Its SHA-256.</summary>
    public byte[] Digest => _file.Digest;

    /// <summary>The trusted root's version; 0 for none.</summary>
    public long RootVersion => _trusted.RootVersion;

    /// <summary>The trusted timestamp's version; 0 for none.</summary>
    public long TimestampVersion => _trusted.TimestampVersion;

    /// <summary>When the trusted timestamp expires, Unix milliseconds.</summary>
    public long TimestampExpiresMs => _trusted.ExpiresMs(Timestamp);

    /// <summary>The first moment at which one of what was verified has expired.</summary>
    public long ExpiresMs => _trusted.FirstExpiryMs;

    /// <summary>Signatures of metadata checked since the start; those of proofs are counted apart.</summary>
    public int SignaturesChecked => _file.SignaturesChecked;

    /// <summary>Octets hashed by SHA-256 since the start.</summary>
    public long OctetsHashed => _file.OctetsHashed;

    /// <summary>The file that was verified of an item.</summary>
    public FileReference FileOf(int item)
    {
        return _trusted.FileOf(item);
    }

    /// <summary>Trusts a first root, which came with the enrolment or out of flash: it must be signed by its own keys.</summary>
    public void BeginAnchor()
    {
        _trusted.LoseAnchor();
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
        if (!_trusted.IsAnchored)
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

        _file.Begin(_item, length, Wanted, _now);
        _phase = TufPhase.Verifying;
    }

    /// <summary>The wanted proof lies in its buffer.</summary>
    /// <param name="length">Its octets.</param>
    public void SupplyProof(int length)
    {
        if (_phase == TufPhase.WantingProof)
        {
            ProofLength = length;
            Proof.Begin(length, Digest, _trusted.Policy);
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

        if (_item == Root && _trusted.IsAnchored)
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
            case TufPhase.Verifying: StepVerify(); return true;
            case TufPhase.Proving: StepProve(); return true;
            default: return false;
        }
    }

    private void StepVerify()
    {
        if (!_file.Step())
        {
            return;
        }

        if (_file.Fault != TufFault.None)
        {
            Refuse(_file.Fault);
            return;
        }

        if (_file.IsNoNews)
        {
            AfterTimestamp();
            return;
        }

        ProofLength = 0;
        bool needsProof = _item == Timestamp || (_item == Root && _trusted.IsAnchored);
        if (!needsProof)
        {
            _phase = TufPhase.Keeping;
        }
        else if (_trusted.Policy.IsSound)
        {
            // Beside the metadata, outside what TUF hashes: it is made after the file is signed. The timestamp's is the proof of all that it names.
            WantedName = _file.Contents.Version.ToString() + (_item == Root ? ".root.tlog-proof" : ".timestamp.tlog-proof");
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
        else if (_item == Root && !_file.Contents.Policy.IsSound)
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

        bool isFirstRoot = _item == Root && !_trusted.IsAnchored;
        _trusted.Adopt(_item, _file.Contents, Digest, Length);
        if (isFirstRoot)
        {
            _phase = TufPhase.Idle;
        }
        else if (_item == Root)
        {
            _rotations++;
            AfterRoot();
        }
        else if (_item == Timestamp)
        {
            if (ProofLength > 0)
            {
                WitnessedMs = Proof.WitnessedMs;
                Witness = Proof.Witness;
            }

            AfterTimestamp();
        }
        else if (_item == Snapshot)
        {
            AfterSnapshot();
        }
        else
        {
            AfterTargets(_item == Targets ? 0 : _item - FirstDelegated + 1);
        }
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
            Want(Root, (_trusted.RootVersion + 1).ToString() + ".root.json", null);
        }
    }

    private void EndRootChain()
    {
        if (_trusted.ExpiresMs(Root) <= _now)
        {
            Refuse(TufFault.Expired); // section 5.3.10
            return;
        }

        Want(Timestamp, "timestamp.json", null);
    }

    private void AfterTimestamp()
    {
        if (_trusted.ExpiresMs(Timestamp) <= _now)
        {
            Refuse(TufFault.Expired);
            return;
        }

        if (_trusted.IsSnapshotCurrent)
        {
            AfterSnapshot();
            return;
        }

        Want(Snapshot, _trusted.NamedSnapshot.Version.ToString() + ".snapshot.json", _trusted.NamedSnapshot);
    }

    private void AfterSnapshot()
    {
        if (_trusted.ExpiresMs(Snapshot) <= _now)
        {
            Refuse(TufFault.Expired);
            return;
        }

        if (_trusted.AreTargetsCurrent)
        {
            AfterTargets(0);
            return;
        }

        Want(Targets, _trusted.NamedTargets.Version.ToString() + ".targets.json", _trusted.NamedTargets);
    }

    private void AfterTargets(int next)
    {
        if (_trusted.ExpiresMs(Targets) <= _now)
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
                _file.Contents.ForgetTargets(role); // nobody is to speak of it: as if it listed nothing
                _trusted.Forget(item);
                continue;
            }

            if (!role.Metadata.IsSet)
            {
                Refuse(TufFault.NotInSnapshot);
                return;
            }

            if (_trusted.IsDelegatedCurrent(i))
            {
                if (_trusted.ExpiresMs(item) <= _now)
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

    private void Refuse(TufFault fault)
    {
        Fault = fault;
        _phase = TufPhase.Idle;
    }
}
