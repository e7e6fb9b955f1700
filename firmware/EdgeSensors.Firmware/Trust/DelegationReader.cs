using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// The roles that the top-level targets delegate to (TUF 1.0.34, section 4.5): for each target that is wanted, the first that covers its path must be the role
/// that docs/protocol.md delegates it to, and terminating; that role's keys are kept.
/// </summary>
internal sealed class DelegationReader
{
    private const int MaxWanted = 4;

    private readonly DelegatedRole[] _delegated;
    private readonly WantedTarget[] _wanted;
    private readonly RoleKeys _role = new RoleKeys();
    private readonly bool[] _covers = new bool[MaxWanted];
    private byte[] _b = { };
    private TufFault _fault;
    private int _nameStart, _nameLength;
    private bool _terminating;

    /// <summary>A reader for certain roles and targets.</summary>
    public DelegationReader(DelegatedRole[] delegated, WantedTarget[] wanted)
    {
        _delegated = delegated;
        _wanted = wanted;
    }

    /// <summary>Forgets what was delegated.</summary>
    public void Begin()
    {
        for (int i = 0; i < _delegated.Length; i++)
        {
            _delegated[i].Keys.Clear();
        }

        for (int i = 0; i < _wanted.Length; i++)
        {
            _wanted[i].Covered = false;
        }
    }

    /// <summary>Takes a token within <c>delegations</c>, and says what is wrong with it.</summary>
    public TufFault Read(JsonReader j, JsonToken token, byte[] b)
    {
        _fault = TufFault.None;
        _b = b;
        if (j.Depth < 3 || !j.NameIs(2, "roles"))
        {
            return _fault;
        }

        if (j.Depth == 3)
        {
            if (token == JsonToken.ObjectBegin)
            {
                _role.Clear();
                _nameLength = 0;
                _terminating = false;
                System.Array.Clear(_covers, 0, MaxWanted);
            }
            else
            {
                _fault = token == JsonToken.ObjectEnd ? TufFault.None : TufFault.Malformed;
                Delegate();
            }
        }
        else if (j.Depth == 4 && token == JsonToken.Text && j.NameIs(4, "name"))
        {
            _nameStart = j.Start;
            _nameLength = j.Length;
        }
        else if (j.Depth == 4 && token == JsonToken.True && j.NameIs(4, "terminating"))
        {
            _terminating = true;
        }
        else if (j.Depth == 4 && j.NameIs(4, "path_hash_prefixes"))
        {
            _fault = TufFault.Malformed; // our repositories delegate by paths, and a tap cannot tell whom these would take paths from
        }
        else if (j.Depth == 5 && token == JsonToken.Text && j.NameIs(4, "paths"))
        {
            for (int i = 0; i < _wanted.Length; i++)
            {
                _covers[i] = _covers[i] || PathPattern.Matches(b, j.Start, j.Length, _wanted[i].Path);
            }
        }
        else if ((j.NameIs(4, "keyids") || j.NameIs(4, "threshold")) && !_role.TryRead(j, token, b, 4))
        {
            _role.Threshold = -1; // it may not be ours: then neither its many keys nor its threshold matter
        }

        return _fault;
    }

    /// <summary>A delegation was read: the first that covers a path is the one that is asked about it (section 5.6.7).</summary>
    private void Delegate()
    {
        for (int i = 0; i < _wanted.Length; i++)
        {
            WantedTarget wanted = _wanted[i];
            if (!_covers[i] || wanted.Covered)
            {
                continue;
            }

            wanted.Covered = true;
            if (!_terminating)
            {
                _fault = TufFault.TooManyDelegations;
            }
            else if (!NameIs(wanted.Role.Name) || _role.Threshold < 1)
            {
                _fault = TufFault.Malformed;
            }
            else
            {
                wanted.Role.Keys.CopyFrom(_role);
            }
        }
    }

    private bool NameIs(string name)
    {
        if (_nameLength != name.Length)
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            if (_b[_nameStart + i] != name[i])
            {
                return false;
            }
        }

        return true;
    }
}
