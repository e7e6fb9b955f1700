using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Trust;

/// <summary>
/// Reads what is signed in a metadata file (TUF 1.0.34, sections 4.3 to 4.6), some tokens a step, in place. It keeps what a tap needs: the keys
/// of the roles that it follows, each id recomputed over the key's own octets, and the files that it wants. Nothing of it is trusted before
/// the signatures are.
/// </summary>
internal sealed class MetadataReader
{
    /// <summary>Tokens of one step.</summary>
    public const int TokensAStep = 24;

    private const int AllMembers = 15;

    private static readonly string[] Types = { "root", "timestamp", "snapshot", "targets", "targets" };

    private readonly JsonReader _json = new JsonReader();
    private readonly RootReader _root = new RootReader();
    private readonly DelegationReader _delegations;
    private readonly KeyTableReader _keys = new KeyTableReader();
    private readonly DelegatedRole[] _delegated;
    private readonly RoleKeys[] _delegatedKeys;
    private readonly WantedTarget[] _wanted;
    private byte[] _b = { };
    private MetadataKind _kind;
    private TufFault _fault;
    private int _members;
    private bool _inKeys;
    private int _keysStart, _keysLength;

    /// <summary>The version.</summary>
    public long Version;

    /// <summary>Unix milliseconds from which it is expired.</summary>
    public long ExpiresMs;

    /// <summary>Of a timestamp: the snapshot.</summary>
    public readonly FileReference Snapshot = new FileReference();

    /// <summary>Of a snapshot: the top-level targets.</summary>
    public readonly FileReference Targets = new FileReference();

    /// <summary>A reader for certain roles and targets.</summary>
    /// <param name="delegated">Filled in by a snapshot and by targets: of each its candidate.</param>
    /// <param name="wanted">Filled in by targets and delegated roles.</param>
    public MetadataReader(DelegatedRole[] delegated, WantedTarget[] wanted)
    {
        _delegated = delegated;
        _wanted = wanted;
        _delegations = new DelegationReader(delegated, wanted);
        _delegatedKeys = new RoleKeys[delegated.Length];
        for (int i = 0; i < delegated.Length; i++)
        {
            _delegatedKeys[i] = delegated[i].Keys;
        }
    }

    /// <summary>Of a root: its roles' keys, in the order of <see cref="MetadataKind"/>.</summary>
    public RoleKeys[] Roles => _root.Roles;

    /// <summary>Of a root: what proofs of the log must show; a quorum of 0 where it says nothing.</summary>
    public WitnessPolicy Policy => _root.Policy;

    /// <summary>Begins to read.</summary>
    public void Begin(MetadataKind kind, byte[] buffer, int start, int length)
    {
        _kind = kind;
        _b = buffer;
        _fault = TufFault.None;
        _members = 0;
        _inKeys = false;
        _keysLength = 0;
        _json.Begin(buffer, start, start + length);
        Version = 0;
        ExpiresMs = 0;
        Snapshot.Clear();
        if (kind == MetadataKind.Root)
        {
            _root.Begin();
        }
        else if (kind == MetadataKind.Snapshot)
        {
            Targets.Clear();
            for (int i = 0; i < _delegated.Length; i++)
            {
                _delegated[i].Metadata.Clear();
            }
        }
        else if (kind == MetadataKind.Targets)
        {
            _delegations.Begin();
        }
    }

    /// <summary>Before a delegated role is read: forgets what the role's targets are.</summary>
    public void ForgetTargets(DelegatedRole role)
    {
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_wanted[i].Role == role)
            {
                _wanted[i].File.Clear();
            }
        }
    }

    /// <summary>Reads on. True at the end, with <paramref name="fault"/> none if all is there.</summary>
    public bool Step(out TufFault fault)
    {
        for (int i = 0; i < TokensAStep; i++)
        {
            JsonToken token = _json.Next();
            if (token == JsonToken.Error)
            {
                fault = TufFault.Malformed;
                return true;
            }

            if (token == JsonToken.End)
            {
                if (!_inKeys && _keysLength > 0)
                {
                    // Keys come before the roles that name them, so they are read once more when it is known which of them matter.
                    _inKeys = true;
                    _json.Begin(_b, _keysStart, _keysStart + _keysLength);
                    break;
                }

                fault = IsWhole() ? TufFault.None : TufFault.Malformed;
                return true;
            }

            bool hashed = false;
            if (_inKeys)
            {
                _fault = _keys.Read(_json, token, _b, _kind == MetadataKind.Root ? _root.Roles : _delegatedKeys, out hashed);
            }
            else
            {
                Read(token);
            }

            if (_fault != TufFault.None)
            {
                fault = _fault;
                return true;
            }

            if (hashed)
            {
                break;
            }
        }

        fault = TufFault.None;
        return false;
    }

    /// <summary>_type, expires, spec_version, version: all of them, whatever else there is; and what the kind must have.</summary>
    private bool IsWhole()
    {
        if (_members != AllMembers || (_kind == MetadataKind.Root && !_root.IsWhole()))
        {
            return false;
        }

        return _kind != MetadataKind.Timestamp || (Snapshot.IsSet && Snapshot.Version >= 1);
    }

    private void Read(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 0)
        {
            Require(token == JsonToken.ObjectBegin || token == JsonToken.ObjectEnd);
            return;
        }

        if (j.Depth == 1)
        {
            ReadMember(token);
        }

        bool inDelegations = _kind == MetadataKind.Targets && j.NameIs(1, "delegations");
        int keysAt = _kind == MetadataKind.Root ? 1 : inDelegations ? 2 : 0;
        if (keysAt > 0 && j.Depth == keysAt && token == JsonToken.ObjectEnd && j.NameIs(keysAt, "keys"))
        {
            _keysStart = j.Start;
            _keysLength = j.Length;
        }
        else if (_kind == MetadataKind.Root)
        {
            Take(_root.Read(j, token, _b));
        }
        else if (_kind == MetadataKind.Timestamp)
        {
            if (j.Depth >= 3 && j.NameIs(1, "meta") && j.NameIs(2, "snapshot.json"))
            {
                Require(Snapshot.TryRead(j, token, _b, 3));
            }
        }
        else if (_kind == MetadataKind.Snapshot)
        {
            if (j.Depth >= 3 && j.NameIs(1, "meta"))
            {
                ReadSnapshot(token);
            }
        }
        else if (inDelegations)
        {
            Take(_delegations.Read(j, token, _b));
        }
        else if (j.Depth >= 3 && j.NameIs(1, "targets"))
        {
            ReadTarget(token);
        }
    }

    private void ReadMember(JsonToken token)
    {
        JsonReader j = _json;
        if (token == JsonToken.Text && j.NameIs(1, "_type"))
        {
            _members |= 1;
            if (!j.TextIs(Types[(int)_kind]))
            {
                _fault = TufFault.WrongType;
            }
        }
        else if (token == JsonToken.Text && j.NameIs(1, "expires"))
        {
            _members |= 2;
            ExpiresMs = UtcDate.Parse(_b, j.Start, j.Length);
            Require(ExpiresMs >= 0);
        }
        else if (token == JsonToken.Text && j.NameIs(1, "spec_version"))
        {
            _members |= 4;
            bool known = j.TextIs("1") || (j.Length > 2 && _b[j.Start] == (byte)'1' && _b[j.Start + 1] == (byte)'.');
            if (!known)
            {
                _fault = TufFault.UnsupportedSpecVersion;
            }
        }
        else if (token == JsonToken.Integer && j.NameIs(1, "version"))
        {
            _members |= 8;
            Version = j.Value;
            Require(Version >= 1);
        }
    }

    private void ReadSnapshot(JsonToken token)
    {
        if (NameIsFileOf(2, "targets"))
        {
            Require(Targets.TryRead(_json, token, _b, 3));
            return;
        }

        for (int i = 0; i < _delegated.Length; i++)
        {
            if (NameIsFileOf(2, _delegated[i].Name))
            {
                Require(_delegated[i].Metadata.TryRead(_json, token, _b, 3));
                return;
            }
        }
    }

    private bool NameIsFileOf(int depth, string role)
    {
        int start = _json.NameStart(depth);
        int length = _json.NameLength(depth);
        const string Extension = ".json";
        if (length != role.Length + Extension.Length)
        {
            return false;
        }

        for (int i = 0; i < length; i++)
        {
            if (_b[start + i] != (i < role.Length ? role[i] : Extension[i - role.Length]))
            {
                return false;
            }
        }

        return true;
    }

    private void ReadTarget(JsonToken token)
    {
        JsonReader j = _json;
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (j.NameIs(2, _wanted[i].Path))
            {
                // A path that the top-level targets list themselves never reaches its delegation; none of ours does.
                Require(_kind == MetadataKind.Delegated);
                Require(_wanted[i].File.TryRead(j, token, _b, 3));
                return;
            }
        }
    }

    private void Require(bool holds)
    {
        Take(holds ? TufFault.None : TufFault.Malformed);
    }

    private void Take(TufFault fault)
    {
        if (_fault == TufFault.None)
        {
            _fault = fault;
        }
    }
}
