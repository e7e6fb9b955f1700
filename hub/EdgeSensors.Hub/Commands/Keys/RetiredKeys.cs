using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>The keys that roles and the log's policy named before a change, so that what is named no more can be put out of the way after it.</summary>
/// <param name="folder">The hub.</param>
/// <param name="repository">Its repository.</param>
internal sealed class RetiredKeys(HubFolder folder, TufRepository repository)
{
    private readonly HashSet<string> _before = Named(repository);

    /// <summary>Removes the hub's own private keys that are named no more, and names the others. A key that waits for a request of its own stays.</summary>
    public void Remove()
    {
        _before.ExceptWith(Named(repository));
        foreach (var place in KeyPlace.In(folder.Online).Concat(KeyPlace.In(folder.LogKey)).Where(place => _before.Remove(place.KeyId)))
        {
            File.Delete(place.Path);
            Console.Out.WriteLine($"removed {place.Path}: its key counts no more");
        }

        foreach (var id in _before.Order(StringComparer.Ordinal))
        {
            Console.Out.WriteLine($"the key {id} counts no more: destroy what is left of it, and every copy");
        }
    }

    private static HashSet<string> Named(TufRepository repository) =>
        repository.ReadRoles().TryGet(out var roles, out var error) && repository.ReadWitnessPolicies().TryGet(out var policies, out error)
            ? [.. roles.SelectMany(role => role.Keys).Select(key => key.Id), .. policies[^1].Logs.Select(log => log.KeyId)]
            : throw new CommandException("repository", $"{error}.");
}
