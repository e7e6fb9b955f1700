using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Repository;

/// <summary>
/// A TUF repository on disk with consistent snapshots: <c>metadata/</c> and <c>targets/</c>, served as they are. It keeps no state
/// in memory, so several processes may publish in turn; a lock file keeps them apart. A kill at any moment leaves the old state
/// or the new one: every file is new and whole before the timestamp that names it takes its place.
/// </summary>
public sealed partial class TufRepository
{
    private readonly RepositoryOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Called before each change to the disk; a test throws here to leave the disk as a kill would.</summary>
    private Action<string> _beforeStep = static _ => { };

    private TufRepository(string directory, RepositoryOptions options, TimeProvider time)
    {
        Directory = directory;
        MetadataDirectory = Path.Combine(directory, "metadata");
        TargetsDirectory = Path.Combine(directory, "targets");
        _options = options;
        _time = time;
    }

    /// <summary>The repository's directory.</summary>
    public string Directory { get; }

    /// <summary>What to serve as metadata.</summary>
    public string MetadataDirectory { get; }

    /// <summary>What to serve as targets.</summary>
    public string TargetsDirectory { get; }

    /// <summary>Opens a repository that was founded before.</summary>
    public static RepositoryResult<TufRepository> Open(string directory, RepositoryOptions options, TimeProvider time)
    {
        var repository = new TufRepository(directory, options, time);
        return repository.Guard(() =>
        {
            RepositoryState.Load(repository.MetadataDirectory);
            return repository;
        });
    }

    /// <summary>The newest root file: what a sensor is enrolled with.</summary>
    public RepositoryResult<byte[]> ReadRoot() => Guard(() =>
        File.ReadAllBytes(RepositoryState.PathOf(MetadataDirectory, RepositoryState.Load(MetadataDirectory).Root.Version, TopLevelRole.Root)));

    /// <summary>The current timestamp file.</summary>
    public RepositoryResult<byte[]> ReadTimestamp() => Guard(() => File.ReadAllBytes(TimestampPath));

    /// <summary>The names of all targets, in order.</summary>
    public RepositoryResult<IReadOnlyList<string>> ListTargets() => Guard<IReadOnlyList<string>>(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        return state.Tree.All().Select(delegation => delegation.Role.Name).Prepend(TopLevelRole.Targets)
            .SelectMany(role => state.Find(role)?.Files.Keys ?? [])
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
    });

    /// <summary>A target's current bytes; an empty array stands for a target that is not there.</summary>
    public RepositoryResult<byte[]> ReadTarget(string name) => Guard(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        var file = state.Find(state.RoleOf(name))?.Files.GetValueOrDefault(name);
        return file is null ? [] : File.ReadAllBytes(TargetPath(name, file));
    });

    /// <summary>Every role with its version and expiry: what a hub watches, so that offline keys are fetched in time.</summary>
    public RepositoryResult<IReadOnlyList<RoleStatus>> ReadRoles() => Guard<IReadOnlyList<RoleStatus>>(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        var roles = new SignedPayload[] { state.Root, state.Timestamp, state.Snapshot, state.Targets }
            .Select(payload => RoleStatus.Of(payload.Type, payload, state.Root.Roles[payload.Type], state.Root.Keys)).ToList();
        foreach (var delegation in state.Tree.All())
        {
            roles.Add(RoleStatus.Of(delegation.Role.Name, state.Find(delegation.Role.Name), delegation.Role.Keys, delegation.Keys) with
            {
                Delegator = delegation.Delegator,
                Paths = delegation.Role.Paths ?? [],
                Terminating = delegation.Role.Terminating,
            });
        }

        return roles;
    });

    /// <summary>The published version of the root, and of each role of offline keys.</summary>
    public RepositoryResult<IReadOnlyList<RoleVersion>> ReadSigned() => Guard<IReadOnlyList<RoleVersion>>(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        var roles = from role in state.Tree.All().Select(delegation => delegation.Role.Name).Prepend(TopLevelRole.Targets)
                    where !RepositoryRoles.IsOnline(role) && state.FindSigned(role) is not null
                    select RoleVersion.Of(role, state.FindSigned(role)!);
        return [RoleVersion.Of(TopLevelRole.Root, RepositoryState.LoadRoot(MetadataDirectory, state.Root.Version)), .. roles];
    });

    /// <summary>
    /// The first role that is to be offline and whose key a ring holds; empty when there is none. A serving hub asks this of its
    /// online ring, beside <see cref="OfflineKeys.FindOpenable"/>.
    /// </summary>
    public RepositoryResult<string> FindOfflineKey(KeyRing online) => Guard(() =>
    {
        var state = RepositoryState.Load(MetadataDirectory);
        return new[] { TopLevelRole.Root, TopLevelRole.Targets }.Select(name => (Name: name, state.Root.Roles[name].KeyIds))
            .Concat(state.Tree.All().Where(child => !RepositoryRoles.IsOnline(child.Role.Name)).Select(child => (child.Role.Name, child.Role.Keys.KeyIds)))
            .FirstOrDefault(role => role.KeyIds.Any(online.KeyIds.Contains)).Name ?? "";
    });

    internal TufRepository Watched(Action<string> beforeStep) => new(Directory, _options, _time) { _beforeStep = beforeStep };

    private string TimestampPath => Path.Combine(MetadataDirectory, "timestamp.json");

    private string TargetPath(string name, FileHashes file)
    {
        var slash = name.LastIndexOf('/') + 1;
        return Path.Combine(TargetsDirectory, $"{name[..slash]}{file.Prefix}.{name[slash..]}");
    }

    // The edge: what the disk does becomes a value here.
    private RepositoryResult<T> Guard<T>(Func<T> read)
        where T : class
    {
        try
        {
            return new RepositoryResult<T>(read(), null);
        }
        catch (DamagedRepositoryException damaged)
        {
            return Failed<T>(RepositoryErrorKind.Damaged, damaged.FileName, $"{Directory} is damaged: {damaged.Message}; restore it from a copy");
        }
        catch (KeysMissingException missing)
        {
            return Failed<T>(RepositoryErrorKind.KeysMissing, missing.Role, missing.Message);
        }
        catch (RequestRefusedException refused)
        {
            return Failed<T>(refused.Kind, refused.Role, refused.Message);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException && !File.Exists(TimestampPath))
        {
            return Failed<T>(RepositoryErrorKind.NotARepository, "", $"{Directory} holds no repository; make one with init");
        }
        catch (FileNotFoundException exception)
        {
            return Failed<T>(RepositoryErrorKind.Damaged, Path.GetFileName(exception.FileName) ?? "", $"a file of {Directory} is missing; restore it from a copy");
        }
        catch (TimeoutException exception)
        {
            return Failed<T>(RepositoryErrorKind.Busy, "", exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failed<T>(RepositoryErrorKind.Disk, "", $"{Directory}: {exception.Message}");
        }
    }

    private static RepositoryResult<T> Failed<T>(RepositoryErrorKind kind, string role, string message)
        where T : class => new(null, new RepositoryError(kind, role, message));
}
