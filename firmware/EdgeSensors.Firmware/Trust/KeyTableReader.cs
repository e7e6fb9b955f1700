using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// The table of keys, <c>{id:{"keytype":…,"keyval":{"public":…},"scheme":…},…}</c> (TUF 1.0.34, section 4.3): gives roles the keys whose ids they name, each id
/// recomputed over the key's own octets.
/// </summary>
internal sealed class KeyTableReader
{
    private const int AllMembers = 7;

    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];
    private readonly byte[] _id = new byte[Sha256.DigestSize];
    private readonly byte[] _key = new byte[Ed25519Verifier.PublicKeySize];
    private int _members;

    /// <summary>Takes a token.</summary>
    /// <param name="j">The reader, at the table's begin or within it.</param>
    /// <param name="token">The token.</param>
    /// <param name="b">The octets.</param>
    /// <param name="roles">Take their keys.</param>
    /// <param name="hashed">Whether an id was recomputed, which costs as much as many tokens.</param>
    /// <returns>What is wrong with it.</returns>
    public TufFault Read(JsonReader j, JsonToken token, byte[] b, RoleKeys[] roles, out bool hashed)
    {
        hashed = false;
        if (j.Depth == 1 && token == JsonToken.ObjectBegin)
        {
            _members = 0;
        }
        else if (j.Depth == 2 && token == JsonToken.Text && j.NameIs(2, "keytype"))
        {
            _members |= j.TextIs("ed25519") ? 1 : 0;
        }
        else if (j.Depth == 2 && token == JsonToken.Text && j.NameIs(2, "scheme"))
        {
            _members |= j.TextIs("ed25519") ? 2 : 0;
        }
        else if (j.Depth == 3 && token == JsonToken.Text && j.NameIs(2, "keyval") && j.NameIs(3, "public"))
        {
            bool octets = j.Length == 2 * _key.Length && Hex.TryRead(b, j.Start, _key.Length, _key, 0);
            _members |= octets ? 4 : 0;
        }
        else if (j.Depth == 1)
        {
            bool matches = TakeKey(j, b, roles, out hashed);
            return !matches ? TufFault.KeyIdMismatch : token == JsonToken.ObjectEnd ? TufFault.None : TufFault.Malformed;
        }

        return TufFault.None;
    }

    /// <summary>Gives the key to each role that names it. False if it has not the id that it stands under.</summary>
    private bool TakeKey(JsonReader j, byte[] b, RoleKeys[] roles, out bool hashed)
    {
        hashed = false;
        if (j.NameLength(1) != 2 * _id.Length || !Hex.TryRead(b, j.NameStart(1), _id.Length, _id, 0))
        {
            return true; // not an id: no role can name it
        }

        for (int r = 0; r < roles.Length; r++)
        {
            RoleKeys role = roles[r];
            int i = role.Find(_id, 0);
            if (i < 0)
            {
                continue;
            }

            if (!hashed)
            {
                hashed = true;
                _hash.Reset();
                _hash.Update(b, j.Start, j.Length);
                _hash.Finish(_digest, 0);
                if (!Hex.Same(_digest, 0, _id, 0, _id.Length))
                {
                    return false;
                }
            }

            role.Known[i] = _members == AllMembers;
            System.Array.Copy(_key, 0, role.Keys, i * _key.Length, _key.Length);
        }

        return true;
    }
}
