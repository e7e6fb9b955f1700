using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// The second part of an update: the authorisation that the metadata lists, read, its key opened, and kept in flash. One that cannot be read counts as not
/// there. What is in force stays as it is until the update is taken.
/// </summary>
internal sealed class AuthorizationUpdate
{
    private readonly UpdateProgress _progress;
    private readonly TapState _state;
    private readonly VerifiedFiles _verified;
    private readonly FileSource _source;
    private readonly FileDigest _digest;
    private readonly WantedTarget _target;
    private readonly TapIdentity _identity;
    private readonly TufClient _tuf;
    private readonly PseudonymKeyOpener _opener;
    private readonly FileReference _inForce = new FileReference();

    private AuthorizationReader _candidate = new AuthorizationReader();
    private bool _hasCandidate;

    /// <summary>The authorisation's part.</summary>
    /// <param name="progress">Where the update stands.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="verified">Takes and writes what verified.</param>
    /// <param name="source">Brings files.</param>
    /// <param name="digest">Hashes them.</param>
    /// <param name="target">The authorisation as the metadata lists it.</param>
    /// <param name="identity">Whose it must be.</param>
    /// <param name="tuf">The metadata client, whose buffer holds the document.</param>
    public AuthorizationUpdate(
        UpdateProgress progress, TapState state, VerifiedFiles verified, FileSource source, FileDigest digest, WantedTarget target, TapIdentity identity, TufClient tuf)
    {
        _progress = progress;
        _state = state;
        _verified = verified;
        _source = source;
        _digest = digest;
        _target = target;
        _identity = identity;
        _tuf = tuf;
        _opener = new PseudonymKeyOpener(identity);
    }

    /// <summary>The authorisation that is in force; null for none.</summary>
    public AuthorizationReader? Authorization { get; private set; }

    /// <summary>Its pseudonym key, opened; null for none.</summary>
    public byte[]? PseudonymKey { get; private set; }

    /// <summary>Before an update: none was read.</summary>
    public void Forget()
    {
        _hasCandidate = false;
    }

    /// <summary>The authorisation in force is to stay.</summary>
    public void Stay()
    {
        _hasCandidate = Authorization != null;
        _candidate = Authorization ?? _candidate;
    }

    /// <summary>Takes out of force what was.</summary>
    public void Withdraw()
    {
        Authorization = null;
        PseudonymKey = null;
        _inForce.Clear();
    }

    /// <summary>Puts in force what was read.</summary>
    public void Adopt()
    {
        Authorization = _hasCandidate ? _candidate : null;
        _inForce.Clear();
        if (_hasCandidate)
        {
            _inForce.CopyFrom(_target.File);
        }

        PseudonymKey = Authorization != null && Authorization.HasKey ? Authorization.Sealed : null;
    }

    /// <summary>Begins, after the metadata.</summary>
    public void Begin()
    {
        FileReference file = _target.File;
        if (!file.IsSet)
        {
            End(); // not listed: there is no authorisation
        }
        else if (file.Length > FlashMap.MostDocument)
        {
            _progress.DocumentFault = TufFault.TooLarge;
            End();
        }
        else if (Authorization != null && _inForce.SameFile(file))
        {
            Stay();
            End();
        }
        else if (_state.Files[FlashMap.AuthorizationSlot].SameFile(file))
        {
            _verified.Of(FlashMap.AuthorizationSlot).Clear();
            _source.BeginLoad(FlashMap.AuthorizationSlot, _tuf.Buffer);
            _progress.Stage = UpdateStage.LoadingDocument;
        }
        else if (!_progress.IsOnline)
        {
            _progress.Refuse(TufFault.NotFound);
        }
        else
        {
            _source.BeginFetch(file, FlashMap.MostDocument, _tuf.Buffer);
            _progress.Stage = UpdateStage.FetchingDocument;
        }
    }

    /// <summary>The document comes out of flash.</summary>
    public void StepLoad()
    {
        if (_source.StepLoad())
        {
            BeginHash();
        }
    }

    /// <summary>The document comes from the hub. False when there is nothing to do but to wait.</summary>
    public bool StepFetch()
    {
        bool worked = _source.StepFetch(out bool ended);
        if (ended && _source.IsComplete)
        {
            BeginHash();
        }
        else if (ended)
        {
            _tuf.Abandon(_source.Fault);
            _progress.Refuse(_source.Fault);
        }

        return worked;
    }

    /// <summary>The document's hash.</summary>
    public void StepHash()
    {
        _digest.Step(_tuf.Buffer, _digest.Done, _source.Length - _digest.Done);
        if (_digest.Done < _source.Length)
        {
            return;
        }

        if (!_digest.IsOf(_target.File))
        {
            _progress.Refuse(TufFault.HashMismatch);
            return;
        }

        if (_candidate == Authorization)
        {
            _candidate = new AuthorizationReader(); // what is in force stays as it is until the other is
        }

        _candidate.Begin(_tuf.Buffer, _source.Length, _identity.Operator, _identity.Sensor);
        _progress.Stage = UpdateStage.ReadingDocument;
    }

    /// <summary>What the document says.</summary>
    public void StepRead()
    {
        if (!_candidate.Step(out bool good))
        {
            return;
        }

        if (!good)
        {
            EndUnread();
        }
        else if (_candidate.HasKey)
        {
            _opener.Begin(_candidate);
            _progress.Stage = UpdateStage.OpeningKey;
        }
        else
        {
            Keep();
        }
    }

    /// <summary>Its pseudonym key.</summary>
    public void StepOpenKey()
    {
        if (!_opener.Step(_candidate, out bool good))
        {
            return;
        }

        if (good)
        {
            Keep();
        }
        else
        {
            EndUnread();
        }
    }

    /// <summary>The document goes into flash.</summary>
    public void StepKeep()
    {
        if (!_verified.Writer.Step())
        {
            return;
        }

        if (_verified.Writer.Failed)
        {
            _progress.Refuse(TufFault.Store);
            return;
        }

        _verified.Of(FlashMap.AuthorizationSlot).CopyFrom(_target.File);
        End();
    }

    private void BeginHash()
    {
        _digest.Begin();
        _progress.Stage = UpdateStage.HashingDocument;
    }

    private void Keep()
    {
        _hasCandidate = true;
        if (_state.Files[FlashMap.AuthorizationSlot].SameFile(_target.File))
        {
            End();
            return;
        }

        _verified.BeginWrite(FlashMap.AuthorizationSlot, _tuf.Buffer, _source.Length);
        _progress.Stage = UpdateStage.KeepingDocument;
    }

    /// <summary>It counts as not there.</summary>
    private void EndUnread()
    {
        _progress.DocumentFault = TufFault.DocumentMalformed;
        End();
    }

    private void End()
    {
        _progress.Stage = UpdateStage.List;
    }
}
