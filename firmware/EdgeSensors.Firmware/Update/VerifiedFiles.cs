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

    /// <summary>The root that a start begins with where none was put in force: the enrolment's, or the one in flash.</summary>
    public FileReference Anchor { get; } = new FileReference();

    /// <summary>Where a slot's half that is not in force begins. It is about to be written over: nothing of use lies there from here on, whether or not the chip takes what comes.</summary>
    public int Clear(int slot)
    {
        _files[slot].Clear();
        return FlashMap.AddressOf(slot, 1 - _state.Halves[slot]);
    }

    /// <summary>Begins to write a file into a slot's half that is not in force.</summary>
    public void BeginWrite(int slot, byte[] octets, int length)
    {
        Writer.Begin(Clear(slot), octets, 0, length);
    }

    /// <summary>
    /// Whether all metadata that verified last lies in flash. The client holds what was kept for kept; if its place was written over since by what the chip did not take, a start would find files
    /// that do not belong together.
    /// </summary>
    public bool IsWhole(TufClient tuf)
    {
        for (int i = 0; i < FlashMap.AuthorizationSlot; i++)
        {
            FileReference file = tuf.FileOf(i);
            bool lies = !file.IsSet || file.SameFile(_state.Files[i]) || file.SameFile(_files[i]) || (i == TufClient.Root && file.SameFile(Anchor));
            if (!lies)
            {
                return false;
            }
        }

        return true;
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
