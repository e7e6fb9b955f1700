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

    /// <summary>Root's roles in <see cref="Roles"/>.</summary>
    public const int RootRole = 0, TimestampRole = 1, SnapshotRole = 2, TargetsRole = 3;

    private const int TopLevelRoles = 4;
    private const int MaxWanted = 4;

    private static readonly string[] Types = { "root", "timestamp", "snapshot", "targets", "targets" };
    private static readonly string[] RoleNames = { "root", "timestamp", "snapshot", "targets" };

    private readonly JsonReader _json = new JsonReader();
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];
    private readonly byte[] _id = new byte[Sha256.DigestSize];
    private readonly byte[] _key = new byte[Ed25519Verifier.PublicKeySize];
    private readonly RoleKeys _role = new RoleKeys();
    private readonly DelegatedRole[] _delegated;
    private readonly WantedTarget[] _wanted;
    private readonly bool[] _covers = new bool[MaxWanted];
    private byte[] _b = { };
    private MetadataKind _kind;
    private TufFault _fault;
    private int _members;
    private bool _inKeys;
    private int _keysStart, _keysLength;
    private int _nameStart, _nameLength;
    private bool _terminating;
    private int _keyMembers;
    private bool _hashed;

    /// <summary>The version.</summary>
    public long Version;

    /// <summary>Unix milliseconds from which it is expired.</summary>
    public long ExpiresMs;

    /// <summary>Of a root: its roles' keys.</summary>
    public readonly RoleKeys[] Roles = { new RoleKeys(), new RoleKeys(), new RoleKeys(), new RoleKeys() };

    /// <summary>Of a root: what proofs of the log must show; a quorum of 0 where it says nothing.</summary>
    public readonly WitnessPolicy Policy = new WitnessPolicy();

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
    }

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
            Policy.Clear();
            for (int i = 0; i < TopLevelRoles; i++)
            {
                Roles[i].Clear();
            }
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
            for (int i = 0; i < _delegated.Length; i++)
            {
                _delegated[i].Keys.Clear();
            }

            for (int i = 0; i < _wanted.Length; i++)
            {
                _wanted[i].Covered = false;
            }
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

                fault = Complete();
                return true;
            }

            if (_inKeys)
            {
                ReadKey(token);
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

            if (_hashed)
            {
                _hashed = false;
                break; // a key's id costs as much as many tokens
            }
        }

        fault = TufFault.None;
        return false;
    }

    private TufFault Complete()
    {
        // _type, expires, spec_version, version: all of them, whatever else there is.
        if (_members != 15)
        {
            return TufFault.Malformed;
        }

        if (_kind == MetadataKind.Root)
        {
            for (int i = 0; i < TopLevelRoles; i++)
            {
                if (Roles[i].Threshold < 1)
                {
                    return TufFault.Malformed;
                }
            }

            bool named = Policy.Quorum > 0 || Policy.Logs.Count > 0 || Policy.Witnesses.Count > 0;
            if (named && !Policy.IsSound)
            {
                return TufFault.Malformed;
            }
        }

        return _kind == MetadataKind.Timestamp && (!Snapshot.IsSet || Snapshot.Version < 1) ? TufFault.Malformed : TufFault.None;
    }

    private void Read(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 0)
        {
            if (token != JsonToken.ObjectBegin && token != JsonToken.ObjectEnd)
            {
                _fault = TufFault.Malformed;
            }

            return;
        }

        if (j.Depth == 1)
        {
            ReadMember(token);
        }

        if (_kind == MetadataKind.Root)
        {
            ReadRoot(token);
        }
        else if (_kind == MetadataKind.Timestamp)
        {
            if (j.Depth >= 3 && j.NameIs(1, "meta") && j.NameIs(2, "snapshot.json"))
            {
                ReadReference(token, Snapshot, 3);
            }
        }
        else if (_kind == MetadataKind.Snapshot)
        {
            if (j.Depth >= 3 && j.NameIs(1, "meta"))
            {
                ReadSnapshot(token);
            }
        }
        else if (_kind == MetadataKind.Targets && j.NameIs(1, "delegations"))
        {
            ReadDelegations(token);
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

    private void ReadRoot(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 1 && token == JsonToken.ObjectEnd && j.NameIs(1, "keys"))
        {
            _keysStart = j.Start;
            _keysLength = j.Length;
        }
        else if (j.Depth == 1 && token == JsonToken.False && j.NameIs(1, "consistent_snapshot"))
        {
            _fault = TufFault.Malformed; // a tap fetches by versioned names only
        }
        else if (j.Depth >= 2 && j.NameIs(1, "x-edgesensors-witness-policy"))
        {
            ReadPolicy(token);
        }
        else if (j.Depth >= 3 && j.NameIs(1, "roles"))
        {
            for (int i = 0; i < TopLevelRoles; i++)
            {
                if (j.NameIs(2, RoleNames[i]))
                {
                    ReadRole(token, Roles[i], 3);
                    return;
                }
            }
        }
    }

    private void ReadPolicy(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 2 && j.NameIs(2, "quorum"))
        {
            Require(token == JsonToken.Integer && j.Value >= 1 && j.Value <= NoteKeys.MaxKeys);
            Policy.Quorum = (int)j.Value;
        }
        else if (j.Depth == 3 && j.NameIs(2, "logs"))
        {
            Require(token == JsonToken.Text && Policy.Logs.TryAdd(_b, j.Start, j.Length));
        }
        else if (j.Depth == 3 && j.NameIs(2, "witnesses"))
        {
            Require(token == JsonToken.Text && Policy.Witnesses.TryAdd(_b, j.Start, j.Length));
        }
    }

    /// <summary>A member of a role, whose object's members are at a depth.</summary>
    private void ReadRole(JsonToken token, RoleKeys role, int depth)
    {
        JsonReader j = _json;
        if (j.Depth == depth + 1 && j.NameIs(depth, "keyids"))
        {
            Require(token == JsonToken.Text && role.TryAdd(_b, j.Start, j.Length));
        }
        else if (j.Depth == depth && j.NameIs(depth, "threshold"))
        {
            Require(token == JsonToken.Integer && j.Value >= 1 && j.Value <= RoleKeys.MaxKeys);
            role.Threshold = (int)j.Value;
        }
    }

    private void ReadSnapshot(JsonToken token)
    {
        if (NameIsFileOf(2, "targets"))
        {
            ReadReference(token, Targets, 3);
            return;
        }

        for (int i = 0; i < _delegated.Length; i++)
        {
            if (NameIsFileOf(2, _delegated[i].Name))
            {
                ReadReference(token, _delegated[i].Metadata, 3);
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

    /// <summary>A member of what is said of a file, at a depth.</summary>
    private void ReadReference(JsonToken token, FileReference file, int depth)
    {
        JsonReader j = _json;
        if (j.Depth == depth + 1 && j.NameIs(depth, "hashes") && j.NameIs(depth + 1, "sha256"))
        {
            Require(token == JsonToken.Text && file.TrySetHash(_b, j.Start, j.Length));
        }
        else if (j.Depth == depth && j.NameIs(depth, "length"))
        {
            Require(token == JsonToken.Integer && file.TrySetLength(j.Value));
        }
        else if (j.Depth == depth && j.NameIs(depth, "version"))
        {
            Require(token == JsonToken.Integer && j.Value >= 1);
            file.Version = j.Value;
        }
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
                ReadReference(token, _wanted[i].File, 3);
                return;
            }
        }
    }

    private void ReadDelegations(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 2 && token == JsonToken.ObjectEnd && j.NameIs(2, "keys"))
        {
            _keysStart = j.Start;
            _keysLength = j.Length;
            return;
        }

        if (j.Depth < 3 || !j.NameIs(2, "roles"))
        {
            return;
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
                Require(token == JsonToken.ObjectEnd);
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
                _covers[i] = _covers[i] || PathPattern.Matches(_b, j.Start, j.Length, _wanted[i].Path);
            }
        }
        else if (j.NameIs(4, "keyids") || j.NameIs(4, "threshold"))
        {
            ReadDelegatedKeys(token);
        }
    }

    /// <summary>The keys of a role that may not be ours: then neither its many keys nor its threshold matter.</summary>
    private void ReadDelegatedKeys(JsonToken token)
    {
        TufFault before = _fault;
        ReadRole(token, _role, 4);
        if (_fault != before)
        {
            _fault = before;
            _role.Threshold = -1;
        }
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

    /// <summary>The table of keys: <c>{id:{"keytype":…,"keyval":{"public":…},"scheme":…},…}</c>.</summary>
    private void ReadKey(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 1 && token == JsonToken.ObjectBegin)
        {
            _keyMembers = 0;
        }
        else if (j.Depth == 2 && token == JsonToken.Text && j.NameIs(2, "keytype"))
        {
            _keyMembers |= j.TextIs("ed25519") ? 1 : 0;
        }
        else if (j.Depth == 2 && token == JsonToken.Text && j.NameIs(2, "scheme"))
        {
            _keyMembers |= j.TextIs("ed25519") ? 2 : 0;
        }
        else if (j.Depth == 3 && token == JsonToken.Text && j.NameIs(2, "keyval") && j.NameIs(3, "public"))
        {
            bool octets = j.Length == 2 * _key.Length && Hex.TryRead(_b, j.Start, _key.Length, _key, 0);
            _keyMembers |= octets ? 4 : 0;
        }
        else if (j.Depth == 1)
        {
            Require(token == JsonToken.ObjectEnd);
            TakeKey();
        }
    }

    private void TakeKey()
    {
        JsonReader j = _json;
        if (j.NameLength(1) != 2 * _id.Length || !Hex.TryRead(_b, j.NameStart(1), _id.Length, _id, 0))
        {
            return; // not an id: no role can name it
        }

        bool hashed = false;
        RoleKeys[] roles = Roles;
        int count = _kind == MetadataKind.Root ? TopLevelRoles : _delegated.Length;
        for (int r = 0; r < count; r++)
        {
            RoleKeys role = _kind == MetadataKind.Root ? roles[r] : _delegated[r].Keys;
            int i = role.Find(_id, 0);
            if (i < 0)
            {
                continue;
            }

            if (!hashed)
            {
                hashed = true;
                _hashed = true;
                _hash.Reset();
                _hash.Update(_b, j.Start, j.Length);
                _hash.Finish(_digest, 0);
                if (!Hex.Same(_digest, 0, _id, 0, _id.Length))
                {
                    _fault = TufFault.KeyIdMismatch;
                    return;
                }
            }

            role.Known[i] = _keyMembers == 7;
            System.Array.Copy(_key, 0, role.Keys, i * _key.Length, _key.Length);
        }
    }

    private void Require(bool holds)
    {
        if (!holds && _fault == TufFault.None)
        {
            _fault = TufFault.Malformed;
        }
    }
}
