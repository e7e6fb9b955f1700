using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>Fetches a file that is longer than the memory for it: each piece is written page by page into flash and hashed, before the next one is asked for.</summary>
internal sealed class FlashDownload
{
    private readonly ChunkFetch _fetch;
    private readonly FlashWriter _writer;
    private readonly FileDigest _digest;
    private readonly IClock _clock;
    private FileReference _file = new FileReference();
    private bool _pieceWritten;

    /// <summary>A download by way of others' parts.</summary>
    public FlashDownload(ChunkFetch fetch, FlashWriter writer, FileDigest digest, IClock clock)
    {
        _fetch = fetch;
        _writer = writer;
        _digest = digest;
        _clock = clock;
    }

    /// <summary>Where in flash the file begins.</summary>
    public int Address { get; private set; }

    /// <summary>Why it did not come; none if it did, and is the one that is signed.</summary>
    public TufFault Fault { get; private set; }

    /// <summary>Begins.</summary>
    /// <param name="file">The file as it is signed; to stay as it is until the end.</param>
    /// <param name="most">The most octets that are taken.</param>
    /// <param name="address">Where it goes: a sector's begin.</param>
    public void Begin(FileReference file, int most, int address)
    {
        _file = file;
        Address = address;
        Fault = TufFault.None;
        _pieceWritten = false;
        _fetch.Begin(file.Hash, file.Length, most);
        _digest.Begin();
    }

    /// <summary>A page, a slice of the hash, or a request. False when there is nothing to do but to wait; <paramref name="ended"/> says that it is there or will not come.</summary>
    public bool Step(out bool ended)
    {
        ended = false;
        if (_writer.IsBusy)
        {
            if (_writer.Step() && _writer.Failed)
            {
                _fetch.Abandon();
                Fault = TufFault.Store;
                ended = true;
            }

            return true;
        }

        if (_fetch.PieceLength > 0)
        {
            StepPiece();
            return true;
        }

        _fetch.Step(_clock.Microseconds);
        if (_fetch.IsBusy)
        {
            return false;
        }

        ended = true;
        if (!_fetch.IsComplete)
        {
            Fault = _fetch.Fault;
        }
        else if (!_digest.IsOf(_file))
        {
            Fault = TufFault.HashMismatch;
        }

        return true;
    }

    /// <summary>Hashed in slices after it was written: what is hashed runs behind what was received.</summary>
    private void StepPiece()
    {
        int hashed = _digest.Done - _fetch.Received;
        if (hashed == 0 && !_pieceWritten)
        {
            _pieceWritten = true;
            _writer.Begin(Address + _fetch.Received, _fetch.Piece, _fetch.PieceStart, _fetch.PieceLength);
            return;
        }

        _digest.Step(_fetch.Piece, _fetch.PieceStart + hashed, _fetch.PieceLength - hashed);
        if (_digest.Done == _fetch.Received + _fetch.PieceLength)
        {
            _pieceWritten = false;
            _fetch.Taken();
        }
    }
}
