namespace EdgeSensors.Firmware.Trust;

/// <summary>Keys that verify notes (C2SP signed-note), written <c>name+id+key</c>: of logs (type 1) or of witnesses (type 4).</summary>
internal sealed class NoteKeys
{
    /// <summary>The most keys.</summary>
    public const int MaxKeys = 8;

    /// <summary>The type of a log's key.</summary>
    public const int LogType = 1;

    /// <summary>The type of a witness's key.</summary>
    public const int WitnessType = 4;

    private const int MaxName = 200;
    private const int EncodedKey = 44;

    private readonly int _type;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];
    private readonly byte[] _decoded = new byte[1 + Ed25519Verifier.PublicKeySize];
    private readonly byte[][] _names = new byte[MaxKeys][];

    /// <summary>Keys of a type.</summary>
    public NoteKeys(int type)
    {
        _type = type;
    }

    /// <summary>Public keys, one behind the other.</summary>
    public readonly byte[] Keys = new byte[MaxKeys * Ed25519Verifier.PublicKeySize];

    /// <summary>Key ids.</summary>
    public readonly uint[] Ids = new uint[MaxKeys];

    /// <summary>Keys.</summary>
    public int Count;

    /// <summary>The name of a key.</summary>
    public byte[] Name(int i)
    {
        return _names[i];
    }

    /// <summary>Adds a key. False if the text is none of the type, its id is not its own, it is there already, or there is no room.</summary>
    public bool TryAdd(byte[] text, int at, int length)
    {
        int name = 0;
        while (name < length && text[at + name] > (byte)' ' && text[at + name] < 0x7f && text[at + name] != (byte)'+')
        {
            name++;
        }

        if (Count == MaxKeys || name == 0 || name > MaxName || length != name + 1 + 8 + 1 + EncodedKey || text[at + name] != (byte)'+' || text[at + name + 9] != (byte)'+'
            || !Hex.TryRead(text, at + name + 1, 4, _digest, 0) || !Select.Base64.TryRead(text, at + name + 10, EncodedKey, _decoded) || _decoded[0] != _type)
        {
            return false;
        }

        uint id = Store.BigEndian.Get32(_digest, 0);
        _hash.Reset();
        _hash.Update(text, at, name);
        _digest[0] = (byte)'\n';
        _hash.Update(_digest, 0, 1);
        _hash.Update(_decoded, 0, _decoded.Length);
        _hash.Finish(_digest, 0);
        if (Store.BigEndian.Get32(_digest, 0) != id)
        {
            return false;
        }

        for (int i = 0; i < Count; i++)
        {
            if (Hex.Same(Keys, i * Ed25519Verifier.PublicKeySize, _decoded, 1, Ed25519Verifier.PublicKeySize))
            {
                return false; // one key under two names would count twice
            }
        }

        byte[] copy = new byte[name];
        System.Array.Copy(text, at, copy, 0, name);
        _names[Count] = copy;
        Ids[Count] = id;
        System.Array.Copy(_decoded, 1, Keys, Count * Ed25519Verifier.PublicKeySize, Ed25519Verifier.PublicKeySize);
        Count++;
        return true;
    }

    /// <summary>The number of a key by name and id, or -1.</summary>
    public int Find(byte[] text, int at, int length, uint id)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Ids[i] == id && _names[i].Length == length && Hex.Same(_names[i], 0, text, at, length))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes over another's.</summary>
    public void CopyFrom(NoteKeys other)
    {
        System.Array.Copy(other.Keys, 0, Keys, 0, Keys.Length);
        System.Array.Copy(other.Ids, 0, Ids, 0, MaxKeys);
        System.Array.Copy(other._names, 0, _names, 0, MaxKeys);
        Count = other.Count;
    }
}
