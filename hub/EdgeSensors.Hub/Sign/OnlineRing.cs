using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Sign;

/// <summary>The hub's own keys in memory. They are read anew when the repository was changed from outside: a rotation brings others.</summary>
/// <param name="folder">Where they lie.</param>
/// <param name="repository">The repository that they sign.</param>
/// <param name="first">The keys that the hub started with, which belong to this from then on.</param>
internal sealed class OnlineRing(string folder, TufRepository repository, KeyRing first) : IDisposable
{
    private KeyRing _current = first;

    /// <summary>The keys.</summary>
    public KeyRing Current => Volatile.Read(ref _current);

    /// <summary>Reads the folder anew; why the keys stay as they were, or null. The hub takes no key of an offline role, however it came there.</summary>
    public string? Reload()
    {
        if (!OnlineKeys.TryLoad(folder, out var next, out var fault))
        {
            return fault.ToString();
        }

        // A folder that is not there, since its medium is not, reads as an empty one: nothing could be signed any more.
        if (next.KeyIds.Count == 0)
        {
            next.Dispose();
            return $"{folder} holds no keys";
        }

        if (!repository.FindOfflineKey(next).TryGet(out var role, out var error) || role.Length > 0)
        {
            next.Dispose();
            return error?.ToString() ?? $"{folder} holds a key of the offline role {role}; take it off this machine";
        }

        // Only the publisher signs, and it calls this between two signatures.
        Interlocked.Exchange(ref _current, next).Dispose();
        return null;
    }

    public void Dispose() => _current.Dispose();
}
