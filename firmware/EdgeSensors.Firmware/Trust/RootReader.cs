using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>Of a root (TUF 1.0.34, section 4.3): the keys that its roles name, and what it asks of proofs of the log.</summary>
internal sealed class RootReader
{
    private static readonly string[] RoleNames = { "root", "timestamp", "snapshot", "targets" };

    private TufFault _fault;

    /// <summary>Its roles, in the order of <see cref="MetadataKind"/>.</summary>
    public readonly RoleKeys[] Roles = { new RoleKeys(), new RoleKeys(), new RoleKeys(), new RoleKeys() };

    /// <summary>What proofs of the log must show; a quorum of 0 where it says nothing.</summary>
    public readonly WitnessPolicy Policy = new WitnessPolicy();

    /// <summary>Forgets the last one.</summary>
    public void Begin()
    {
        Policy.Clear();
        for (int i = 0; i < Roles.Length; i++)
        {
            Roles[i].Clear();
        }
    }

    /// <summary>Takes a token, and says what is wrong with it.</summary>
    public TufFault Read(JsonReader j, JsonToken token, byte[] b)
    {
        _fault = TufFault.None;
        if (j.Depth == 1 && token == JsonToken.False && j.NameIs(1, "consistent_snapshot"))
        {
            _fault = TufFault.Malformed; // a tap fetches by versioned names only
        }
        else if (j.Depth >= 2 && j.NameIs(1, "x-edgesensors-witness-policy"))
        {
            ReadPolicy(j, token, b);
        }
        else if (j.Depth >= 3 && j.NameIs(1, "roles"))
        {
            for (int i = 0; i < Roles.Length; i++)
            {
                if (j.NameIs(2, RoleNames[i]))
                {
                    Require(Roles[i].TryRead(j, token, b, 3));
                    break;
                }
            }
        }

        return _fault;
    }

    /// <summary>At the end: whether all is there.</summary>
    public bool IsWhole()
    {
        for (int i = 0; i < Roles.Length; i++)
        {
            if (Roles[i].Threshold < 1)
            {
                return false;
            }
        }

        bool named = Policy.Quorum > 0 || Policy.Logs.Count > 0 || Policy.Witnesses.Count > 0;
        return !named || Policy.IsSound;
    }

    private void ReadPolicy(JsonReader j, JsonToken token, byte[] b)
    {
        if (j.Depth == 2 && j.NameIs(2, "quorum"))
        {
            Require(token == JsonToken.Integer && j.Value >= 1 && j.Value <= NoteKeys.MaxKeys);
            Policy.Quorum = (int)j.Value;
        }
        else if (j.Depth == 3 && j.NameIs(2, "logs"))
        {
            Require(token == JsonToken.Text && Policy.Logs.TryAdd(b, j.Start, j.Length));
        }
        else if (j.Depth == 3 && j.NameIs(2, "witnesses"))
        {
            Require(token == JsonToken.Text && Policy.Witnesses.TryAdd(b, j.Start, j.Length));
        }
    }

    private void Require(bool holds)
    {
        if (!holds)
        {
            _fault = TufFault.Malformed;
        }
    }
}
