namespace EdgeSensors.Firmware.Trust;

/// <summary>What of a repository was verified: its files, what they name, and the keys to verify the next ones by. It takes no version back (TUF 1.0.34, section 5).</summary>
internal sealed class TrustedMetadata
{
    private readonly RoleKeys[] _roles = { new RoleKeys(), new RoleKeys(), new RoleKeys(), new RoleKeys() };
    private readonly DelegatedRole[] _delegated;
    private readonly RoleKeys[] _verifiedUnder;
    private readonly FileReference[] _files;
    private readonly long[] _expires;
    private long _snapshotVersion;

    /// <summary>Nothing yet, of a repository with certain roles.</summary>
    public TrustedMetadata(DelegatedRole[] delegated)
    {
        _delegated = delegated;
        int items = TufClient.FirstDelegated + delegated.Length;
        _files = new FileReference[items];
        _expires = new long[items];
        _verifiedUnder = new RoleKeys[delegated.Length];
        for (int i = 0; i < items; i++)
        {
            _files[i] = new FileReference();
        }

        for (int i = 0; i < delegated.Length; i++)
        {
            _verifiedUnder[i] = new RoleKeys();
        }
    }

    /// <summary>Whether there is a root.</summary>
    public bool IsAnchored { get; private set; }

    /// <summary>The root's version; 0 for none.</summary>
    public long RootVersion { get; private set; }

    /// <summary>The timestamp's version; 0 for none.</summary>
    public long TimestampVersion { get; private set; }

    /// <summary>What proofs of the log must show.</summary>
    public WitnessPolicy Policy { get; } = new WitnessPolicy();

    /// <summary>The snapshot as the timestamp names it.</summary>
    public FileReference NamedSnapshot { get; } = new FileReference();

    /// <summary>The top-level targets as the snapshot names them.</summary>
    public FileReference NamedTargets { get; } = new FileReference();

    /// <summary>The first moment at which one of the files has expired.</summary>
    public long FirstExpiryMs
    {
        get
        {
            long first = long.MaxValue;
            for (int i = 0; i < _expires.Length; i++)
            {
                if (_files[i].IsSet && _expires[i] < first)
                {
                    first = _expires[i];
                }
            }

            return first;
        }
    }

    /// <summary>Whether the snapshot is the one that the timestamp names.</summary>
    public bool IsSnapshotCurrent => _snapshotVersion != 0 && _files[TufClient.Snapshot].SameFile(NamedSnapshot);

    /// <summary>Whether the top-level targets are those that the snapshot names.</summary>
    public bool AreTargetsCurrent => IsCurrent(TufClient.Targets, NamedTargets);

    /// <summary>The file that was verified of an item.</summary>
    public FileReference FileOf(int item)
    {
        return _files[item];
    }

    /// <summary>From when it is expired, Unix milliseconds.</summary>
    public long ExpiresMs(int item)
    {
        return _expires[item];
    }

    /// <summary>The keys that must sign the next file of an item.</summary>
    public RoleKeys KeysOf(int item)
    {
        return item < TufClient.FirstDelegated ? _roles[item] : _delegated[item - TufClient.FirstDelegated].Keys;
    }

    /// <summary>Whether a delegated role's file is the one that the snapshot names, and was verified under the keys that the targets name.</summary>
    public bool IsDelegatedCurrent(int role)
    {
        return IsCurrent(TufClient.FirstDelegated + role, _delegated[role].Metadata) && _verifiedUnder[role].SameAs(_delegated[role].Keys);
    }

    /// <summary>Forgets that there is a root: the next one stands for itself.</summary>
    public void LoseAnchor()
    {
        IsAnchored = false;
    }

    /// <summary>What can be refused of a file without a signature's cost; none of it is accepted by it.</summary>
    public TufFault Check(int item, MetadataReader read, long nowMs)
    {
        switch (item)
        {
            case TufClient.Root:
                if (!IsAnchored)
                {
                    return TufFault.None;
                }

                return read.Version == RootVersion + 1 ? TufFault.None : read.Version <= RootVersion ? TufFault.Rollback : TufFault.WrongVersion;
            case TufClient.Timestamp:
                // The same version in the same octets is no news and does not come here; in others it is a forgery.
                if (read.Version <= TimestampVersion || read.Snapshot.Version < NamedSnapshot.Version)
                {
                    return TufFault.Rollback;
                }

                return read.ExpiresMs > nowMs ? TufFault.None : TufFault.Expired;
            case TufClient.Snapshot:
                return read.Version != NamedSnapshot.Version ? TufFault.WrongVersion : CheckSnapshot(read, nowMs);
            default:
                FileReference named = item == TufClient.Targets ? NamedTargets : _delegated[item - TufClient.FirstDelegated].Metadata;
                if (read.Version != named.Version)
                {
                    return TufFault.WrongVersion;
                }

                return read.ExpiresMs > nowMs ? TufFault.None : TufFault.Expired;
        }
    }

    /// <summary>Takes a file that was verified.</summary>
    public void Adopt(int item, MetadataReader read, byte[] digest, int length)
    {
        _files[item].Set(digest, length, read.Version);
        _expires[item] = read.ExpiresMs;
        switch (item)
        {
            case TufClient.Root:
                AdoptRoot(read);
                break;
            case TufClient.Timestamp:
                TimestampVersion = read.Version;
                NamedSnapshot.CopyFrom(read.Snapshot);
                break;
            case TufClient.Snapshot:
                _snapshotVersion = read.Version;
                NamedTargets.CopyFrom(read.Targets);
                break;
            case TufClient.Targets:
                break;
            default:
                _verifiedUnder[item - TufClient.FirstDelegated].CopyFrom(KeysOf(item));
                break;
        }
    }

    /// <summary>
    /// What the reader is about to overwrite counts as verified no more, so that a refusal in the middle costs the fetch of it and nothing else.
    /// Versions stay: they guard against rollback.
    /// </summary>
    public void Forget(int item)
    {
        if (item > TufClient.Timestamp)
        {
            Unverify(item);
            if (item == TufClient.Snapshot)
            {
                _snapshotVersion = 0;
            }
        }
    }

    /// <summary>Sections 5.5.5 and 5.5.6: a role that was there may not leave or go back.</summary>
    private TufFault CheckSnapshot(MetadataReader read, long nowMs)
    {
        if (read.ExpiresMs <= nowMs)
        {
            return TufFault.Expired;
        }

        if (!read.Targets.IsSet)
        {
            return TufFault.NotInSnapshot;
        }

        if (read.Targets.Version < _files[TufClient.Targets].Version)
        {
            return TufFault.Rollback;
        }

        for (int i = 0; i < _delegated.Length; i++)
        {
            FileReference now = _delegated[i].Metadata;
            if ((now.IsNamed && !now.IsSet) || now.Version < _files[TufClient.FirstDelegated + i].Version)
            {
                return TufFault.Rollback;
            }
        }

        return TufFault.None;
    }

    private void AdoptRoot(MetadataReader read)
    {
        bool sameKeys = _roles[TufClient.Timestamp].SameAs(read.Roles[TufClient.Timestamp]) && _roles[TufClient.Snapshot].SameAs(read.Roles[TufClient.Snapshot]);
        if (IsAnchored && !sameKeys)
        {
            // Section 5.3.11: new keys are how a repository recovers from a fast-forward attack.
            TimestampVersion = 0;
            NamedSnapshot.Clear();
            _snapshotVersion = 0;
            for (int i = TufClient.Timestamp; i < _files.Length; i++)
            {
                _files[i].Clear();
            }
        }

        for (int i = 0; i < _roles.Length; i++)
        {
            if (i != TufClient.Root && !_roles[i].SameAs(read.Roles[i]) && _files[i].IsSet)
            {
                Unverify(i);
            }

            _roles[i].CopyFrom(read.Roles[i]);
        }

        Policy.CopyFrom(read.Policy);
        RootVersion = read.Version;
        IsAnchored = true;
    }

    private bool IsCurrent(int item, FileReference named)
    {
        return _files[item].SameFile(named) && _files[item].Version == named.Version;
    }

    private void Unverify(int item)
    {
        long version = _files[item].Version;
        _files[item].Clear();
        _files[item].Version = version;
    }
}
