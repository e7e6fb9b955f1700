using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// Brings the tap up to date: metadata, authorisation, blocklist, each verified before it is used and kept in flash in the half of its slot that is not
/// in force. One record then makes all of them the ones in force, so that a power cut leaves the old state or the new. At a start the same checks
/// are made on what lies in flash, so nothing is trusted because it is there. Every step is of bounded work.
/// </summary>
internal sealed class UpdateSession
{
    private readonly IFlash _flash;
    private readonly TapState _state;
    private readonly TrustedTime _time;
    private readonly UpdateProgress _progress = new UpdateProgress();
    private readonly VerifiedFiles _verified;
    private readonly ChunkFetch _fetch;
    private readonly TufClient _tuf;
    private readonly WantedTarget _authorizationTarget;
    private readonly MetadataUpdate _metadata;
    private readonly AuthorizationUpdate _authorization;
    private readonly BlocklistUpdate _blocklist;

    /// <summary>A session for one tap.</summary>
    /// <param name="flash">The chip.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="identity">The enrolment.</param>
    /// <param name="link">The way to the hub.</param>
    /// <param name="time">The trusted time.</param>
    /// <param name="buffer">Holds a metadata file or a document.</param>
    /// <param name="listCapacity">The most entries of the blocklist.</param>
    /// <param name="witnessed">Whether a root without a witness policy is refused.</param>
    public UpdateSession(IFlash flash, TapState state, TapIdentity identity, IHubLink link, TrustedTime time, byte[] buffer, int listCapacity, bool witnessed)
    {
        _flash = flash;
        _state = state;
        _time = time;
        _verified = new VerifiedFiles(state, new FlashWriter(flash));
        _fetch = new ChunkFetch(link);
        FileDigest digest = new FileDigest();
        FileSource source = new FileSource(flash, state, _fetch, digest, time);
        DelegatedRole authorizations = new DelegatedRole("authorizations-" + identity.Operator);
        DelegatedRole blocklists = new DelegatedRole("blocklists");
        _authorizationTarget = new WantedTarget("authorizations/" + identity.Operator + "/" + identity.Sensor + ".json", authorizations);
        _blocklist = new BlocklistUpdate(_progress, flash, state, _verified, _fetch, digest, blocklists, time, buffer, listCapacity);
        DelegatedRole[] roles = { authorizations, blocklists };
        WantedTarget[] wanted = { _authorizationTarget, _blocklist.Target, _blocklist.Delta };
        _tuf = new TufClient(buffer, roles, wanted, new Ed25519Verifier(), witnessed);
        _metadata = new MetadataUpdate(_progress, state, _verified, source, _tuf, identity.Root, time);
        _authorization = new AuthorizationUpdate(_progress, state, _verified, source, digest, _authorizationTarget, identity, _tuf);
    }

    /// <summary>The metadata client, for what it has counted.</summary>
    public TufClient Tuf => _tuf;

    /// <summary>Octets written and sectors erased.</summary>
    public FlashWriter Writer => _verified.Writer;

    /// <summary>What it is doing.</summary>
    public UpdateStage Stage => _progress.Stage;

    /// <summary>Whether it is doing anything.</summary>
    public bool IsBusy => _progress.Stage != UpdateStage.Idle;

    /// <summary>Why the last update was not taken; none if it was.</summary>
    public TufFault Fault => _progress.Fault;

    /// <summary>What could not be read of an update that was taken otherwise; none if all could.</summary>
    public TufFault DocumentFault => _progress.DocumentFault;

    /// <summary>The authorisation that verified; null for none.</summary>
    public AuthorizationReader? Authorization => _authorization.Authorization;

    /// <summary>Its pseudonym key, opened; null for none.</summary>
    public byte[]? PseudonymKey => _authorization.PseudonymKey;

    /// <summary>What is listed; null for nothing.</summary>
    public ListedAddresses? List => _blocklist.List;

    /// <summary>Counts updates that were taken whole, and starts from flash: when it changes, what is in force may have.</summary>
    public int Completed => _progress.Completed;

    /// <summary>Blocklists that were made from deltas, since the start.</summary>
    public int DeltasApplied => _blocklist.DeltasApplied;

    /// <summary>Whether the newest notice of the hub was not looked at yet.</summary>
    public bool HasNews => _metadata.HasNews;

    /// <summary>The hub has said what is newest; its word only makes the tap look.</summary>
    public void Announce(byte[] timestamp)
    {
        _metadata.Announce(timestamp);
    }

    /// <summary>A part of an update has come.</summary>
    public void TakeChunk(byte[] payload)
    {
        _fetch.Take(payload);
    }

    /// <summary>Verifies what lies in flash, without the hub.</summary>
    public void BeginStored()
    {
        Begin(online: false);
        _metadata.BeginStored();
    }

    /// <summary>Asks the hub for what is newest.</summary>
    public void BeginUpdate()
    {
        Begin(online: true);
        _blocklist.WantDelta();
        _metadata.BeginUpdate();
    }

    /// <summary>The hub is away: what was being fetched is given up.</summary>
    public void LinkLost()
    {
        UpdateStage stage = _progress.Stage;
        if (stage == UpdateStage.Fetching || stage == UpdateStage.FetchingDocument || stage == UpdateStage.FetchingList)
        {
            _fetch.Abandon();
            _progress.Refuse(TufFault.Unreachable);
        }
    }

    /// <summary>Takes out of force what was verified, as when it has turned out to be expired.</summary>
    public void Withdraw()
    {
        _authorization.Withdraw();
        _blocklist.Withdraw();
    }

    /// <summary>Reads the list that is in force out of flash again, as when part of it has expired.</summary>
    public void BeginReload()
    {
        if (!IsBusy && _state.Files[FlashMap.BlocklistSlot].IsSet)
        {
            Begin(online: false);
            _authorization.Stay();
            _blocklist.BeginReload();
        }
    }

    /// <summary>One slice of work. False when there is nothing to do now.</summary>
    public bool Step()
    {
        if (_progress.Stage == UpdateStage.Idle || _flash.IsBusy)
        {
            return false;
        }

        bool worked = StepStage();
        if (_progress.Stage == UpdateStage.Document)
        {
            _authorization.Begin();
        }

        if (_progress.Stage == UpdateStage.List)
        {
            _blocklist.Begin();
        }

        if (_progress.Stage == UpdateStage.Committing)
        {
            Commit();
        }

        return worked;
    }

    private bool StepStage()
    {
        switch (_progress.Stage)
        {
            case UpdateStage.Metadata: _metadata.StepMetadata(); return true;
            case UpdateStage.Loading: _metadata.StepLoad(); return true;
            case UpdateStage.Fetching: return _metadata.StepFetch();
            case UpdateStage.KeepingMetadata: _metadata.StepKeep(); return true;
            case UpdateStage.LoadingDocument: _authorization.StepLoad(); return true;
            case UpdateStage.FetchingDocument: return _authorization.StepFetch();
            case UpdateStage.HashingDocument: _authorization.StepHash(); return true;
            case UpdateStage.ReadingDocument: _authorization.StepRead(); return true;
            case UpdateStage.OpeningKey: _authorization.StepOpenKey(); return true;
            case UpdateStage.KeepingDocument: _authorization.StepKeep(); return true;
            case UpdateStage.FetchingList: return _blocklist.StepFetch();
            case UpdateStage.ApplyingDelta: _blocklist.StepApply(); return true;
            case UpdateStage.KeepingList: _blocklist.StepKeep(); return true;
            case UpdateStage.LoadingList: _blocklist.StepLoad(); return true;
            default: StepSave(); return true;
        }
    }

    private void Begin(bool online)
    {
        _progress.Begin(online);
        _authorization.Forget();
        _blocklist.Forget();
    }

    /// <summary>All is there and verified: the state says so in one record, if anything of it is new.</summary>
    private void Commit()
    {
        if (_progress.IsOnline && !_verified.IsWhole(_tuf))
        {
            _progress.Refuse(TufFault.Store);
            return;
        }

        // Without the hub nothing is new; what lies there by then is of an update that was refused, and not all of it came.
        bool newList = _blocklist.HasNewer;
        bool changed = _progress.IsOnline && _verified.TakeOver(_tuf, _authorizationTarget.File, _blocklist.Target.File);
        if (newList)
        {
            _state.BlocklistVersion = _blocklist.Version;
        }

        if (_tuf.Phase == TufPhase.Done)
        {
            _time.Raise(_tuf.TimestampExpiresMs - TrustedTime.TimestampLifetimeMs);
            _time.Raise(_tuf.WitnessedMs);
        }

        if (_progress.IsOnline)
        {
            _state.TimestampVersion = _tuf.TimestampVersion;
        }

        if (changed)
        {
            _state.TimeFloorMs = _time.FloorMs;
            _state.BeginSave();
            _progress.Stage = UpdateStage.Saving;
            return;
        }

        Adopt();
    }

    private void StepSave()
    {
        if (!_state.StepSave())
        {
            return;
        }

        if (_state.Writer.Failed)
        {
            _state.BeginSave(); // the next place
            return;
        }

        Adopt();
    }

    private void Adopt()
    {
        _authorization.Adopt();
        _blocklist.Adopt();
        _progress.Complete();
    }
}
