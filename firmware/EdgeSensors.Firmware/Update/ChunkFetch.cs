using EdgeSensors.Firmware.Link;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// Fetches a file from the hub in pieces of at most 8 KiB, one request at a time, and asks again for what does not come. The pieces are handed on as
/// they come; whoever takes them checks the whole.
/// </summary>
internal sealed class ChunkFetch
{
    /// <summary>Microseconds until a request is repeated.</summary>
    public const long PatienceUs = 10_000_000;

    /// <summary>How often a request is made before the fetch is given up.</summary>
    public const int MostTries = 5;

    private readonly IHubLink _link;
    private readonly HubMessages _messages = new HubMessages();
    private readonly CborWriter _request = new CborWriter(new byte[HubMessages.MostRequest + 32]);
    private readonly byte[] _hash = new byte[Sha256.DigestSize];
    private int _expected;
    private int _most;
    private long _askedUs;
    private int _tries;
    private bool _asked;

    /// <summary>Fetches over a link.</summary>
    public ChunkFetch(IHubLink link)
    {
        _link = link;
    }

    /// <summary>Whether a file is being fetched.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The file's octets, when they are known; -1 until then.</summary>
    public int TotalLength { get; private set; }

    /// <summary>Octets that have come.</summary>
    public int Received { get; private set; }

    /// <summary>Why the fetch ended without the file.</summary>
    public TufFault Fault { get; private set; }

    /// <summary>The piece that has come last: the message it lies in.</summary>
    public byte[] Piece { get; private set; } = { };

    /// <summary>Where it lies there.</summary>
    public int PieceStart { get; private set; }

    /// <summary>Its octets; 0 while there is none to be taken.</summary>
    public int PieceLength { get; private set; }

    /// <summary>Whether all has come and was taken.</summary>
    public bool IsComplete => !IsBusy && Fault == TufFault.None && Received == TotalLength;

    /// <summary>Begins.</summary>
    /// <param name="hash">What the hub knows the file by.</param>
    /// <param name="expected">Its octets as they are signed, or -1.</param>
    /// <param name="most">The most octets that are taken.</param>
    public void Begin(byte[] hash, int expected, int most)
    {
        System.Array.Copy(hash, 0, _hash, 0, _hash.Length);
        _expected = expected;
        _most = most;
        Received = 0;
        TotalLength = -1;
        PieceLength = 0;
        Fault = TufFault.None;
        IsBusy = true;
        _asked = false;
        _tries = 0;
    }

    /// <summary>Gives up.</summary>
    public void Abandon()
    {
        IsBusy = false;
        PieceLength = 0;
    }

    /// <summary>Asks, or asks again.</summary>
    public void Step(long nowUs)
    {
        if (!IsBusy || PieceLength > 0 || (_asked && nowUs - _askedUs < PatienceUs))
        {
            return;
        }

        if (_tries == MostTries)
        {
            End(TufFault.Unreachable);
            return;
        }

        int left = TotalLength < 0 ? HubMessages.MostData : TotalLength - Received;
        HubMessages.WriteFetch(_request, _hash, Received, left < HubMessages.MostData ? left : HubMessages.MostData);
        if (_link.TryPublish(HubTopic.Fetch, _request.Buffer, _request.Length))
        {
            _asked = true;
            _askedUs = nowUs;
            _tries++;
        }
    }

    /// <summary>A chunk has come. One that was not asked for, or is late, is passed over.</summary>
    public void Take(byte[] payload)
    {
        HubMessages m = _messages;
        if (!IsBusy || !_asked || PieceLength > 0 || !m.TryReadChunk(payload, payload.Length) || m.Offset != Received
            || !Hex.Same(payload, m.HashStart, _hash, 0, _hash.Length))
        {
            return;
        }

        if (m.TotalLength == 0)
        {
            End(TufFault.NotFound);
            return;
        }

        if (m.TotalLength > _most || (TotalLength >= 0 && m.TotalLength != TotalLength))
        {
            End(TufFault.TooLarge);
            return;
        }

        TotalLength = (int)m.TotalLength;
        if (_expected >= 0 && TotalLength != _expected)
        {
            End(TufFault.HashMismatch);
            return;
        }

        if (m.DataLength == 0 || m.DataLength > TotalLength - Received)
        {
            End(TufFault.HashMismatch);
            return;
        }

        Piece = payload;
        PieceStart = m.DataStart;
        PieceLength = m.DataLength;
        _asked = false;
        _tries = 0;
    }

    /// <summary>The piece was taken.</summary>
    public void Taken()
    {
        Received += PieceLength;
        PieceLength = 0;
        IsBusy = Received < TotalLength;
    }

    private void End(TufFault fault)
    {
        Fault = fault;
        IsBusy = false;
    }
}
