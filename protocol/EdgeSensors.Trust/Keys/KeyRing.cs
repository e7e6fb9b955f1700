namespace EdgeSensors.Trust.Keys;

/// <summary>The signing keys that a process holds at the moment, by key id. Disposing forgets them.</summary>
public sealed class KeyRing : IDisposable
{
    private readonly Dictionary<string, IMetadataSigner> _keys = new(StringComparer.Ordinal);

    /// <summary>The ids of the keys.</summary>
    public IReadOnlyCollection<string> KeyIds => _keys.Keys;

    /// <summary>Adds a key, which then belongs to the ring.</summary>
    public void Add(IMetadataSigner key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _keys[key.PublicKey.Id] = key;
    }

    /// <summary>Adds the keys of another ring, which both then share: dispose only one of them.</summary>
    public void AddAll(KeyRing other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach (var (id, key) in other._keys)
        {
            _keys[id] = key;
        }
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }

        _keys.Clear();
    }

    internal IReadOnlyList<IMetadataSigner> Of(IEnumerable<string> keyIds) =>
        keyIds.Select(id => _keys.GetValueOrDefault(id)).OfType<IMetadataSigner>().ToList();
}
