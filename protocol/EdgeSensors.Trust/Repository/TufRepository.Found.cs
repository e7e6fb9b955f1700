using EdgeSensors.Trust.Disk;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Repository;

public sealed partial class TufRepository
{
    private const string Unfinished = ".new";

    /// <summary>
    /// Makes all keys and a repository with the first version of every role and an empty rule set, ready to serve. Everything is made
    /// beside its place and moved there when all of it is whole: after a kill, the same call takes up where it was.
    /// </summary>
    /// <param name="folders">Where; none of them may exist yet.</param>
    /// <param name="plan">The roles.</param>
    /// <param name="passphrase">Encrypts the offline keys.</param>
    /// <param name="protection">What trying a passphrase is to cost.</param>
    /// <param name="options">How long signatures last.</param>
    /// <param name="time">The clock.</param>
    public static RepositoryResult<TufRepository> Found(
        RepositoryFolders folders, RepositoryPlan plan, Passphrase passphrase, KeyProtection protection, RepositoryOptions options, TimeProvider time) =>
        Found(folders, plan, passphrase, protection, options, time, static _ => { });

    internal static RepositoryResult<TufRepository> Found(
        RepositoryFolders folders,
        RepositoryPlan plan,
        Passphrase passphrase,
        KeyProtection protection,
        RepositoryOptions options,
        TimeProvider time,
        Action<string> beforeStep)
    {
        ArgumentNullException.ThrowIfNull(folders);
        ArgumentNullException.ThrowIfNull(plan);
        var draft = new TufRepository(folders.Repository + Unfinished, options, time) { _beforeStep = beforeStep };
        var isWhole = File.Exists(draft.TimestampPath); // a call before this one got so far; its keys may be in their places already
        string[] taken = isWhole ? [folders.Repository] : [folders.Repository, folders.OnlineKeys, folders.OfflineKeys];
        if (Array.Find(taken, System.IO.Directory.Exists) is { } occupied)
        {
            return Failed<TufRepository>(
                RepositoryErrorKind.AlreadyExists, "", $"{occupied} is there already; choose another directory, or remove it first");
        }

        var made = draft.Guard(() =>
        {
            if (!isWhole)
            {
                foreach (var folder in new[] { folders.Repository, folders.OnlineKeys, folders.OfflineKeys })
                {
                    DeleteFolder(folder + Unfinished);
                }

                draft.Establish(folders, plan, passphrase, protection);
            }

            // The repository moves last: while it is not in its place, this call can be repeated.
            foreach (var folder in new[] { folders.OfflineKeys, folders.OnlineKeys, folders.Repository })
            {
                if (System.IO.Directory.Exists(folder + Unfinished))
                {
                    beforeStep(folder);
                    System.IO.Directory.Move(folder + Unfinished, folder);
                    AtomicFile.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(folder))!);
                }
            }

            return draft;
        });
        return made.IsSuccess ? Open(folders.Repository, options, time) : made;
    }

    private void Establish(RepositoryFolders folders, RepositoryPlan plan, Passphrase passphrase, KeyProtection protection)
    {
        using var ring = new KeyRing();
        List<SigningKey> Make(string role, int count)
        {
            var keys = new List<SigningKey>();
            for (var i = 0; i < count; i++)
            {
                var key = plan.NewKey();
                ring.Add(key);
                keys.Add(key);
                _beforeStep(role);
                if (RepositoryRoles.IsOnline(role))
                {
                    OnlineKeys.Save(folders.OnlineKeys + Unfinished, role, key);
                }
                else
                {
                    OfflineKeys.Save(folders.OfflineKeys + Unfinished, role, key, passphrase, protection);
                }
            }

            return keys;
        }

        var roles = new Dictionary<string, (List<SigningKey> Keys, int Threshold)>(StringComparer.Ordinal)
        {
            [TopLevelRole.Root] = (Make(TopLevelRole.Root, plan.RootKeys), plan.RootThreshold),
            [TopLevelRole.Targets] = (Make(TopLevelRole.Targets, plan.TargetsKeys), plan.TargetsThreshold),
            [TopLevelRole.Snapshot] = (Make(TopLevelRole.Snapshot, 1), 1),
            [TopLevelRole.Timestamp] = (Make(TopLevelRole.Timestamp, 1), 1),
        };
        var change = new RepositoryChange()
            .Delegate(RoleDelegation.Control(Make(RepositoryRoles.Control, 1)[0].PublicKey))
            .Delegate(RoleDelegation.Blocklists(Make(RepositoryRoles.Blocklists, 1)[0].PublicKey))
            .Set(new Documents.RuleSet { Revision = 0, Rules = [] });
        foreach (var issuer in plan.Issuers)
        {
            change.Delegate(RoleDelegation.Mitigations(issuer, Make(RepositoryRoles.Mitigations(issuer), 1)[0].PublicKey));
        }

        foreach (var op in plan.Operators)
        {
            change.Delegate(RoleDelegation.Authorizations(op, Make(RepositoryRoles.Authorizations(op), 1)[0].PublicKey));
        }

        System.IO.Directory.CreateDirectory(MetadataDirectory);
        System.IO.Directory.CreateDirectory(TargetsDirectory);
        var root = new Root
        {
            Version = 1,
            Expires = ExpiryOf(TopLevelRole.Root),
            ConsistentSnapshot = true,
            Keys = roles.Values.SelectMany(role => role.Keys).ToDictionary(key => key.Id, key => key.PublicKey, StringComparer.Ordinal),
            WitnessPolicy = plan.WitnessPolicy,
            Roles = roles.ToDictionary(
                role => role.Key, role => new RoleKeys(role.Value.Keys.Select(key => key.Id).ToList(), role.Value.Threshold), StringComparer.Ordinal),
        };
        Put(RepositoryState.PathOf(MetadataDirectory, 1, TopLevelRole.Root), SignedMetadata<Root>.Sign(root, roles[TopLevelRole.Root].Keys).File);

        // From nothing to version 1 of everything is a publication like any other.
        var nothing = new RepositoryState(
            MetadataDirectory,
            root,
            new Timestamp { Version = 0, Expires = default, Snapshot = new MetaFile(0, FileHashes.Unknown) },
            new Snapshot { Version = 0, Expires = default, Meta = new Dictionary<string, MetaFile>() },
            new Targets { Version = 0, Expires = default, Files = new Dictionary<string, FileHashes>() });
        Bring(new PublicationPlan(this, nothing, change), ring);
    }

    private static void DeleteFolder(string folder)
    {
        if (System.IO.Directory.Exists(folder))
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }
}
