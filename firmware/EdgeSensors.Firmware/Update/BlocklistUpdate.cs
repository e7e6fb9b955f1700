using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// The third part of an update: the blocklist that the metadata lists, as a whole or made from the one in force and a delta, into the half that is not in
/// force, and from there into memory. Whatever is wrong with a delta, the snapshot is what counts.
/// </summary>
internal sealed class BlocklistUpdate
{
    private readonly UpdateProgress _progress;
    private readonly TapState _state;
    private readonly VerifiedFiles _verified;
    private readonly FlashDownload _download;
    private readonly FileDigest _digest;
    private readonly WantedTarget _list;
    private readonly WantedTarget _delta;
    private readonly TrustedTime _time;
    private readonly byte[] _buffer;
    private readonly string _tier;
    private readonly DeltaApplier _applier;
    private readonly BlocklistLoader _loader;

    private bool _isDelta;
    private bool _listChanged;
    private ListedAddresses? _newList;
    private bool _nothingListed;

    /// <summary>The blocklist's part.</summary>
    /// <param name="progress">Where the update stands.</param>
    /// <param name="flash">The chip.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="verified">Takes and writes what verified.</param>
    /// <param name="fetch">Fetches from the hub.</param>
    /// <param name="digest">Hashes files.</param>
    /// <param name="role">The role that lists blocklists.</param>
    /// <param name="time">The trusted time.</param>
    /// <param name="buffer">Holds what is made with a delta.</param>
    /// <param name="capacity">The most entries.</param>
    public BlocklistUpdate(
        UpdateProgress progress, IFlash flash, TapState state, VerifiedFiles verified, ChunkFetch fetch, FileDigest digest, DelegatedRole role, TrustedTime time, byte[] buffer, int capacity)
    {
        _progress = progress;
        _state = state;
        _verified = verified;
        _digest = digest;
        _time = time;
        _buffer = buffer;
        _tier = "blocklists/at-most-" + capacity.ToString();
        _list = new WantedTarget(_tier + ".snapshot", role);
        _delta = new WantedTarget("", role);
        _download = new FlashDownload(fetch, verified.Writer, digest, time);
        _applier = new DeltaApplier(flash, capacity, buffer);
        _loader = new BlocklistLoader(flash, capacity);
    }

    /// <summary>The blocklist as the metadata lists it.</summary>
    public WantedTarget Target => _list;

    /// <summary>The delta to it from the one in force, likewise.</summary>
    public WantedTarget Delta => _delta;

    /// <summary>What is listed; null for nothing.</summary>
    public ListedAddresses? List { get; private set; }

    /// <summary>Blocklists that were made from deltas, since the start.</summary>
    public int DeltasApplied { get; private set; }

    /// <summary>The version of the list that was read last.</summary>
    public long Version => _loader.Version;

    /// <summary>Whether another list was read, and lies in the half that is not in force.</summary>
    public bool HasNewer => _listChanged && _verified.Of(FlashMap.BlocklistSlot).IsSet;

    /// <summary>Before an update: none was read.</summary>
    public void Forget()
    {
        _listChanged = false;
        _newList = null;
        _nothingListed = false;
    }

    /// <summary>Wants the delta from what is in force.</summary>
    public void WantDelta()
    {
        _delta.Path = _state.Files[FlashMap.BlocklistSlot].IsSet ? _tier + ".from-" + _state.BlocklistVersion.ToString() + ".delta" : "";
    }

    /// <summary>Takes out of force what was.</summary>
    public void Withdraw()
    {
        List = null;
    }

    /// <summary>Puts in force what was read.</summary>
    public void Adopt()
    {
        if (_listChanged)
        {
            List = _newList;
        }
        else if (_nothingListed)
        {
            List = null;
        }
    }

    /// <summary>Begins, after the authorisation.</summary>
    public void Begin()
    {
        FileReference file = _list.File;
        FileReference stored = _state.Files[FlashMap.BlocklistSlot];
        if (!file.IsSet)
        {
            _nothingListed = true;
            End();
        }
        else if (stored.SameFile(file))
        {
            _verified.Of(FlashMap.BlocklistSlot).Clear();
            if (List != null)
            {
                End();
            }
            else
            {
                BeginReload();
            }
        }
        else if (file.Length > FlashMap.MostBlocklist)
        {
            _progress.DocumentFault = TufFault.TooLarge;
            End();
        }
        else if (!_progress.IsOnline)
        {
            _progress.Refuse(TufFault.NotFound);
        }
        else if (_delta.File.IsSet && stored.IsSet && _delta.File.Length <= FlashMap.MostDelta && file.Length <= _buffer.Length)
        {
            // At the half's end, so that the snapshot which is made of it has room before it.
            BeginFetch(_delta.File, FlashMap.MostBlocklist - FlashMap.MostDelta);
            _isDelta = true;
        }
        else
        {
            BeginFetchWhole();
        }
    }

    /// <summary>Reads the list in force out of flash.</summary>
    public void BeginReload()
    {
        BeginLoad(_state.Halves[FlashMap.BlocklistSlot], _state.Files[FlashMap.BlocklistSlot].Length);
    }

    /// <summary>The list or the delta comes from the hub. False when there is nothing to do but to wait.</summary>
    public bool StepFetch()
    {
        bool worked = _download.Step(out bool ended);
        if (!ended)
        {
            return worked;
        }

        TufFault fault = _download.Fault;
        if (!_isDelta && fault == TufFault.None)
        {
            BeginLoadNew();
        }
        else if (_isDelta && fault == TufFault.None)
        {
            int half = _state.Halves[FlashMap.BlocklistSlot];
            bool good = _applier.TryBegin(FlashMap.AddressOf(FlashMap.BlocklistSlot, half), _state.Files[FlashMap.BlocklistSlot].Length, _download.Address, _delta.File.Length);
            if (good)
            {
                _progress.Stage = UpdateStage.ApplyingDelta;
            }
            else
            {
                BeginFetchWhole();
            }
        }
        else if (_isDelta && fault != TufFault.Unreachable && fault != TufFault.Store)
        {
            BeginFetchWhole();
        }
        else
        {
            _progress.Refuse(fault);
        }

        return worked;
    }

    /// <summary>The newer list is made from the one in force and the delta.</summary>
    public void StepApply()
    {
        if (!_applier.Step(out bool good))
        {
            return;
        }

        if (!good || _applier.Length != _list.File.Length)
        {
            BeginFetchWhole();
            return;
        }

        _digest.Begin();
        _progress.Stage = UpdateStage.KeepingList;
    }

    /// <summary>What was made is hashed, and goes into flash if it is the one that is signed.</summary>
    public void StepKeep()
    {
        if (_verified.Writer.IsBusy)
        {
            if (!_verified.Writer.Step())
            {
                return;
            }

            if (_verified.Writer.Failed)
            {
                _progress.Refuse(TufFault.Store);
            }
            else
            {
                BeginLoadNew();
            }

            return;
        }

        _digest.Step(_buffer, _digest.Done, _applier.Length - _digest.Done);
        if (_digest.Done < _applier.Length)
        {
            return;
        }

        if (_digest.IsOf(_list.File))
        {
            DeltasApplied++;
            _verified.BeginWrite(FlashMap.BlocklistSlot, _buffer, _applier.Length);
        }
        else
        {
            BeginFetchWhole();
        }
    }

    /// <summary>The list comes out of flash into memory.</summary>
    public void StepLoad()
    {
        if (!_loader.Step(out bool good))
        {
            return;
        }

        bool isNew = !_state.Files[FlashMap.BlocklistSlot].SameFile(_list.File) && _list.File.IsSet && _progress.IsOnline;
        if (!good || (isNew && _loader.Version <= _state.BlocklistVersion))
        {
            _progress.DocumentFault = good ? TufFault.Rollback : TufFault.DocumentMalformed; // the old one stays as long as it holds
            _nothingListed = !isNew;
        }
        else
        {
            _newList = _loader.Result;
            _listChanged = true;
            if (isNew)
            {
                _verified.Of(FlashMap.BlocklistSlot).CopyFrom(_list.File);
            }
        }

        End();
    }

    private void BeginFetchWhole()
    {
        BeginFetch(_list.File, 0);
    }

    private void BeginFetch(FileReference file, int offset)
    {
        _isDelta = false;
        _download.Begin(file, FlashMap.MostBlocklist, _verified.Clear(FlashMap.BlocklistSlot) + offset);
        _progress.Stage = UpdateStage.FetchingList;
    }

    private void BeginLoadNew()
    {
        BeginLoad(1 - _state.Halves[FlashMap.BlocklistSlot], _list.File.Length);
    }

    private void BeginLoad(int half, int length)
    {
        _loader.Begin(FlashMap.AddressOf(FlashMap.BlocklistSlot, half), length, _time.UnixMs);
        _progress.Stage = UpdateStage.LoadingList;
    }

    private void End()
    {
        _progress.Stage = UpdateStage.Committing;
    }
}
