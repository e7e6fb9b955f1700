using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>What a signed file says of another: version, length and SHA-256, all of which a tap wants (TUF 1.0.34, sections 4.4 and 4.5).</summary>
internal sealed class FileReference
{
    /// <summary>SHA-256.</summary>
    public readonly byte[] Hash = new byte[Sha256.DigestSize];

    /// <summary>The version of a metadata file; 0 for a target.</summary>
    public long Version;

    /// <summary>Octets.</summary>
    public int Length;

    private int _members;

    /// <summary>Whether it is listed, with all that is wanted.</summary>
    public bool IsSet => (_members & 3) == 3;

    /// <summary>Whether anything of it is listed.</summary>
    public bool IsNamed => _members != 0;

    /// <summary>Forgets it.</summary>
    public void Clear()
    {
        _members = 0;
        Version = 0;
        Length = 0;
    }

    /// <summary>Takes a token of what is said of the file, whose members are at a depth. False if it is not what it must be.</summary>
    public bool TryRead(JsonReader j, JsonToken token, byte[] b, int depth)
    {
        if (j.Depth == depth + 1 && j.NameIs(depth, "hashes") && j.NameIs(depth + 1, "sha256"))
        {
            return token == JsonToken.Text && TrySetHash(b, j.Start, j.Length);
        }

        if (j.Depth == depth && j.NameIs(depth, "length"))
        {
            return token == JsonToken.Integer && TrySetLength(j.Value);
        }

        if (j.Depth == depth && j.NameIs(depth, "version"))
        {
            Version = j.Value;
            return token == JsonToken.Integer && j.Value >= 1;
        }

        return true;
    }

    /// <summary>Takes over another's.</summary>
    public void CopyFrom(FileReference other)
    {
        System.Array.Copy(other.Hash, 0, Hash, 0, Hash.Length);
        Version = other.Version;
        Length = other.Length;
        _members = other._members;
    }

    /// <summary>Whether both speak of the same octets.</summary>
    public bool SameFile(FileReference other)
    {
        return IsSet && other.IsSet && Length == other.Length && Hex.Same(Hash, 0, other.Hash, 0, Hash.Length);
    }

    /// <summary>Sets all of it from a file that was hashed.</summary>
    public void Set(byte[] hash, int length, long version)
    {
        System.Array.Copy(hash, 0, Hash, 0, Hash.Length);
        Length = length;
        Version = version;
        _members = 3;
    }

    private bool TrySetHash(byte[] hex, int at, int length)
    {
        _members |= 1;
        return length == 2 * Hash.Length && Hex.TryRead(hex, at, Hash.Length, Hash, 0);
    }

    private bool TrySetLength(long length)
    {
        _members |= 2;
        Length = (int)length;
        return length >= 0 && length <= int.MaxValue;
    }
}
