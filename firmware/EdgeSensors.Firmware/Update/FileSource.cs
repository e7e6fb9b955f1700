using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>Brings a file into memory piece by piece: out of its slot's half in force, or from the hub.</summary>
internal sealed class FileSource
{
    private const int LoadedAStep = 2_048;

    private readonly IFlash _flash;
    private readonly TapState _state;
    private readonly ChunkFetch _fetch;
    private readonly FileDigest _digest;
    private readonly IClock _clock;
    private byte[] _target = { };
    private int _address;
    private int _done;

    /// <summary>A source of files.</summary>
    public FileSource(IFlash flash, TapState state, ChunkFetch fetch, FileDigest digest, IClock clock)
    {
        _flash = flash;
        _state = state;
        _fetch = fetch;
        _digest = digest;
        _clock = clock;
    }

    /// <summary>Octets of the file that was brought.</summary>
    public int Length { get; private set; }

    /// <summary>Why the hub did not bring it; none if it did.</summary>
    public TufFault Fault => _fetch.Fault;

    /// <summary>Whether the hub has brought all of it.</summary>
    public bool IsComplete => _fetch.IsComplete;

    /// <summary>Begins to read what is in force in a slot.</summary>
    public void BeginLoad(int slot, byte[] target)
    {
        _address = FlashMap.AddressOf(slot, _state.Halves[slot]);
        Length = _state.Files[slot].Length;
        _done = 0;
        _target = target;
    }

    /// <summary>Begins to fetch a file whose hash and length are signed.</summary>
    public void BeginFetch(FileReference file, int most, byte[] target)
    {
        _fetch.Begin(file.Hash, file.Length, most);
        _target = target;
    }

    /// <summary>Begins to fetch a file whose contents are not known by their hash: it is asked for by the hash of its name (docs/protocol.md).</summary>
    /// <param name="name">The name.</param>
    /// <param name="length">Its octets as they are signed, or -1.</param>
    /// <param name="most">The most octets that are taken.</param>
    /// <param name="target">Takes it.</param>
    public void BeginFetchByName(string name, int length, int most, byte[] target)
    {
        _fetch.Begin(_digest.OfName(name), length, most);
        _target = target;
    }

    /// <summary>Reads on. True when all is there.</summary>
    public bool StepLoad()
    {
        int count = Length - _done < LoadedAStep ? Length - _done : LoadedAStep;
        if (count > 0)
        {
            _flash.Read(_address + _done, _target, _done, count);
            _done += count;
        }

        return _done == Length;
    }

    /// <summary>Fetches on. False when there is nothing to do but to wait; <paramref name="ended"/> says that the file is there or will not come.</summary>
    public bool StepFetch(out bool ended)
    {
        ended = false;
        _fetch.Step(_clock.Microseconds);
        if (_fetch.PieceLength > 0)
        {
            System.Array.Copy(_fetch.Piece, _fetch.PieceStart, _target, _fetch.Received, _fetch.PieceLength);
            _fetch.Taken();
            return true;
        }

        if (_fetch.IsBusy)
        {
            return false;
        }

        ended = true;
        if (_fetch.IsComplete)
        {
            Length = _fetch.TotalLength;
        }

        return true;
    }
}
