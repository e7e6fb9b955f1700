using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>The first part of an update: brings the metadata client what it wants, from flash, from the hub's notice or from the hub, and keeps what verified.</summary>
internal sealed class MetadataUpdate
{
    private readonly UpdateProgress _progress;
    private readonly TapState _state;
    private readonly VerifiedFiles _verified;
    private readonly FileSource _source;
    private readonly TufClient _tuf;
    private readonly byte[] _enrolledRoot;
    private readonly TrustedTime _time;

    private bool _anchoring;
    private bool _triedStoredRoot;
    private byte[]? _notice;
    private byte[]? _usedNotice;
    private bool _loadingProof;
    private bool _proofKept;

    /// <summary>The metadata's part.</summary>
    /// <param name="progress">Where the update stands.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="verified">Takes and writes what verified.</param>
    /// <param name="source">Brings files.</param>
    /// <param name="tuf">The client.</param>
    /// <param name="enrolledRoot">The root that the tap was enrolled with.</param>
    /// <param name="time">The trusted time.</param>
    public MetadataUpdate(UpdateProgress progress, TapState state, VerifiedFiles verified, FileSource source, TufClient tuf, byte[] enrolledRoot, TrustedTime time)
    {
        _progress = progress;
        _state = state;
        _verified = verified;
        _source = source;
        _tuf = tuf;
        _enrolledRoot = enrolledRoot;
        _time = time;
    }

    /// <summary>Whether the newest notice of the hub was not looked at yet.</summary>
    public bool HasNews => _notice != null && _notice != _usedNotice;

    /// <summary>The hub has said what is newest; its word only makes the tap look.</summary>
    public void Announce(byte[] timestamp)
    {
        if (timestamp.Length <= TufClient.MaxUnsignedLength && (_notice == null || _notice.Length != timestamp.Length || !Hex.Same(_notice, 0, timestamp, 0, timestamp.Length)))
        {
            _notice = timestamp;
        }
    }

    /// <summary>Begins with the root in flash, or the enrolment's.</summary>
    public void BeginStored()
    {
        _anchoring = true;
        _triedStoredRoot = false;
        _tuf.BeginAnchor();
    }

    /// <summary>Begins with the root that is trusted.</summary>
    public void BeginUpdate()
    {
        _anchoring = false;
        _usedNotice = _notice;
        _tuf.Begin(_time.UnixMs, online: true);
    }

    /// <summary>Goes on with the client, or gives it what it wants.</summary>
    public void StepMetadata()
    {
        if (_tuf.Step())
        {
            return;
        }

        switch (_tuf.Phase)
        {
            case TufPhase.Wanting: Provide(); break;
            case TufPhase.WantingProof: ProvideProof(); break;
            case TufPhase.Keeping: Keep(); break;
            case TufPhase.Done: _progress.Stage = UpdateStage.Document; break;
            default: AfterAnchor(); break;
        }
    }

    /// <summary>A file comes out of flash.</summary>
    public void StepLoad()
    {
        if (_source.StepLoad())
        {
            Supply();
        }
    }

    /// <summary>A file comes from the hub. False when there is nothing to do but to wait.</summary>
    public bool StepFetch()
    {
        bool worked = _source.StepFetch(out bool ended);
        if (!ended)
        {
            return worked;
        }

        if (_source.IsComplete)
        {
            Supply();
        }
        else if (_source.Fault == TufFault.NotFound)
        {
            _progress.Stage = UpdateStage.Metadata;
            _tuf.SupplyNothing();
        }
        else
        {
            _tuf.Abandon(_source.Fault);
            _progress.Refuse(_source.Fault);
        }

        return worked;
    }

    /// <summary>A file that verified goes into flash, and the timestamp's proof after it.</summary>
    public void StepKeep()
    {
        if (!_verified.Writer.Step())
        {
            return;
        }

        _progress.Stage = UpdateStage.Metadata;
        if (_verified.Writer.Failed)
        {
            _proofKept = false; // or the next try would take the proof that could not be written for kept
            _tuf.Abandon(TufFault.Store);
            return;
        }

        int item = _tuf.Item;
        if (item == TufClient.Timestamp && _tuf.ProofLength > 0 && !_proofKept)
        {
            _proofKept = true;
            _verified.BeginWrite(FlashMap.ProofSlot, _tuf.Proof.Buffer, _tuf.ProofLength);
            _progress.Stage = UpdateStage.KeepingMetadata;
            return;
        }

        if (_proofKept)
        {
            // The proof goes with its timestamp and has no hash of its own: it is verified each time it is read.
            _proofKept = false;
            _verified.Of(FlashMap.ProofSlot).Set(_tuf.Digest, _tuf.ProofLength, 0);
        }

        FileReference kept = _verified.Of(item);
        kept.Set(_tuf.Digest, _tuf.Length, 0);
        _tuf.Kept();
        kept.Version = _tuf.FileOf(item).Version;
    }

    /// <summary>The client has stopped: the anchor was read, or something was refused.</summary>
    private void AfterAnchor()
    {
        if (_anchoring && _tuf.Fault != TufFault.None && !_triedStoredRoot)
        {
            // A damaged root in flash must not lock the tap out: the enrolment's is there.
            _triedStoredRoot = true;
            _tuf.BeginAnchor();
        }
        else if (_anchoring && _tuf.Fault == TufFault.None)
        {
            _anchoring = false;
            _verified.Anchor.CopyFrom(_tuf.FileOf(TufClient.Root));
            if (_state.Files[TufClient.Timestamp].IsSet)
            {
                _tuf.Begin(_time.UnixMs, online: false);
            }
            else
            {
                _progress.Complete();
            }
        }
        else
        {
            _progress.Refuse(_tuf.Fault);
        }
    }

    /// <summary>Where the wanted file comes from: flash, where it lies there; what the hub has announced; or the hub.</summary>
    private void Provide()
    {
        int item = _tuf.Item;
        if (_anchoring)
        {
            ProvideAnchor();
        }
        else if (_tuf.Wanted.IsSet && _state.Files[item].SameFile(_tuf.Wanted))
        {
            BeginLoad(item);
        }
        else if (!_progress.IsOnline)
        {
            if (item == TufClient.Timestamp)
            {
                BeginLoad(item);
            }
            else
            {
                _tuf.SupplyNothing();
            }
        }
        else if (item == TufClient.Timestamp && _usedNotice != null)
        {
            System.Array.Copy(_usedNotice, 0, _tuf.Buffer, 0, _usedNotice.Length);
            _tuf.Supply(_usedNotice.Length);
        }
        else
        {
            bool isSigned = _tuf.Wanted.IsSet;
            int most = isSigned ? _tuf.Wanted.Length : TufClient.MaxUnsignedLength;
            _source.BeginFetchByName(_tuf.WantedName, isSigned ? _tuf.Wanted.Length : -1, most, _tuf.Buffer);
            _loadingProof = false;
            _progress.Stage = UpdateStage.Fetching;
        }
    }

    private void ProvideAnchor()
    {
        if (!_triedStoredRoot && _state.Files[TufClient.Root].IsSet)
        {
            BeginLoad(TufClient.Root);
            return;
        }

        _triedStoredRoot = true;
        System.Array.Copy(_enrolledRoot, 0, _tuf.Buffer, 0, _enrolledRoot.Length);
        _tuf.Supply(_enrolledRoot.Length);
    }

    private void BeginLoad(int item)
    {
        _source.BeginLoad(item, _tuf.Buffer);
        _loadingProof = false;
        _progress.Stage = UpdateStage.Loading;
    }

    /// <summary>The proof of the file in the buffer: the one in flash where that file is the one in flash, or the hub's.</summary>
    private void ProvideProof()
    {
        FileReference stored = _state.Files[FlashMap.ProofSlot];
        bool isStored = _tuf.Item == TufClient.Timestamp && _state.Files[TufClient.Timestamp].IsSet && stored.IsSet && stored.Length <= LogProofVerifier.MaxOctets
            && Hex.Same(_state.Files[TufClient.Timestamp].Hash, 0, _tuf.Digest, 0, Sha256.DigestSize);
        if (isStored)
        {
            _source.BeginLoad(FlashMap.ProofSlot, _tuf.Proof.Buffer);
            _progress.Stage = UpdateStage.Loading;
        }
        else if (_progress.IsOnline)
        {
            _source.BeginFetchByName(_tuf.WantedName, -1, LogProofVerifier.MaxOctets, _tuf.Proof.Buffer);
            _progress.Stage = UpdateStage.Fetching;
        }
        else
        {
            _tuf.SupplyNothing();
            return;
        }

        _loadingProof = true;
    }

    private void Supply()
    {
        _progress.Stage = UpdateStage.Metadata;
        if (_loadingProof)
        {
            _tuf.SupplyProof(_source.Length);
        }
        else
        {
            _tuf.Supply(_source.Length);
        }
    }

    /// <summary>A file has verified: into flash with it, where it does not lie there already.</summary>
    private void Keep()
    {
        int item = _tuf.Item;
        FileReference stored = _state.Files[item];
        if (!_progress.IsOnline || (stored.IsSet && stored.Length == _tuf.Length && Hex.Same(stored.Hash, 0, _tuf.Digest, 0, Sha256.DigestSize)))
        {
            _verified.Of(item).Clear();
            if (item == TufClient.Timestamp)
            {
                _verified.Of(FlashMap.ProofSlot).Clear();
            }

            _tuf.Kept();
            return;
        }

        if (_tuf.Length > FlashMap.HalfSize(item))
        {
            _tuf.Abandon(TufFault.TooLarge);
            return;
        }

        _verified.BeginWrite(item, _tuf.Buffer, _tuf.Length);
        _progress.Stage = UpdateStage.KeepingMetadata;
    }
}
