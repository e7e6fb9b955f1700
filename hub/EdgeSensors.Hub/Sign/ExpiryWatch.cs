using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Sign;

/// <summary>What runs out and people must see to: roles that the hub cannot sign anew by itself, and its own certificate. Times are those of the hub's clock.</summary>
/// <param name="own">When what is not in the repository ends, by name.</param>
internal sealed class ExpiryWatch(IReadOnlyDictionary<string, DateTimeOffset> own)
{
    /// <summary>How long before its end something offline is spoken of: signatures that travel take their time.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    private static readonly TimeSpan SayAgain = TimeSpan.FromDays(1);

    private readonly Dictionary<string, DateTimeOffset> _said = new(StringComparer.Ordinal);
    private IReadOnlyList<Expiring> _near = [];

    /// <summary>What ends within <see cref="WarnBefore"/>, or has ended, the first to end first.</summary>
    public IReadOnlyList<Expiring> Near => Volatile.Read(ref _near);

    /// <summary>Everything that is watched, with its end.</summary>
    public IReadOnlyList<Expiring> All { get; private set; } = [];

    /// <summary>Whether people must see to a role now. The hub renews its own roles at half of their life; one that is near its end all the same could not be renewed.</summary>
    public static bool IsNear(string role, DateTimeOffset expires, DateTimeOffset now) => RepositoryRoles.IsOnline(role)
        ? expires - now < RepositoryOptions.Default.LifetimeOf(role) / 4
        : expires - now < WarnBefore;

    /// <summary>Looks at the roles, and gives what is to be said now: each once a day while it is near.</summary>
    public IReadOnlyList<Expiring> Look(IReadOnlyList<RoleStatus> roles, DateTimeOffset now)
    {
        All = [.. roles.Where(role => role.Version > 0).Select(role => new Expiring(role.Role, role.Expires)).Concat(own.Select(pair => new Expiring(pair.Key, pair.Value)))];
        var near = All.Where(item => IsNear(item.What, item.Expires, now)).OrderBy(item => item.Expires).ToList();
        Volatile.Write(ref _near, near);
        var due = near.Where(item => !_said.TryGetValue(item.What, out var last) || now - last >= SayAgain).ToList();
        due.ForEach(item => _said[item.What] = now);
        return due;
    }
}

/// <summary>Something that ends.</summary>
/// <param name="What">A role's name, or one of the names below.</param>
/// <param name="Expires">The first moment when it does not hold.</param>
internal sealed record Expiring(string What, DateTimeOffset Expires)
{
    /// <summary>The hub's certificate.</summary>
    public const string Certificate = "tls certificate";

    /// <summary>The authority that issued it.</summary>
    public const string Authority = "tls authority";

    /// <summary>What people do about it.</summary>
    public string How => What switch
    {
        Certificate => "edgesensors-hub keys rotate tls",
        Authority => "found a new authority and enrol every sensor anew",
        _ when RepositoryRoles.IsOnline(What) => "see why it cannot be signed (edgesensors-hub keys list)",
        _ => $"edgesensors-hub keys request renew {What}",
    };
}
