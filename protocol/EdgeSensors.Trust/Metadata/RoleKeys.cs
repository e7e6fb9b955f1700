using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>The keys that speak for a role, and how many of them must (specification §4.3, "ROLE").</summary>
internal sealed record RoleKeys(IReadOnlyList<string> KeyIds, int Threshold)
{
    private const int MaxKeys = 64;

    public bool HasSameKeys(RoleKeys other) => KeyIds.ToHashSet(StringComparer.Ordinal).SetEquals(other.KeyIds);

    public static RoleKeys Read(ObjectReader reader)
    {
        var keyIds = reader.List("keyids", 0, MaxKeys, (item, path) => ObjectReader.AsString(item, path, reader.Faults, 128));
        if (keyIds.Distinct(StringComparer.Ordinal).Count() != keyIds.Count)
        {
            reader.Faults.Add(reader.PathOf("keyids"), "hold one key id twice");
        }

        return new RoleKeys(keyIds, (int)reader.Integer("threshold", 1, MaxKeys));
    }
}
