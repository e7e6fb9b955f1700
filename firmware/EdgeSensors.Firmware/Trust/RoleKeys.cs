using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>The keys that speak for a role, and how many of them must (TUF 1.0.34, section 4.3).</summary>
internal sealed class RoleKeys
{
    /// <summary>The most keys of a role.</summary>
    public const int MaxKeys = 8;

    private const int IdSize = Sha256.DigestSize;

    /// <summary>Key ids, one behind the other.</summary>
    public readonly byte[] Ids = new byte[MaxKeys * IdSize];

    /// <summary>Ed25519 public keys, in the same order.</summary>
    public readonly byte[] Keys = new byte[MaxKeys * Ed25519Verifier.PublicKeySize];

    /// <summary>Whether the key was found, has its own id and is of Ed25519.</summary>
    public readonly bool[] Known = new bool[MaxKeys];

    /// <summary>Ids.</summary>
    public int Count;

    /// <summary>How many different keys must sign; 0 for no role.</summary>
    public int Threshold;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Count = 0;
        Threshold = 0;
        System.Array.Clear(Known, 0, MaxKeys);
    }

    /// <summary>Takes a token of a role, whose object's members are at a depth. False if it is not what it must be.</summary>
    public bool TryRead(JsonReader j, JsonToken token, byte[] b, int depth)
    {
        if (j.Depth == depth + 1 && j.NameIs(depth, "keyids"))
        {
            return token == JsonToken.Text && TryAdd(b, j.Start, j.Length);
        }

        if (j.Depth == depth && j.NameIs(depth, "threshold"))
        {
            Threshold = (int)j.Value;
            return token == JsonToken.Integer && j.Value >= 1 && j.Value <= MaxKeys;
        }

        return true;
    }

    /// <summary>Adds an id in hex. False if it is none, is there already, or finds no room.</summary>
    public bool TryAdd(byte[] hex, int at, int length)
    {
        if (Count == MaxKeys || length != 2 * IdSize || !Hex.TryRead(hex, at, IdSize, Ids, Count * IdSize) || Find(Ids, Count * IdSize) >= 0)
        {
            return false;
        }

        Count++;
        return true;
    }

    /// <summary>The number of a key by its id, or -1.</summary>
    public int Find(byte[] id, int at)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Hex.Same(Ids, i * IdSize, id, at, IdSize))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes over another's.</summary>
    public void CopyFrom(RoleKeys other)
    {
        System.Array.Copy(other.Ids, 0, Ids, 0, Ids.Length);
        System.Array.Copy(other.Keys, 0, Keys, 0, Keys.Length);
        System.Array.Copy(other.Known, 0, Known, 0, MaxKeys);
        Count = other.Count;
        Threshold = other.Threshold;
    }

    /// <summary>Whether both name the same keys and as many of them must sign. An id stands for its key, being its hash.</summary>
    public bool SameAs(RoleKeys other)
    {
        if (Count != other.Count || Threshold != other.Threshold)
        {
            return false;
        }

        for (int i = 0; i < Count; i++)
        {
            if (other.Find(Ids, i * IdSize) < 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the key before number <paramref name="i"/> with the same octets is there: two ids of one key count once.</summary>
    public bool IsTwin(int i, int other)
    {
        return Hex.Same(Keys, i * Ed25519Verifier.PublicKeySize, Keys, other * Ed25519Verifier.PublicKeySize, Ed25519Verifier.PublicKeySize);
    }
}
