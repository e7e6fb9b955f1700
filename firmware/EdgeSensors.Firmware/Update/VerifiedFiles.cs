using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// What was verified and lies in the halves that are not in force. It is kept through refused updates, as the client does not want it again, until one
/// record puts all of it in force.
/// </summary>
internal sealed class VerifiedFiles
{
    private readonly TapState _state;
    private readonly FileReference[] _files = new FileReference[FlashMap.Slots];

    /// <summary>The files beside those of a state.</summary>
    public VerifiedFiles(TapState state, FlashWriter writer)
    {
        _state = state;
        Writer = writer;
        for (int i = 0; i < _files.Length; i++)
        {
            _files[i] = new FileReference();
        }
    }

    /// <summary>Writes them.</summary>
    public FlashWriter Writer { get; }

    /// <summary>What lies in a slot's half that is not in force; not set where nothing of use does.</summary>
    public FileReference Of(int slot)
    {
        return _files[slot];
    }

    /// <summary>Where a slot's half that is not in force begins.</summary>
    public int AddressOf(int slot)
    {
        return FlashMap.AddressOf(slot, 1 - _state.Halves[slot]);
    }

    /// <summary>Begins to write a file into a slot's half that is not in force.</summary>
    public void BeginWrite(int slot, byte[] octets, int length)
    {
        Writer.Begin(AddressOf(slot), octets, 0, length);
    }

    /// <summary>Makes of the state what it is with the files that were verified last. True if anything of it is new; the state is still to be saved.</summary>
    public bool TakeOver(TufClient tuf, FileReference authorization, FileReference list)
    {
        bool changed = false;
        for (int i = 0; i < _files.Length; i++)
        {
            if (_files[i].IsSet && IsVerified(i, tuf, authorization, list))
            {
                _state.Files[i].CopyFrom(_files[i]);
                _state.Halves[i] = (byte)(1 - _state.Halves[i]);
                _files[i].Clear();
                changed = true;
            }
        }

        return changed;
    }

    /// <summary>Whether what lies there is what was verified last.</summary>
    private bool IsVerified(int slot, TufClient tuf, FileReference authorization, FileReference list)
    {
        if (slot == FlashMap.AuthorizationSlot)
        {
            return _files[slot].SameFile(authorization);
        }

        if (slot == FlashMap.ProofSlot)
        {
            FileReference timestamp = tuf.FileOf(TufClient.Timestamp);
            return timestamp.IsSet && Hex.Same(_files[slot].Hash, 0, timestamp.Hash, 0, Sha256.DigestSize);
        }

        return slot == FlashMap.BlocklistSlot ? _files[slot].SameFile(list) : _files[slot].SameFile(tuf.FileOf(slot));
    }
}
