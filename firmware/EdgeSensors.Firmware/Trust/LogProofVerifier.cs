using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Verifies that a metadata file was logged and that witnesses saw it (C2SP tlog-proof, tlog-checkpoint, tlog-cosignature), in place, a hash or a
/// signature's slice a step. Of a signature line under a key of the policy, each must be good; others are passed over. Total.
/// </summary>
internal sealed class LogProofVerifier
{
    /// <summary>The most octets of a proof.</summary>
    public const int MaxOctets = 8 * 1024;

    private const string Header = "c2sp.org/tlog-proof@v1\n";
    private const string ExtraWord = "extra ";
    private const string IndexWord = "index ";
    private const string EntryHead = "edgesensors/1 metadata ";
    private const string CosignatureHead = "cosignature/v1\ntime ";
    private const string HexDigits = "0123456789abcdef";
    private const int EncodedHash = 44;
    private const int MostText = 1_024;
    private const int MaxHashes = 63;

    private readonly Ed25519Verifier _verifier;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _node = new byte[Sha256.DigestSize];
    private readonly byte[] _sibling = new byte[Sha256.DigestSize];
    private readonly byte[] _root = new byte[Sha256.DigestSize];
    private readonly byte[] _octet = new byte[1];
    private readonly byte[] _signature = new byte[4 + Ed25519Verifier.SignatureSize];
    private readonly byte[] _cosignature = new byte[4 + 8 + Ed25519Verifier.SignatureSize];
    private readonly byte[] _message = new byte[MostText + 64];
    private readonly long[] _times = new long[NoteKeys.MaxKeys];
    private WitnessPolicy _policy = new WitnessPolicy();
    private int _length;
    private int _hashes;
    private int _hashesAt;
    private long _seconds;
    private int _nextHash;
    private long _index, _last;
    private int _textStart, _textLength, _originLength;
    private int _line;
    private int _witness;
    private bool _isLogged;
    private bool _verifying;
    private bool _good;

    /// <summary>A verifier that uses another's for signatures.</summary>
    public LogProofVerifier(Ed25519Verifier verifier)
    {
        _verifier = verifier;
    }

    /// <summary>Takes the proof.</summary>
    public byte[] Buffer { get; } = new byte[MaxOctets];

    /// <summary>The time that a quorum of witnesses vouches for, Unix milliseconds, when the proof has held.</summary>
    public long WitnessedMs { get; private set; }

    /// <summary>The name of the witness that cosigned last.</summary>
    public string Witness { get; private set; } = "";

    /// <summary>Signatures checked since the start.</summary>
    public int SignaturesChecked { get; private set; }

    /// <summary>Begins with the proof in the buffer.</summary>
    /// <param name="length">Its octets.</param>
    /// <param name="fileHash">SHA-256 of the metadata file.</param>
    /// <param name="policy">What it must show; to stay as it is until the verdict.</param>
    public void Begin(int length, byte[] fileHash, WitnessPolicy policy)
    {
        _policy = policy;
        _length = length;
        _verifying = false;
        _isLogged = false;
        System.Array.Clear(_times, 0, _times.Length);
        _good = length <= MaxOctets && policy.IsSound && Parse();
        if (_good)
        {
            HashEntry(fileHash);
        }
    }

    /// <summary>One slice. True when there is a verdict.</summary>
    public bool Step(out bool good)
    {
        good = false;
        if (!_good)
        {
            return true;
        }

        if (_verifying)
        {
            if (!_verifier.Step())
            {
                return false;
            }

            _verifying = false;
            if (_verifier.Phase != Ed25519Phase.Accepted)
            {
                return true;
            }

            TakeSignature();
            return false;
        }

        if (_nextHash < _hashes)
        {
            if (!Climb())
            {
                return true;
            }

            return false;
        }

        if (_nextHash == _hashes)
        {
            _nextHash++;
            _good = _last == 0 && Hex.Same(_node, 0, _root, 0, _root.Length);
            return !_good;
        }

        if (_line < _length)
        {
            _good = NextSignature();
            return !_good;
        }

        good = _isLogged && HasQuorum();
        return true;
    }

    /// <summary>The proof's own lines, and the checkpoint's head; the signature lines are read when it is their turn.</summary>
    private bool Parse()
    {
        byte[] b = Buffer;
        int at = 0;
        if (!Take(ref at, Header))
        {
            return false;
        }

        int extra = at;
        if (Take(ref extra, ExtraWord))
        {
            int extraEnd = EndOfLine(extra);
            if (extraEnd < 0)
            {
                return false;
            }

            at = extraEnd + 1;
        }

        if (!Take(ref at, IndexWord) || !TakeNumber(ref at, out _index))
        {
            return false;
        }

        _hashesAt = at;
        _hashes = 0;
        while (at < _length && b[at] != (byte)'\n')
        {
            if (_hashes == MaxHashes || _length - at < EncodedHash + 1 || b[at + EncodedHash] != (byte)'\n')
            {
                return false;
            }

            _hashes++;
            at += EncodedHash + 1;
        }

        at++;
        _textStart = at;
        int end = EndOfLine(at);
        if (end <= at)
        {
            return false;
        }

        _originLength = end - at;
        at = end + 1;
        if (!TakeNumber(ref at, out long size) || _length - at < EncodedHash + 1 || b[at + EncodedHash] != (byte)'\n' || !Base64.TryRead(b, at, EncodedHash, _root))
        {
            return false;
        }

        at += EncodedHash + 1;
        while (at < _length && b[at] != (byte)'\n')
        {
            end = EndOfLine(at);
            if (end < 0)
            {
                return false;
            }

            at = end + 1;
        }

        _textLength = at - _textStart;
        _line = at + 1;
        _nextHash = 0;
        _last = size - 1;
        return _index < size && _textLength <= MostText && _line < _length && b[_length - 1] == (byte)'\n';
    }

    /// <summary>The leaf of the entry <c>edgesensors/1 metadata HASH</c> and a newline (RFC 6962, section 2.1).</summary>
    private void HashEntry(byte[] fileHash)
    {
        _hash.Reset();
        Hash(0);
        for (int i = 0; i < EntryHead.Length; i++)
        {
            Hash((byte)EntryHead[i]);
        }

        for (int i = 0; i < fileHash.Length; i++)
        {
            Hash((byte)HexDigits[fileHash[i] >> 4]);
            Hash((byte)HexDigits[fileHash[i] & 15]);
        }

        Hash((byte)'\n');
        _hash.Finish(_node, 0);
    }

    private void Hash(byte octet)
    {
        _octet[0] = octet;
        _hash.Update(_octet, 0, 1);
    }

    /// <summary>RFC 9162, section 2.1.3.2: one level up.</summary>
    private bool Climb()
    {
        if (_last == 0 || !Base64.TryRead(Buffer, _hashesAt + _nextHash * (EncodedHash + 1), EncodedHash, _sibling))
        {
            return false;
        }

        bool right = (_index & 1) == 1 || _index == _last;
        _hash.Reset();
        Hash(1);
        _hash.Update(right ? _sibling : _node, 0, Sha256.DigestSize);
        _hash.Update(right ? _node : _sibling, 0, Sha256.DigestSize);
        _hash.Finish(_node, 0);
        while (right && (_index & 1) == 0 && _index != 0)
        {
            _index >>= 1;
            _last >>= 1;
        }

        _index >>= 1;
        _last >>= 1;
        _nextHash++;
        return true;
    }

    /// <summary>A signature line: an em dash, a space, the key's name, a space, base64 of id and signature.</summary>
    private bool NextSignature()
    {
        byte[] b = Buffer;
        int at = _line;
        int end = EndOfLine(at);
        if (end < 0 || end - at < 8 || b[at] != 0xe2 || b[at + 1] != 0x80 || b[at + 2] != 0x94 || b[at + 3] != (byte)' ')
        {
            return false;
        }

        at += 4;
        int name = at;
        while (at < end && b[at] != (byte)' ')
        {
            at++;
        }

        int nameLength = at - name;
        int encoded = end - at - 1;
        _line = end + 1;
        if (nameLength == 0 || encoded < 8)
        {
            return false;
        }

        at++;
        if (encoded == 92 && Base64.TryRead(b, at, encoded, _signature))
        {
            int log = _policy.Logs.Find(b, name, nameLength, Store.BigEndian.Get32(_signature, 0));
            if (log >= 0 && nameLength == _originLength && Hex.Same(b, name, b, _textStart, nameLength))
            {
                _witness = -1;
                Verify(_policy.Logs, log, _signature, 4, b, _textStart, _textLength);
            }
        }
        else if (encoded == 104 && Base64.TryRead(b, at, encoded, _cosignature))
        {
            int witness = _policy.Witnesses.Find(b, name, nameLength, Store.BigEndian.Get32(_cosignature, 0));
            ulong seconds = Store.BigEndian.Get64(_cosignature, 4);
            const ulong Latest = 253_402_300_799; // the end of the year 9999
            if (witness >= 0)
            {
                if (seconds == 0 || seconds > Latest)
                {
                    return false;
                }

                _witness = witness;
                _seconds = (long)seconds;
                Verify(_policy.Witnesses, witness, _cosignature, 12, _message, 0, Compose(seconds));
            }
        }

        return true;
    }

    private void Verify(NoteKeys keys, int key, byte[] signature, int offset, byte[] message, int start, int length)
    {
        SignaturesChecked++;
        _verifier.Begin(keys.Keys, key * Ed25519Verifier.PublicKeySize, signature, offset, message, start, length);
        _verifying = true;
    }

    /// <summary>What a cosignature signs: its own head with the time, and the checkpoint's text.</summary>
    private int Compose(ulong seconds)
    {
        int length = 0;
        for (int i = 0; i < CosignatureHead.Length; i++)
        {
            _message[length++] = (byte)CosignatureHead[i];
        }

        ulong power = 1;
        while (seconds / power >= 10)
        {
            power *= 10;
        }

        for (; power > 0; power /= 10)
        {
            _message[length++] = (byte)((byte)'0' + (byte)(seconds / power % 10));
        }

        _message[length++] = (byte)'\n';
        System.Array.Copy(Buffer, _textStart, _message, length, _textLength);
        return length + _textLength;
    }

    private void TakeSignature()
    {
        if (_witness < 0)
        {
            _isLogged = true;
        }
        else if (_seconds > _times[_witness])
        {
            _times[_witness] = _seconds;
        }
    }

    /// <summary>The time that as many as must have vouch for: one witness whose clock runs ahead cannot move it.</summary>
    private bool HasQuorum()
    {
        long newest = 0;
        for (int rank = 0; rank < _policy.Quorum; rank++)
        {
            int best = -1;
            for (int i = 0; i < _times.Length; i++)
            {
                if (_times[i] > 0 && (best < 0 || _times[i] > _times[best]))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return false;
            }

            if (rank == 0)
            {
                Witness = Ascii(_policy.Witnesses.Name(best));
            }

            newest = _times[best];
            _times[best] = 0;
        }

        WitnessedMs = 1_000 * newest;
        return true;
    }

    private static string Ascii(byte[] name)
    {
        char[] text = new char[name.Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)name[i];
        }

        return new string(text);
    }

    private bool Take(ref int at, string text)
    {
        if (_length - at < text.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (Buffer[at + i] != text[i])
            {
                return false;
            }
        }

        at += text.Length;
        return true;
    }

    /// <summary>Decimal digits without leading zeros, and the end of the line.</summary>
    private bool TakeNumber(ref int at, out long number)
    {
        int first = at;
        number = 0;
        while (at < _length && at - first < 18 && Buffer[at] >= (byte)'0' && Buffer[at] <= (byte)'9')
        {
            number = 10 * number + Buffer[at] - (byte)'0';
            at++;
        }

        if (at == first || at >= _length || Buffer[at] != (byte)'\n' || (Buffer[first] == (byte)'0' && at - first > 1))
        {
            return false;
        }

        at++;
        return true;
    }

    private int EndOfLine(int at)
    {
        while (at < _length && Buffer[at] != (byte)'\n')
        {
            at++;
        }

        return at < _length ? at : -1;
    }
}
